"""One experiment, from its options to test figures of its best checkpoint. Read this file first."""

import importlib.util
import logging
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, Logger
from PIL import Image
from safetensors.torch import save_file

from text_recognizer.lit_models.experiment import ExperimentLitModel
from text_recognizer.training.callbacks import Samples
from text_recognizer.training.experiments.experiment import (
    Experiment,
    make_data,
    make_model,
    read_checkpoint,
)
from text_recognizer.training.experiments.failures import run_failures
from text_recognizer.training.experiments.learning_rate import find_rate
from text_recognizer.training.experiments.trainer_callbacks import (
    EndsWithParent,
    MetricsFile,
    SeededEpochs,
)
from text_recognizer.training.experiments.trainer_flags import (
    TrainerSettings,
    make_trainer,
    trainer_settings,
)
from text_recognizer.training.samples import draw_predictions
from text_recognizer.training.tracking import mlflow_logger

_LOG = logging.getLogger(__name__)
LOGS = Path("training") / "logs"
WEIGHTS = Path("artifacts") / "weights"
RECORDS = "text-recognizer-experiments"
_EPOCHS = 1_000  # unless a flag says otherwise
_PATIENCE = 10  # validations without a lower loss


@dataclass(frozen=True)
class Outcome:
    """What an experiment came to.

    Attributes:
        figures: metrics of validation and test by their names.
        checkpoint: the best one by validation loss; None if none was kept.
    """

    figures: Mapping[str, float]
    checkpoint: Path | None


def run_experiment(experiment: Experiment, folder: Path = LOGS) -> Outcome:
    """Train, and test the best checkpoint.

    Args:
        experiment: all options.
        folder: of records and checkpoints, unless --default_root_dir says otherwise.

    Raises:
        InputError: the data or a checkpoint are not there.
        OptionError: options contradict each other.
        StoppedError: the user or the machine ended the run.
    """
    settings = trainer_settings(experiment.trainer)
    folder = Path(settings.arguments.get("default_root_dir", folder))
    for note in settings.notes:
        _LOG.warning("%s", note)
    pl.seed_everything(experiment.seed, workers=True, verbose=False)
    data = make_data(experiment)
    model = make_model(experiment, data)
    if settings.checkpoint is not None:
        read_checkpoint(model, settings.checkpoint, flag="--resume_from_checkpoint")
    logger = make_logger(experiment, folder) if settings.logs else None
    trainer = _trainer(experiment, settings, folder, logger, is_line=model.is_line)
    if logger is not None:
        logger.log_hyperparams(experiment.to_dict())
    with run_failures(trainer):
        if settings.finds_rate:
            find_rate(trainer, model, data)
        trainer.fit(model, datamodule=data, ckpt_path=settings.checkpoint, weights_only=True)
        figures = {name: float(value) for name, value in trainer.callback_metrics.items()}
        best = _best_checkpoint(trainer)
        if settings.arguments.get("fast_dev_run"):
            return Outcome(figures, best)
        trainer.test(model, datamodule=data, ckpt_path=best, weights_only=True, verbose=False)
        figures |= {name: float(value) for name, value in trainer.callback_metrics.items()}
    if experiment.saves and trainer.is_global_zero:
        save_weights(model, WEIGHTS / f"{run_name(experiment)}_weights.safetensors")
    return Outcome(figures, best)


def save_weights(model: ExperimentLitModel, path: Path) -> None:
    """Write the network's weights; after a test they are those of the best checkpoint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    state = model.network.state_dict()
    save_file({name: value.contiguous() for name, value in state.items()}, path)
    _LOG.info("The weights are in %s.", path)


def make_logger(experiment: Experiment, folder: Path) -> Logger:
    """MLflow in an SQLite file, or CSV without MLflow; W&B is asked for and not yet had."""
    folder.mkdir(parents=True, exist_ok=True)
    if experiment.wandb:
        _LOG.warning("--wandb: this program records in MLflow; look there.")
    name = run_name(experiment)
    if importlib.util.find_spec("mlflow") is None:
        return CSVLogger(folder, name=name)
    tags = {
        "command": shlex.join(["python", *sys.argv]),
        "data_class": experiment.data_class,
        "experiment_group": experiment.group,
    }
    return mlflow_logger(folder, RECORDS, name, tags)


def _trainer(
    experiment: Experiment,
    settings: TrainerSettings,
    folder: Path,
    logger: Logger | None,
    *,
    is_line: bool,
) -> pl.Trainer:
    name = run_name(experiment)
    callbacks: list[Callback] = [
        EarlyStopping("val_loss", patience=_PATIENCE, strict=False),
        SeededEpochs(experiment.seed),
    ]
    if settings.keeps_checkpoints:
        callbacks.append(
            ModelCheckpoint(
                monitor="val_loss",
                filename="{epoch}-{val_loss:.3f}-{val_cer:.3f}"
                if is_line
                else "{epoch}-{val_loss:.3f}",
                save_last=True,
            )
        )
    callbacks.append(Samples(folder / "samples" / name, _draw, as_shares=False))
    if experiment.metrics_file is not None:
        callbacks.append(MetricsFile(experiment.metrics_file))
    if experiment.parent is not None:
        callbacks.append(EndsWithParent(experiment.parent))
    return make_trainer(
        settings,
        max_epochs=_EPOCHS,
        default_root_dir=folder,
        logger=logger if logger is not None else False,
        callbacks=callbacks,
        enable_checkpointing=settings.keeps_checkpoints,
    )


def _best_checkpoint(trainer: pl.Trainer) -> Path | None:
    kept = [own for own in trainer.checkpoint_callbacks if isinstance(own, ModelCheckpoint)]
    return Path(kept[0].best_model_path) if kept and kept[0].best_model_path else None


def _draw(model: ExperimentLitModel) -> Image.Image | None:
    return draw_predictions(model.predictions) if model.predictions else None


def run_name(experiment: Experiment) -> str:
    """What the run is called in records."""
    return f"{experiment.data_class}-{experiment.model_class}"


def render_outcome(outcome: Outcome) -> str:
    """Figures and the best checkpoint, a line each."""
    rows = [f"{name}: {value:.4f}" for name, value in sorted(outcome.figures.items())]
    if outcome.checkpoint is not None:
        rows.append(f"best checkpoint: {outcome.checkpoint}")
    return "\n".join(rows)
