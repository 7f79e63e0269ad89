"""One trial of a sweep: an experiment in a process of its own, so that its end ends nothing else.

The experiment writes the figures of every validation into a file (`--metrics_file`), and ends by
itself when the sweep is gone (`--parent`).
"""

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from optuna.trial import Trial

from text_recognizer.training.sweeps.study import folder_of

MODULE = "text_recognizer.training.experiments"
METRICS_FILE, OUTPUT_FILE = "metrics.jsonl", "output.txt"
_PATIENCE_S = 30.0  # from asking a process to end to ending it


class TrialProcess:
    """A running trial.

    Args:
        trial: of the study.
        words: flags of the experiment.
        output: folder of the sweep; the trial's own is in it. An experiment that was cut short goes
            on from the last checkpoint that lies there.
    """

    def __init__(self, trial: Trial, words: Sequence[str], output: Path) -> None:
        self.trial = trial
        self.folder = output / folder_of(trial)
        self.is_behind = False
        self._n_reported = 0
        self._deadline = math.inf
        self.folder.mkdir(parents=True, exist_ok=True)
        checkpoint = _last_checkpoint(self.folder)
        own = [
            f"--metrics_file={self.folder / METRICS_FILE}",
            f"--default_root_dir={self.folder}",
            f"--parent={os.getpid()}",
        ]
        if checkpoint is None:
            (self.folder / METRICS_FILE).unlink(missing_ok=True)
        else:
            own.append(f"--resume_from_checkpoint={checkpoint}")
        with (self.folder / OUTPUT_FILE).open("ab") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", MODULE, "--logger=0", *words, *own],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the sweep alone, which ends its trials
            )

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def values(self, metric: str) -> list[float]:
        """The metric of each validation so far."""
        rows = _read_rows(self.folder / METRICS_FILE)
        return [float(row[metric]) for row in rows if metric in row]

    def names(self) -> list[str]:
        """What the last validation measured."""
        rows = _read_rows(self.folder / METRICS_FILE)
        return sorted(name for name in rows[-1] if name.startswith("val_")) if rows else []

    def report(self, metric: str) -> None:
        """Tell the study what is new, and find out whether the trial is behind."""
        values = self.values(metric)
        for index in range(self._n_reported, len(values)):
            self.trial.report(values[index], index + 1)
            self.is_behind = self.is_behind or self.trial.should_prune()
        self._n_reported = len(values)

    def ask_to_end(self) -> None:
        """Let it end in order, for a while."""
        self._deadline = time.monotonic() + _PATIENCE_S
        self._signal(signal.SIGTERM)

    @property
    def is_overdue(self) -> bool:
        """Whether it was asked to end long ago."""
        return time.monotonic() > self._deadline

    def end(self) -> None:
        """Wait for the end that it was asked for, and then wait no more."""
        try:
            self._process.wait(max(0.0, self._deadline - time.monotonic()))
        finally:
            self.kill()

    def kill(self) -> None:
        """End it and what it started."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def failure(self) -> str:
        """What went wrong, in a sentence; empty if nothing did."""
        code = self._process.poll()
        if code == 0:
            return ""
        if code is not None and code < 0:
            return f"It was ended by signal {-code}; see {self.folder / OUTPUT_FILE}."
        text = (self.folder / OUTPUT_FILE).read_text(encoding="utf-8", errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return lines[-1] if lines else f"It ended with code {code} and said nothing."

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            pass  # it has ended; macOS forbids signals to what has


def best_of(values: Sequence[float]) -> list[float]:
    """The values that are numbers."""
    return [value for value in values if math.isfinite(value)]


def _last_checkpoint(folder: Path) -> Path | None:
    found = sorted(folder.rglob("last*.ckpt"), key=lambda path: path.stat().st_mtime)
    return found[-1] if found else None


def _read_rows(path: Path) -> list[dict[str, Any]]:
    """Complete lines of the file, one for each step: one that was trained twice counts once."""
    if not path.exists():
        return []
    rows: dict[int, dict[str, Any]] = {}
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            with suppress(ValueError):  # of a line that a full disk cut short
                row = json.loads(line)
                rows[row["step"]] = row
    return [rows[step] for step in sorted(rows)]
