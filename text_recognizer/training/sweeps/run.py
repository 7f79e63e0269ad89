"""A sweep from its file to a table of trials. Read this file first."""

import logging
import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from optuna.exceptions import OptunaError
from sqlalchemy.exc import SQLAlchemyError

from text_recognizer.errors import InputError, OptionError, StoppedError
from text_recognizer.training.experiments.failures import disk_failure
from text_recognizer.training.experiments.flags import parse_flags
from text_recognizer.training.sweeps.study import SweepStudy, TrialRow
from text_recognizer.training.sweeps.sweep_file import Sweep, read_sweep
from text_recognizer.training.sweeps.trial_process import TrialProcess, best_of

_LOG = logging.getLogger(__name__)
SWEEPS = Path("training") / "logs" / "sweeps"
_N_TRIALS = 10  # where neither the file nor the command says
_POLL_S = 0.2


@dataclass(frozen=True)
class SweepArguments:
    """What the command was given.

    Attributes:
        file: the sweep file.
        n_trials: of the study in all; None: of the file, the whole grid, or ten.
        jobs: trials at the same time.
        output: folder of the study; None is one of the file's name in `SWEEPS`.
        retries: whether trials that failed are tried again.
    """

    file: Path
    n_trials: int | None = None
    jobs: int = 1
    output: Path | None = None
    retries: bool = False

    @property
    def folder(self) -> Path:
        """Where the study and its trials lie."""
        return self.output if self.output is not None else SWEEPS / self.file.stem


@dataclass(frozen=True)
class SweepOutcome:
    """What a sweep came to.

    Attributes:
        sweep: what was searched.
        rows: trials, the best first.
    """

    sweep: Sweep
    rows: list[TrialRow]

    @property
    def best(self) -> TrialRow | None:
        """The best trial that ran to its end."""
        return next((row for row in self.rows if row.is_done), None)


def run_sweep(arguments: SweepArguments) -> SweepOutcome:
    """Run trials until there are as many as wanted; a study that is there goes on.

    Raises:
        InputError: the file cannot be read, the folder cannot be written, or another sweep runs
            in it.
        OptionError: the file asks for what there is not, or for flags that the program refuses.
        StoppedError: the user stopped it.
    """
    if os.name != "posix":
        raise OptionError("sweep ends its trials by signals, which Windows lacks: use WSL there.")
    sweep = read_sweep(arguments.file)
    _check_flags(sweep, arguments.file)
    try:
        arguments.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(arguments.folder / ".lock", timeout=0):
            return _run(sweep, arguments)
    except Timeout:
        raise InputError(f"Another sweep runs in {arguments.folder}: give --output.") from None
    except OSError as error:
        place = error.filename or arguments.folder
        raise InputError(f"{place} cannot be written: {error.strerror or error}.") from error
    except (SQLAlchemyError, OptunaError) as error:
        sentence = disk_failure(error) or f"The study in {arguments.folder} cannot be written."
        raise InputError(f"{sentence} The same command goes on with it.") from error


def _check_flags(sweep: Sweep, file: Path) -> None:
    """Say at once what every trial would say."""
    try:
        parse_flags(sweep.flags())
    except OptionError as error:
        raise OptionError(f"{file}: {error}") from None


def _run(sweep: Sweep, arguments: SweepArguments) -> SweepOutcome:
    study = SweepStudy(sweep, arguments.folder)
    if arguments.retries:
        for name in study.ask_again_what_failed():
            shutil.rmtree(arguments.folder / name, ignore_errors=True)
    study.ask_again_what_was_cut_short()
    n_trials = arguments.n_trials or sweep.n_trials or _N_TRIALS
    if arguments.n_trials is not None and sweep.n_trials is not None:
        n_trials = min(arguments.n_trials, sweep.n_trials)
    running: list[TrialProcess] = []
    try:
        while True:
            _start_more(study, running, n_trials, arguments)
            if not running:
                return SweepOutcome(sweep, study.rows())
            time.sleep(_POLL_S)
            for process in list(running):
                if _has_ended(study, process):
                    running.remove(process)
    except KeyboardInterrupt:
        raise StoppedError(
            f"Stopped. The same command goes on with the study in {arguments.folder}."
        ) from None
    finally:
        _end_all(running)


def _start_more(
    study: SweepStudy, running: list[TrialProcess], n_trials: int, arguments: SweepArguments
) -> None:
    while len(running) < arguments.jobs:
        trial = study.ask(n_trials)
        if trial is None:
            return
        process = TrialProcess(trial, study.sweep.flags(trial.params), arguments.folder)
        running.append(process)
        _LOG.info("%s: %s", process.folder.name, render_values(trial.params))


def _has_ended(study: SweepStudy, process: TrialProcess) -> bool:
    """Look at a trial; what came of it is told to the study."""
    metric = study.sweep.metric
    is_running = process.is_running
    was_behind = process.is_behind
    process.report(metric)
    if is_running:
        if process.is_behind and not was_behind:
            process.ask_to_end()
        if process.is_overdue:
            process.kill()
        return False
    process.kill()
    values = best_of(process.values(metric))
    if process.is_behind and values and process.failure():
        study.tell_ended_early(process.trial, values)
        came_to = "ended early"
    elif process.failure() or not values:
        came_to = process.failure() or _no_value(process, metric)
        study.tell_failed(process.trial, came_to)
    else:
        study.tell_done(process.trial, values)
        came_to = "done"
    best = f", {metric} {values[-1]:.4f} at last" if values else ""
    _LOG.info("%s: %s%s", process.folder.name, came_to.rstrip("."), best)
    return True


def _no_value(process: TrialProcess, metric: str) -> str:
    names = process.names()
    measured = f"there are {', '.join(names)}" if names else "there was no validation"
    return f"No validation measured {metric}: {measured}."


def _end_all(running: list[TrialProcess]) -> None:
    for process in running:
        process.ask_to_end()
    for process in running:
        with suppress(Exception, KeyboardInterrupt):  # a second Ctrl-C ends the waiting
            process.end()


def render_values(values: object) -> str:
    """Values of parameters as `name=value`, one after the other."""
    assert isinstance(values, dict)
    return " ".join(f"{name}={_short(value)}" for name, value in values.items())


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
