"""Sweeps: trials in processes of their own, a study that goes on after any end."""

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import optuna
import pytest
from fake_experiment import FAKE
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

from text_recognizer.cli import app
from text_recognizer.errors import InputError, OptionError
from text_recognizer.training.sweeps import run as sweep_run
from text_recognizer.training.sweeps.run import SweepArguments, run_sweep
from text_recognizer.training.sweeps.study import SweepStudy
from text_recognizer.training.sweeps.sweep_file import read_sweep
from text_recognizer.training.sweeps.trial_process import METRICS_FILE, TrialProcess

pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def write_sweep(folder: Path, *, rates: str, epochs: int = 1, early: str = "") -> Path:
    """A grid over the rate."""
    flags = ", ".join(FAKE)
    path = folder / "rates.yml"
    path.write_text(
        "program: training/run_experiment.py\n"
        "method: grid\n"
        "metric: {name: val_loss, goal: minimize}\n"
        f"{early}\n"
        "parameters:\n"
        f"  max_epochs: {{value: {epochs}}}\n"
        f"  lr: {{values: {rates}}}\n"
        f"command: [python3, '${{program}}', --wandb, {flags}, '${{args}}']\n",
        encoding="utf-8",
    )
    return path


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "text_recognizer.cli", "sweep", *map(str, words)]


class FakeTrial(TrialProcess):
    """A trial whose figures are known, without a process."""

    figures: dict[float, list[float]] = {}
    started: list[list[str]] = []

    def __init__(self, trial: optuna.Trial, words: list[str], output: Path) -> None:
        self.trial = trial
        self.folder = output / trial.user_attrs["folder"]
        self.is_behind = False
        self._n_reported = 0
        self._n_seen = 0
        FakeTrial.started.append(words)

    @property
    def is_running(self) -> bool:
        self._n_seen += 1
        return self._n_seen <= len(self.figures[self.trial.params["lr"]])

    @property
    def is_overdue(self) -> bool:
        return False

    def values(self, metric: str) -> list[float]:
        return self.figures[self.trial.params["lr"]][: self._n_seen]

    def names(self) -> list[str]:
        return []

    def ask_to_end(self) -> None:
        self.figures = {self.trial.params["lr"]: self.values("")}
        self._n_seen = 99

    def kill(self) -> None:
        pass

    def failure(self) -> str:
        if self.is_behind:
            return "Asked to end."
        return "" if self.figures[self.trial.params["lr"]] else "It broke."


@pytest.fixture
def fake_trials(monkeypatch: pytest.MonkeyPatch) -> type[FakeTrial]:
    monkeypatch.setattr(sweep_run, "TrialProcess", FakeTrial)
    monkeypatch.setattr(sweep_run, "_POLL_S", 0.0)
    monkeypatch.setattr(FakeTrial, "started", [])
    return FakeTrial


@pytest.mark.slow
def test_trials_are_run_and_the_best_is_a_command(tmp_path: Path) -> None:
    """Two rates that train, and one that is refused by the program."""
    path = write_sweep(tmp_path, rates="[0.001, 0.003, -1]")
    done = subprocess.run(
        command(path, "--jobs", "3", "--output", tmp_path / "out"),
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["trial", "val_loss", "validations", "values"]
    rows = [line.split() for line in lines[1:4]]
    assert sorted(row[0] for row in rows) == ["trial-000", "trial-001", "trial-002"]
    assert float(rows[0][1]) <= float(rows[1][1])
    assert rows[2][1:] == ["failed", "lr=-1"]
    assert "Failed: trial-002: --lr is over 0, and --weight_decay not under it." in lines
    best = lines[-1]
    assert best.startswith("python training/run_experiment.py --data_class=FakeImageData ")
    assert best.endswith(f" --max_epochs=1 --{rows[0][-1]}")
    assert (tmp_path / "out" / "trial-000" / METRICS_FILE).is_file()
    assert list((tmp_path / "out" / rows[0][0] / "checkpoints").glob("epoch=*.ckpt"))
    assert not (tmp_path / "training").exists()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_sweep_that_is_ended_goes_on_where_it_was(number: signal.Signals, tmp_path: Path) -> None:
    path = write_sweep(tmp_path, rates="[0.0001]", epochs=40)
    output = tmp_path / "out"
    words = command(path, "--output", output)
    first = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    metrics = output / "trial-000" / METRICS_FILE
    while not metrics.exists() or len(metrics.read_text(encoding="utf-8").splitlines()) < 3:
        assert first.poll() is None, first.communicate()[1]
        time.sleep(0.02)
    first.send_signal(number)
    _, err = first.communicate(timeout=120)
    if number == signal.SIGINT:
        assert first.returncode == 130
        sentence = f"Stopped. The same command goes on with the study in {output}."
        assert err.strip().splitlines()[-1] == sentence
    wait_for_quiet(metrics)
    n_before = len(metrics.read_text(encoding="utf-8").splitlines())
    assert 3 <= n_before < 40
    again = subprocess.run(words, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    (row,) = [line.split() for line in again.stdout.splitlines() if line.startswith("trial-")]
    assert (row[0], row[2], row[3]) == ("trial-000", "40", "done")
    n_rows = len(metrics.read_text(encoding="utf-8").splitlines())
    assert 40 <= n_rows <= 41  # at most the epoch that was not yet kept was trained again


def wait_for_quiet(path: Path) -> None:
    """Until the trial, whose sweep is gone, has noticed it."""
    size = -1
    while size != path.stat().st_size:
        size = path.stat().st_size
        time.sleep(1.0)


def test_trials_that_are_behind_end_early(tmp_path: Path, fake_trials: type[FakeTrial]) -> None:
    fake_trials.figures = {0.1: [3, 2, 1], 0.2: [5, 5, 5], 0.3: [4, 0.5, 2]}
    early = "early_terminate: {type: hyperband, min_iter: 2}"
    path = write_sweep(tmp_path, rates="[0.1, 0.2, 0.3]", early=early)
    outcome = run_sweep(SweepArguments(path, output=tmp_path / "out"))
    assert [(row.values["lr"], row.state, row.value) for row in outcome.rows] == [
        (0.3, "done", 0.5),
        (0.1, "done", 1.0),
        (0.2, "ended early", 5.0),
    ]
    assert outcome.rows[2].n_validations == 2


def test_a_study_goes_on_and_knows_its_sweep(tmp_path: Path, fake_trials: type[FakeTrial]) -> None:
    fake_trials.figures = {0.1: [2], 0.2: [1], 0.3: []}
    path, output = write_sweep(tmp_path, rates="[0.1, 0.2, 0.3]"), tmp_path / "out"
    first = run_sweep(SweepArguments(path, n_trials=1, output=output))
    assert [row.folder for row in first.rows] == ["trial-000"]
    whole = run_sweep(SweepArguments(path, output=output))
    assert [row.folder for row in whole.rows] == ["trial-001", "trial-000", "trial-002"]
    assert whole.best is not None and whole.best.values == {"lr": 0.2}
    assert whole.rows[2].failure == "It broke."
    assert len(fake_trials.started) == 3
    fake_trials.figures = {0.3: [0.5]}
    run_sweep(SweepArguments(path, output=output))
    assert len(fake_trials.started) == 3  # what failed is left, unless asked for
    again = run_sweep(SweepArguments(path, output=output, retries=True))
    assert again.rows[0].folder == "trial-002"
    assert [row.folder for row in again.rows[1:]] == ["trial-001", "trial-000"]
    write_sweep(tmp_path, rates="[0.1]")
    with pytest.raises(OptionError, match="holds the study of another sweep"):
        run_sweep(SweepArguments(path, output=output))


def test_a_random_study_does_not_begin_its_draws_again(
    tmp_path: Path, fake_trials: type[FakeTrial]
) -> None:
    path = write_sweep(tmp_path, rates="[0.1]")
    text = path.read_text(encoding="utf-8").replace("grid", "random")
    path.write_text(text.replace("values: [0.1]", "min: 0.1, max: 0.9"), encoding="utf-8")
    values = []
    for n_trials in (1, 2, 3):
        study = SweepStudy(read_sweep(path), tmp_path / "out")
        trial = study.ask(n_trials)
        assert trial is not None
        values.append(trial.params["lr"])
        study.tell_done(trial, [1.0])
        assert study.ask(n_trials) is None
    assert len(set(values)) == 3


def test_all_trials_fail(tmp_path: Path, fake_trials: type[FakeTrial]) -> None:
    fake_trials.figures = {0.1: [], 0.2: []}
    path = write_sweep(tmp_path, rates="[0.1, 0.2]")
    result = CliRunner().invoke(app, ["sweep", str(path), "--output", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "Failed: trial-000, trial-001: It broke."


def test_flags_that_no_trial_could_have_are_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yml"
    text = write_sweep(tmp_path, rates="[0.1]").read_text(encoding="utf-8")
    path.write_text(text.replace("lr:", "rate:"), encoding="utf-8")
    result = CliRunner().invoke(app, ["sweep", str(path), "--output", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{path}: unrecognized arguments: --rate=0.1.")
    assert not (tmp_path / "out").exists()


def test_what_is_no_study(tmp_path: Path) -> None:
    path = write_sweep(tmp_path, rates="[0.1]")
    (tmp_path / "study.db").write_bytes(b"no database" * 100)
    with pytest.raises(InputError, match="study.db is no study of a sweep"):
        run_sweep(SweepArguments(path, output=tmp_path))


def test_an_address_that_would_end_too_early(tmp_path: Path) -> None:
    path = write_sweep(tmp_path, rates="[0.1]")
    with pytest.raises(InputError, match="why\\?.study.db: its name has a question mark"):
        run_sweep(SweepArguments(path, output=tmp_path / "why?"))


def test_a_disk_that_fills_up_between_trials(
    tmp_path: Path, fake_trials: type[FakeTrial], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*ignored: Any) -> None:
        cause = sqlite3.OperationalError("database or disk is full")
        raise OperationalError("INSERT", {}, cause) from cause

    fake_trials.figures = {0.1: [1.0]}
    path = write_sweep(tmp_path, rates="[0.1]")
    monkeypatch.setattr(SweepStudy, "tell_done", full)
    sentence = "The disk is full: .* The same command goes on with it."
    with pytest.raises(InputError, match=sentence):
        run_sweep(SweepArguments(path, output=tmp_path / "out"))


def test_what_failed_is_tried_from_the_start(tmp_path: Path, fake_trials: type[FakeTrial]) -> None:
    fake_trials.figures = {0.1: [], 0.2: [0.5]}
    path = write_sweep(tmp_path, rates="[0.1, 0.2]")
    output = tmp_path / "out"
    run_sweep(SweepArguments(path, output=output))
    for name in ("trial-000", "trial-001"):
        (output / name).mkdir()
        (output / name / "last.ckpt").touch()
    fake_trials.figures = {0.1: [0.3], 0.2: [0.5]}
    outcome = run_sweep(SweepArguments(path, output=output, retries=True))
    assert [row.folder for row in outcome.rows if row.is_done] == ["trial-000", "trial-001"]
    assert not (output / "trial-000").exists() and (output / "trial-001" / "last.ckpt").exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    path = write_sweep(tmp_path, rates="[0.1]")
    for output in (tmp_path / "out", tmp_path / "out" / "further"):
        with pytest.raises(InputError, match="out(/further)? cannot be written: "):
            run_sweep(SweepArguments(path, output=output))


def test_a_trial_that_has_ended_is_asked_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """macOS forbids signals to a process that has ended and was not waited for."""

    def forbidden(group: int, number: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    process = TrialProcess.__new__(TrialProcess)
    process._process = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    monkeypatch.setattr("os.killpg", forbidden)
    process.ask_to_end()
    process.kill()
    assert not process.is_running


def test_one_sweep_at_a_time(tmp_path: Path) -> None:
    from filelock import FileLock

    path = write_sweep(tmp_path, rates="[0.1]")
    with FileLock(tmp_path / ".lock"), pytest.raises(InputError, match="Another sweep runs in"):
        run_sweep(SweepArguments(path, output=tmp_path))


def test_figures_of_a_trial_that_was_trained_twice(tmp_path: Path) -> None:
    """A step that comes again replaces what was there; half a line is none."""
    process = TrialProcess.__new__(TrialProcess)
    process.folder = tmp_path
    (tmp_path / METRICS_FILE).write_text(
        '{"step": 1, "val_loss": 3}\n{"step": 2, "val_loss": 2}\n{"step": 3, "val'
        '{"step": 3}\n{"step": 2, "val_loss": 1}\n{"step": 3, "val_loss": 0}',
        encoding="utf-8",
    )
    assert process.values("val_loss") == [3.0, 1.0]
