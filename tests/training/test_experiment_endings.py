"""How experiments end before their time, and how they go on: sentences, and nothing lost."""

import errno
import os
import resource
import signal
import sqlite3
from pathlib import Path

import pytest
import torch
from fake_experiment import EXPERIMENT_WARNINGS, FAKE, Child, run

from text_recognizer.errors import InputError, StoppedError
from text_recognizer.training.checkpoint_files import WholeCheckpoints
from text_recognizer.training.experiments import run as experiment_run
from text_recognizer.training.experiments.command import main
from text_recognizer.training.experiments.failures import disk_failure

pytestmark = [pytest.mark.train, *EXPERIMENT_WARNINGS]

LONG = [*FAKE, "--max_epochs=1000", "--lr=0.0001"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code", "sentence"),
    [(signal.SIGINT, 130, "Stopped by Ctrl-C."), (signal.SIGTERM, 143, "Asked to end.")],
)
def test_a_run_that_is_stopped_says_how_to_go_on(
    number: signal.Signals, code: int, sentence: str, tmp_path: Path
) -> None:
    child = Child(LONG, tmp_path)
    child.wait_for_validations(2)
    child.process.send_signal(number)
    exit_code, out, err = child.end()
    assert (exit_code, out) == (code, "")
    last = err.strip().splitlines()[-1]
    assert last.startswith(f"{sentence} Go on with: python ")
    assert last.endswith(f" --resume_from_checkpoint={child.last_checkpoint}")
    assert "Traceback" not in err
    assert torch.load(child.last_checkpoint, weights_only=True)["epoch"] >= 0


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    words = [*FAKE, "--max_epochs=6"]
    killed = Child(words, tmp_path / "killed")
    killed.wait_for_validations(2)
    killed.process.kill()
    killed.end()
    epoch = torch.load(killed.last_checkpoint, weights_only=True)["epoch"]
    resumed = [*words, f"--resume_from_checkpoint={killed.last_checkpoint}"]
    rows = tmp_path / "rows.jsonl"
    outcome = run([*resumed, f"--metrics_file={rows}"], tmp_path / "killed")
    assert f'{{"epoch": {epoch + 1}, ' in rows.read_text(encoding="utf-8").splitlines()[0]
    whole = run(words, tmp_path / "whole")
    assert outcome.figures == pytest.approx(dict(whole.figures), abs=1e-6)


def test_a_run_goes_on_from_epochs_without_validation(tmp_path: Path) -> None:
    words = [*FAKE, "--check_val_every_n_epoch=3"]
    run([*words, "--max_epochs=2"], tmp_path / "stopped")
    last = tmp_path / "stopped" / "checkpoints" / "last.ckpt"
    assert torch.load(last, weights_only=True)["epoch"] == 1
    outcome = run([*words, "--max_epochs=6", f"--resume_from_checkpoint={last}"], tmp_path / "on")
    whole = run([*words, "--max_epochs=6"], tmp_path / "whole")
    assert outcome.figures == pytest.approx(dict(whole.figures), abs=1e-6)
    assert outcome.checkpoint is not None and whole.checkpoint is not None
    assert outcome.checkpoint.name == whole.checkpoint.name


@pytest.mark.slow
def test_a_full_disk_ends_in_a_sentence_and_loses_nothing(tmp_path: Path) -> None:
    child = Child(LONG, tmp_path)
    child.wait_for_validations(2)
    limit = child.last_checkpoint.stat().st_size // 2  # of any file that is written from now on
    resource.prlimit(child.process.pid, resource.RLIMIT_FSIZE, (limit, limit))
    exit_code, _, err = child.end()
    assert exit_code == 1
    assert "Traceback" not in err
    last = err.strip().splitlines()[-1]
    assert "cannot be read or written: File too large. Go on with: " in last
    assert last.endswith(f"={child.last_checkpoint}")
    assert torch.load(child.last_checkpoint, weights_only=True)["epoch"] >= 0
    assert not [path for path in tmp_path.rglob(".*") if path.is_file()]


def test_a_checkpoint_is_whole_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "folder" / "last.ckpt"
    WholeCheckpoints().save_checkpoint({"epoch": 1}, path)

    def no_room(number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(OSError, match="No space left") as caught:
        WholeCheckpoints().save_checkpoint({"epoch": 2}, path)
    sentence = f"The disk is full: {path} could not be written."
    assert disk_failure(caught.value) == sentence
    assert torch.load(path, weights_only=True) == {"epoch": 1}
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_in_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(InputError, match="The disk is full: .*ckpt could not .* No checkpoint was"):
        run([*FAKE, "--max_epochs=1"], tmp_path)


def test_what_a_disk_failure_is() -> None:
    outer = RuntimeError("records")
    outer.__context__ = sqlite3.OperationalError("database or disk is full")
    assert disk_failure(outer) == "The disk is full: the records could not be written."
    assert disk_failure(OSError(errno.EFBIG, "File too large")) == (
        "A file could not be written: File too large."
    )
    assert disk_failure(ValueError("x")) is None
    assert disk_failure(ConnectionResetError(errno.ECONNRESET, "reset")) is None


def test_ctrl_c_before_training(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def press(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(experiment_run, "make_data", press)
    assert main(FAKE) == 130
    assert capsys.readouterr().err == "Stopped by Ctrl-C.\n"


def test_a_run_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    run([*FAKE, "--max_epochs=1", f"--parent={os.getppid()}"], tmp_path)
    with pytest.raises(StoppedError, match="Process 1, which started this run, is gone"):
        run([*FAKE, "--max_epochs=1", "--parent=1"], tmp_path)
