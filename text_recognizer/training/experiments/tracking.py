"""Records of an experiment: MLflow in an SQLite file, CSV without MLflow, and W&B if asked for.

Of every run they hold its options, command and commit, curves, pictures of predictions, and which
checkpoint is the best, with its figures: `best_model` finds it there.
"""

import importlib.util
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, Logger, MLFlowLogger, WandbLogger

from text_recognizer.training.experiments.checkpoint_record import (
    RECORD_KEY,
    CheckpointRecord,
    saved_figures,
)
from text_recognizer.training.experiments.experiment import Experiment
from text_recognizer.training.experiments.wandb_access import wandb_logger
from text_recognizer.training.export import git_commit
from text_recognizer.training.fit import is_first_process
from text_recognizer.training.tracking import mlflow_logger

LOGS = Path("training") / "logs"
BEST = "best_"
"""Before the name of a figure: that of the best checkpoint, not of the last validation."""
BEST_CHECKPOINT = "best_checkpoint"
WANDB_RUN = "wandb_run"


@dataclass
class Records:
    """Trackers of one run.

    Attributes:
        loggers: for the trainer; empty if nothing is recorded.
        folder: of records and checkpoints.
        best: checkpoint of the lowest validation loss so far.
    """

    loggers: list[Logger]
    folder: Path
    best: Path | None = None

    def note_best(self, checkpoint: Path, figures: Mapping[str, float], step: int) -> None:
        """Say which checkpoint is the best now, and what it reached."""
        self.best = checkpoint
        where = self._place(checkpoint)
        for logger in self.loggers:
            logger.log_metrics({f"{BEST}{name}": value for name, value in figures.items()}, step)
            if isinstance(logger, MLFlowLogger) and logger.run_id:
                logger.experiment.set_tag(logger.run_id, BEST_CHECKPOINT, where)
            elif isinstance(logger, WandbLogger):
                logger.experiment.summary[BEST_CHECKPOINT] = where

    def close(self, *, failed: bool = False) -> None:
        """End what is recorded; W&B gets the best checkpoint itself if it is online."""
        for logger in self.loggers:
            if failed and isinstance(logger, MLFlowLogger):
                logger.finalize("failed")
            if isinstance(logger, WandbLogger) and is_first_process():
                run = logger.experiment
                if self.best is not None and not run.offline:
                    run.log_artifact(
                        self.best, f"checkpoint-{run.id}", type="model", aliases=["best"]
                    )
                run.finish(exit_code=int(failed))

    def _place(self, checkpoint: Path) -> str:
        """Where it lies, from the records' folder if it lies in it."""
        path, folder = checkpoint.resolve(), self.folder.resolve()
        return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()


@contextmanager
def recording(experiment: Experiment, folder: Path, *, is_on: bool) -> Iterator[Records]:
    """Records of a run, ended with it.

    Args:
        experiment: of which options and command are recorded at once.
        folder: of records and checkpoints.
        is_on: False: nothing is recorded.
    """
    records = Records(_loggers(experiment, folder) if is_on else [], folder)
    try:
        yield records
    except BaseException:
        records.close(failed=True)
        raise
    records.close()


class RecordKeeper(Callback):
    """Puts the record of the run into each checkpoint, and the best checkpoint into the records.

    Args:
        record: of the run.
        records: its trackers.
    """

    def __init__(self, record: CheckpointRecord, records: Records) -> None:
        self._record = record
        self._records = records

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin with the best checkpoint of the run that goes on."""
        best = best_checkpoint(trainer)
        if trainer.is_global_zero and best is not None:
            self._records.note_best(best, saved_figures(best), trainer.global_step)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add to what is saved."""
        figures = {
            name: float(value)
            for name, value in trainer.callback_metrics.items()
            if name.startswith("val_")
        }
        checkpoint[RECORD_KEY] = self._record.to_dict(figures)
        best = best_checkpoint(trainer)
        is_new = best is not None and best != self._records.best and "val_loss" in figures
        if trainer.is_global_zero and best is not None and is_new:
            self._records.note_best(best, figures, trainer.global_step)


def best_checkpoint(trainer: pl.Trainer) -> Path | None:
    """The checkpoint of the best validation; None if none was kept."""
    kept = [own for own in trainer.checkpoint_callbacks if isinstance(own, ModelCheckpoint)]
    return Path(kept[0].best_model_path) if kept and kept[0].best_model_path else None


def _loggers(experiment: Experiment, folder: Path) -> list[Logger]:
    """The local one first: checkpoints lie in its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    wandb = None
    if experiment.wandb and is_first_process():
        wandb = wandb_logger(experiment, folder)
    tags = {
        "command": experiment.command,
        "data_class": experiment.data_class,
        "model_class": experiment.model_class,
        "experiment_group": experiment.group,
        "git_commit": git_commit() or "",
        WANDB_RUN: wandb.experiment.id if wandb is not None else "",
    }
    tags = {name: value for name, value in tags.items() if value}
    loggers: list[Logger] = [_local_logger(experiment, folder, tags)]
    loggers[0].log_hyperparams(experiment.config())
    if wandb is not None:
        wandb.log_hyperparams(experiment.config() | tags)
        loggers.append(wandb)
    return loggers


def _local_logger(experiment: Experiment, folder: Path, tags: Mapping[str, str]) -> Logger:
    if importlib.util.find_spec("mlflow") is None:
        return CSVLogger(folder, name=experiment.name)
    logger = mlflow_logger(folder, experiment.project, experiment.name, tags)
    if logger.run_id:  # none in the processes that the first one starts
        logger.experiment.log_dict(logger.run_id, experiment.config(), "config.json")
    return logger
