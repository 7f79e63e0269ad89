"""The best run of all that were recorded, and its network in a folder of its own.

Runs are compared by what their best checkpoints reached; that of the best run is saved. Knows
nothing about how trackers keep runs.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from text_recognizer.errors import InputError
from text_recognizer.training.experiments.artifact import Artifact, write_artifact
from text_recognizer.training.experiments.checkpoint_record import SavedNetwork, load_network
from text_recognizer.training.experiments.experiment import PROJECT
from text_recognizer.training.experiments.found_runs import FoundRun
from text_recognizer.training.experiments.mlflow_runs import find_mlflow_runs
from text_recognizer.training.experiments.registry import DATA_CLASSES
from text_recognizer.training.experiments.tracking import LOGS
from text_recognizer.training.experiments.wandb_runs import find_wandb_runs

_LOG = logging.getLogger(__name__)
ARTIFACTS = Path("artifacts")
MIN, MAX = "min", "max"


@dataclass(frozen=True)
class Choice:
    """Which run is the best.

    Attributes:
        data_class: that it was trained on.
        model_class: network that it has; empty for any.
        metric: name of a recorded figure.
        mode: `min` or `max`; None goes by the metric.
        entity: whose runs of W&B are looked at; empty for those of the machine's account.
        project: under which runs were recorded.
        logs: folder of the local records.
    """

    data_class: str
    model_class: str = ""
    metric: str = "val_loss"
    mode: str | None = None
    entity: str = ""
    project: str = PROJECT
    logs: Path = LOGS

    @property
    def is_max(self) -> bool:
        """Whether more is better; of accuracies unless the mode says otherwise."""
        return self.mode == MAX if self.mode else "acc" in self.metric


@dataclass(frozen=True)
class SavedRun:
    """The best run, out of how many, and where its network is."""

    run: FoundRun
    n_runs: int
    artifact: Artifact


def save_best_model(choice: Choice, artifacts: Path = ARTIFACTS) -> SavedRun:
    """Find the best run and write its network.

    Raises:
        BundleError: the folder is that of the package's own models.
        InputError: there is no such run, none has the metric, or no checkpoint can be read.
        MissingExtraError: the records cannot be read without MLflow.
    """
    runs = find_runs(choice)
    for run in rank(runs, choice):
        try:
            saved = _load(run)
        except InputError as error:
            _LOG.warning("%s (%s) is passed over: %s.", run.name, run.id, str(error).rstrip("."))
            continue
        if choice.model_class in ("", saved.record.config["model_class"]):
            return SavedRun(run, len(runs), write_artifact(saved, run, artifacts))
    network = f" --model_class={choice.model_class}" if choice.model_class else ""
    raise InputError(
        f"No run with {choice.data_class}{network and f' and{network}'} has a checkpoint that can "
        "be read: train one by "
        f"training/run_experiment.py --data_class={choice.data_class}{network}."
    )


def find_runs(choice: Choice) -> list[FoundRun]:
    """Runs with the data set, of this machine and of W&B, each once.

    Raises:
        InputError: there is none.
        MissingExtraError: the records cannot be read without MLflow.
    """
    recorded = find_mlflow_runs(choice.logs, choice.project)
    local = [run for run in recorded if run.data_class == choice.data_class]
    elsewhere = {
        run.wandb_id: run
        for run in find_wandb_runs(
            choice.project, choice.data_class, entity=choice.entity, logs=choice.logs
        )
    }
    for place, run in enumerate(local):
        twin = elsewhere.pop(run.wandb_id, None)
        if twin is not None:  # it knows where else the checkpoint is
            local[place] = replace(run, fetch=twin.fetch)
    runs = [*local, *elsewhere.values()]
    if not runs:
        raise InputError(_no_runs(choice, recorded))
    return runs


def rank(runs: Sequence[FoundRun], choice: Choice) -> list[FoundRun]:
    """Runs that have the metric, the best first; of equal ones the first.

    Raises:
        InputError: none has it; the message names those that there are.
    """
    having = [run for run in runs if choice.metric in run.figures]
    if not having:
        names = sorted({name for run in runs for name in run.figures}) or ["none"]
        raise InputError(
            f"No run with {choice.data_class} has recorded {choice.metric}; recorded are "
            f"{', '.join(names)}."
        )
    return sorted(having, key=lambda run: run.figures[choice.metric], reverse=choice.is_max)


def _load(run: FoundRun) -> SavedNetwork:
    checkpoint = run.fetch()
    saved = load_network(checkpoint)
    if saved.record.data_class != run.data_class:
        raise InputError(f"{checkpoint} is of a run with {saved.record.data_class}")
    return saved


def _no_runs(choice: Choice, recorded: Sequence[FoundRun]) -> str:
    unknown = [name for name in choice.data_class.split("+") if name not in DATA_CLASSES]
    if unknown:
        known = ", ".join(DATA_CLASSES)
        return f"--trained_data_class: no data set is called {unknown[0]!r}; there are {known}."
    if not recorded:
        return (
            f"{choice.logs} holds no runs of {choice.project}: train one by "
            f"training/run_experiment.py --data_class={choice.data_class}."
        )
    names = ", ".join(sorted({run.data_class for run in recorded}))
    return (
        f"No run with {choice.data_class} is recorded in {choice.logs}; there are runs with "
        f"{names}."
    )
