"""GPUs by a made-up `nvidia-smi`: which are free, one held for a run, how busy it is."""

import importlib.util
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from fake_experiment import EXPERIMENT_WARNINGS, FAKE, run

from text_recognizer.errors import OptionError
from text_recognizer.training import gpus
from text_recognizer.training.experiments.command import main, on_held_gpu
from text_recognizer.training.experiments.flags import parse_flags
from text_recognizer.training.experiments.gpu_use import GPUUtilizationSampler
from text_recognizer.training.gpus import ANY, find_gpus, held_gpu, render_gpus, render_use

pytestmark = [pytest.mark.train, *EXPERIMENT_WARNINGS]

ROOT = Path(__file__).parents[2]
BUSY, FREE = "9000, 10000, 95", "100, 10000, 3"


class Machine:
    """GPUs that `nvidia-smi` on the PATH tells of."""

    def __init__(self, folder: Path) -> None:
        self._answer = folder / "answer"
        program = folder / "nvidia-smi"
        program.write_text(f"#!/bin/sh\ncat {self._answer}\n", encoding="utf-8")
        program.chmod(0o755)

    def has(self, *states: str) -> None:
        rows = [f"{number}, GPU-{number}{number}, {state}" for number, state in enumerate(states)]
        aside = self._answer.with_suffix(".new")
        aside.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
        aside.replace(self._answer)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(gpus, "_WAIT_S", 0.01)
    return Machine(tmp_path)


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


def test_what_nvidia_smi_says(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.has(BUSY, FREE, "[N/A], [N/A], [N/A]")
    found = find_gpus()
    assert [gpu.has_room for gpu in found] == [False, True, True]
    assert [gpu.busy for gpu in found] == [0.95, 0.03, None]
    for allowed, numbers in (("1,2", [1, 2]), ("GPU-00", [0]), ("", []), ("7", [])):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", allowed)
        assert [gpu.number for gpu in find_gpus()] == numbers


def test_parts_of_a_gpu_that_a_scheduler_names(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.has(BUSY)
    parts = ("MIG-7f3a", "MIG-GPU-00/1/0")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", ",".join(parts))
    assert [gpu.identity for gpu in find_gpus()] == list(parts)
    with held_gpu(ANY) as first:
        assert first in (0, 1)
        assert os.environ["CUDA_VISIBLE_DEVICES"] == parts[first]
    with held_gpu(1):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", ",".join(parts))
        with held_gpu(ANY) as other:
            assert other == 0


def test_a_gpu_is_held_while_a_run_lasts(machine: Machine) -> None:
    machine.has(BUSY, FREE, FREE)
    with held_gpu(1), held_gpu_elsewhere(machine) as other:
        assert other == 2
    with held_gpu(2), held_gpu_elsewhere(machine) as other:
        assert other == 1
    with held_gpu(ANY) as number:
        assert number in (1, 2)
        assert os.environ["CUDA_VISIBLE_DEVICES"] == str(number)
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


class held_gpu_elsewhere:
    """Any free GPU, as another program would get it, which sees all of them."""

    def __init__(self, machine: Machine) -> None:
        self._visible = os.environ.pop("CUDA_VISIBLE_DEVICES")
        self._held = held_gpu(ANY)

    def __enter__(self) -> int | None:
        return self._held.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._held.__exit__(None, None, None)
        os.environ["CUDA_VISIBLE_DEVICES"] = self._visible


def test_a_gpu_that_is_named_is_taken_though_it_is_in_use(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    machine.has(BUSY)
    with held_gpu(0) as first:
        assert (first, caplog.messages) == (0, [])
    machine.has(FREE, FREE)
    with held_gpu(0), held_gpu(0) as again:
        assert again == 0
    assert caplog.messages == ["GPU 0 is used by another run, too."]
    sentence = "--gpu=3: there are the GPUs 0, 1."
    with pytest.raises(OptionError, match=sentence), held_gpu(3):
        pass


def test_a_user_without_a_name_holds_a_gpu(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in containers that are started with a number for the user."""

    def no_name() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr("getpass.getuser", no_name)
    machine.has(FREE)
    with held_gpu(ANY) as number:
        assert number == 0


def test_a_run_waits_for_a_gpu(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    machine.has(BUSY, BUSY)
    taken: list[int | None] = []

    def wait() -> None:
        with held_gpu(ANY) as number:
            taken.append(number)

    waiting = threading.Thread(target=wait)
    waiting.start()
    while "All GPUs are in use: waiting for one." not in caplog.messages:
        assert waiting.is_alive()
        time.sleep(0.01)
    assert taken == []
    machine.has(FREE, BUSY)
    waiting.join(timeout=60)
    assert taken == [0]


@pytest.mark.usefixtures("bare_machine")
def test_the_cpu_is_used_where_there_is_no_gpu(caplog: pytest.LogCaptureFixture) -> None:
    for number in (0, -1):
        with on_held_gpu(parse_flags([f"--gpu={number}"])) as experiment:
            assert experiment.trainer == {"gpus": "0"}
        assert caplog.messages[-1] == f"--gpu={number}: nvidia-smi finds no GPU: the CPU is used."


def test_an_experiment_on_its_gpu(machine: Machine) -> None:
    machine.has(BUSY, FREE)
    with on_held_gpu(parse_flags(["--gpu=-1"])) as experiment:
        assert experiment.trainer == {"gpus": "1"}
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "1"
    with on_held_gpu(parse_flags(["--gpu=-1", "--gpus=0"])) as experiment:
        assert experiment.trainer == {"gpus": "0"}
    with on_held_gpu(parse_flags(["--max_epochs=1"])) as experiment:
        assert experiment.trainer == {"max_epochs": "1"}


def test_a_gpu_that_is_not_there(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.has(FREE)
    assert main(["--gpu=4"]) == 2
    assert capsys.readouterr().err == "--gpu=4: there are the GPUs 0.\n"


def test_what_the_doors_say(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.has(BUSY, FREE, FREE)
    with held_gpu(2):
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
        assert render_gpus().splitlines() == [
            "GPU 0: in use, 9000 of 10000 MiB used",
            "GPU 1: free, 100 of 10000 MiB used",
            "GPU 2: held by a run, 100 of 10000 MiB used",
        ]
    assert render_use().splitlines()[0] == "GPU 0: 95% busy"
    machine.has()
    assert render_gpus() == "There is no GPU here: nvidia-smi finds none."
    assert render_use() == "There is no GPU here: nvidia-smi finds none that tells its use."


@pytest.mark.parametrize("name", ["gpu_manager", "gpu_util_sampler"])
def test_doors_are_programs(name: str, machine: Machine) -> None:
    machine.has(FREE)
    door = [sys.executable, ROOT / "training" / f"{name}.py"]
    done = subprocess.run(door, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("GPU 0: ")


def test_the_callback_has_the_name_of_2019() -> None:
    path = ROOT / "training" / "gpu_util_sampler.py"
    spec = importlib.util.spec_from_file_location("gpu_util_sampler", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.GPUUtilizationSampler is GPUUtilizationSampler


def test_use_is_sampled_now_and_then(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The second GPU's, by what it is called and not by its number."""
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda device: SimpleNamespace(uuid="11")
    )
    on_gpu = SimpleNamespace(root_device=torch.device("cuda", 0))
    trainer: Any = SimpleNamespace(strategy=on_gpu, is_global_zero=True)
    module: Any = None
    sampler = GPUUtilizationSampler(share=0.05)
    sampler.on_train_start(trainer, module)
    for use in (90, 70):
        machine.has("1, 2, 40", f"1, 2, {use}")
        for _ in range(100):
            sampler.on_train_batch_end(trainer)
    sampler.on_train_end(trainer, module)
    (told,) = caplog.messages
    words = told.split()
    assert words[:2] == ["GPU", "utilisation:"] and words[-1] == "samples"
    mean, deviation, n_samples = int(words[2]), int(words[5]), int(words[8])
    assert 70 < mean < 90 and 0 < deviation <= 10
    assert 2 <= n_samples <= 25
    GPUUtilizationSampler(share=0.0).on_train_end(trainer, module)
    assert caplog.messages[-1] == "GPU utilisation: no batch was sampled."


@pytest.mark.usefixtures("bare_machine")
def test_on_the_cpu_only_who_asks_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sentence = "GPU utilisation: there is no GPU in use."
    run([*FAKE, "--max_steps=1"], tmp_path)
    run([*FAKE, "--max_steps=1", "--gpu_util_sampler=false"], tmp_path)
    assert sentence not in caplog.messages
    run([*FAKE, "--max_steps=1", "--gpu_util_sampler"], tmp_path)
    assert caplog.messages.count(sentence) == 1
