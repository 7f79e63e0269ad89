"""The study of a sweep: Optuna in an SQLite file, to be gone on with after any end.

A trial has a folder. A trial that was cut short is asked for again with the same values and the
same folder, so several trials of Optuna may stand for one of ours; the last one counts.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.pruners import BasePruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from text_recognizer.errors import InputError, OptionError
from text_recognizer.training.sweeps.search_space import grid_point
from text_recognizer.training.sweeps.sweep_file import BAYES, GRID, Halving, Sweep
from text_recognizer.training.tracking import sqlite_address

DATABASE = "study.db"
_IDENTITY = "sweep"
_FOLDER, _VALUE, _FAILURE, _N_VALIDATIONS = "folder", "value", "failure", "validations"
_SEED = 42
_STATES = {
    TrialState.COMPLETE: "done",
    TrialState.PRUNED: "ended early",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "cut short",
    TrialState.WAITING: "waiting",
}


@dataclass(frozen=True)
class TrialRow:
    """What came of a trial.

    Attributes:
        folder: name of its folder.
        state: in words.
        values: of the parameters that are searched.
        value: the best of its validations by the metric; None without one.
        n_validations: it had.
        failure: what went wrong; empty if nothing did.
    """

    folder: str
    state: str
    values: Mapping[str, Any]
    value: float | None
    n_validations: int
    failure: str

    @property
    def is_done(self) -> bool:
        """Whether it ran to its end."""
        return self.state == _STATES[TrialState.COMPLETE]

    @property
    def has_failed(self) -> bool:
        """Whether something went wrong."""
        return self.state == _STATES[TrialState.FAIL]


class SweepStudy:
    """Trials of a sweep.

    Args:
        sweep: what is searched.
        folder: of the SQLite file, created if missing.

    Raises:
        InputError: the file cannot be written, or is no study.
        OptionError: it is the study of another sweep.
    """

    def __init__(self, sweep: Sweep, folder: Path) -> None:
        self.sweep = sweep
        self._study = _open(sweep, folder)
        self._study.sampler = _sampler(sweep, len(self._study.trials))

    def rows(self) -> list[TrialRow]:
        """Trials, the best first, then those without a value; ties in their order."""
        sign = -1.0 if self.sweep.maximises else 1.0
        return sorted(
            (_row(trial) for trial in self._last_of_each().values()),
            key=lambda row: (row.value is None, sign * (row.value or 0.0)),
        )

    def ask_again_what_was_cut_short(self) -> None:
        """Put back trials that were running when the sweep ended."""
        for folder, trial in self._last_of_each().items():
            if trial.state == TrialState.RUNNING:
                self._study.enqueue_trial(trial.params, user_attrs={_FOLDER: folder})
                self._study.tell(trial.number, state=TrialState.FAIL)

    def ask_again_what_failed(self) -> list[str]:
        """Put back trials that failed, to be run from the start; names of their folders."""
        failed = [
            (folder, trial)
            for folder, trial in self._last_of_each().items()
            if trial.state == TrialState.FAIL
        ]
        for folder, trial in failed:
            self._study.enqueue_trial(trial.params, user_attrs={_FOLDER: folder})
        return [folder for folder, _ in failed]

    def ask(self, n_trials: int) -> Trial | None:
        """The next trial with its values; None if there are as many as wanted.

        Args:
            n_trials: of the study in all.
        """
        known = self._last_of_each()
        is_waiting = any(trial.state == TrialState.WAITING for trial in known.values())
        if not is_waiting and len(known) >= n_trials:
            return None
        new = {_FOLDER: f"trial-{len(known):03}"}
        if not is_waiting and self.sweep.method == GRID:
            point = grid_point(self.sweep.space, len(known))
            self._study.enqueue_trial(point, user_attrs=new)
        trial = self._study.ask(dict(self.sweep.space))
        if _FOLDER not in trial.user_attrs:
            trial.set_user_attr(_FOLDER, new[_FOLDER])
        return trial

    def tell_done(self, trial: Trial, values: list[float]) -> None:
        """The trial ran to its end with these validations, or was ended early after them."""
        best = max(values) if self.sweep.maximises else min(values)
        self._note(trial, values, best)
        self._study.tell(trial, best)

    def tell_ended_early(self, trial: Trial, values: list[float]) -> None:
        """The trial was behind others."""
        self._note(trial, values, max(values) if self.sweep.maximises else min(values))
        self._study.tell(trial, state=TrialState.PRUNED)

    def tell_failed(self, trial: Trial, failure: str) -> None:
        """The trial went wrong."""
        trial.set_user_attr(_FAILURE, failure)
        self._study.tell(trial, state=TrialState.FAIL)

    def _note(self, trial: Trial, values: list[float], best: float) -> None:
        trial.set_user_attr(_VALUE, best)
        trial.set_user_attr(_N_VALIDATIONS, len(values))

    def _last_of_each(self) -> dict[str, FrozenTrial]:
        trials = self._study.get_trials(deepcopy=False)
        return {folder_of(trial): trial for trial in trials if _FOLDER in trial.user_attrs}


def folder_of(trial: Trial | FrozenTrial) -> str:
    """Name of a trial's folder."""
    return str(trial.user_attrs[_FOLDER])


def _row(trial: FrozenTrial) -> TrialRow:
    return TrialRow(
        folder=folder_of(trial),
        state=_STATES[trial.state],
        values=trial.params,
        value=trial.user_attrs.get(_VALUE),
        n_validations=int(trial.user_attrs.get(_N_VALIDATIONS, 0)),
        failure=str(trial.user_attrs.get(_FAILURE, "")),
    )


def _open(sweep: Sweep, folder: Path) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    path = (folder / DATABASE).resolve()
    identity = json.dumps(sweep.identity(), sort_keys=True)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        study = optuna.create_study(
            storage=sqlite_address(path),
            study_name=_IDENTITY,
            direction="maximize" if sweep.maximises else "minimize",
            pruner=_pruner(sweep.halving),
            load_if_exists=True,
        )
        if _IDENTITY not in study.user_attrs:
            study.set_user_attr(_IDENTITY, identity)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}.") from None
    except (SQLAlchemyError, RuntimeError) as error:
        raise InputError(f"{path} is no study of a sweep, or cannot be written.") from error
    if study.user_attrs[_IDENTITY] != identity:
        raise OptionError(
            f"{folder} holds the study of another sweep, or of this one before it was changed: "
            "give another --output."
        )
    return study


def _pruner(halving: Halving | None) -> BasePruner:
    """W&B compares all trials at first, first * eta, ... as successive halving does.

    Li et al., "A System for Massively Parallel Hyperparameter Tuning" (ASHA), 2020.
    """
    if halving is None:
        return NopPruner()
    return SuccessiveHalvingPruner(min_resource=halving.first, reduction_factor=halving.eta)


def _sampler(sweep: Sweep, n_trials: int) -> BaseSampler:
    """By the method; a study that goes on draws on, and does not begin its draws again."""
    if sweep.method == BAYES:
        return TPESampler(seed=_SEED + n_trials)
    return RandomSampler(seed=_SEED + n_trials)
