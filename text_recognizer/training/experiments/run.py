"""One experiment, from its options to test figures of its best checkpoint. Read this file first."""

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import lightning.pytorch as pl
from filelock import FileLock
from lightning.pytorch.callbacks import Callback, EarlyStopping
from PIL import Image
from safetensors.torch import save_file

from text_recognizer.data import BaseDataModule
from text_recognizer.lit_models.experiment import ExperimentLitModel
from text_recognizer.lit_models.experiment_segmentation import ExperimentSegmentationLitModel
from text_recognizer.training.callbacks import Samples
from text_recognizer.training.experiments.checkpoint_record import CheckpointRecord
from text_recognizer.training.experiments.experiment import (
    Experiment,
    make_data,
    make_model,
    read_checkpoint,
)
from text_recognizer.training.experiments.failures import run_failures
from text_recognizer.training.experiments.learning_rate import find_rate
from text_recognizer.training.experiments.tracking import (
    LOGS,
    RecordKeeper,
    Records,
    best_checkpoint,
    recording,
)
from text_recognizer.training.experiments.trainer_callbacks import (
    BestOfWholeRun,
    EndsWithParent,
    MetricsFile,
    SeededEpochs,
)
from text_recognizer.training.experiments.trainer_flags import (
    TrainerSettings,
    make_trainer,
    trainer_settings,
)
from text_recognizer.training.fit import is_first_process
from text_recognizer.training.samples import draw_masks, draw_predictions

_LOG = logging.getLogger(__name__)
WEIGHTS = Path("artifacts") / "weights"
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
    with _alone_in(folder, experiment):
        data = make_data(experiment)
        model = make_model(experiment, data)
        if settings.checkpoint is not None:
            read_checkpoint(model, settings.checkpoint, flag="--resume_from_checkpoint")
        with recording(experiment, folder, is_on=settings.logs) as records:
            return _train_and_test(experiment, settings, records, (data, model))


def _alone_in(folder: Path, experiment: Experiment) -> AbstractContextManager[object]:
    """Holds the folder of a sweep's trial: one whose sweep was killed ends a moment later."""
    if experiment.parent is None or not is_first_process():
        return nullcontext()
    return FileLock(folder / ".lock")


def _train_and_test(
    experiment: Experiment,
    settings: TrainerSettings,
    records: Records,
    parts: tuple[BaseDataModule, ExperimentLitModel],
) -> Outcome:
    data, model = parts
    keeper = RecordKeeper(CheckpointRecord.of(experiment, data), records)
    trainer = _trainer(experiment, settings, records, keeper, is_line=model.is_line)
    with run_failures(trainer, experiment.command):
        if settings.finds_rate:
            find_rate(trainer, model, data)
        trainer.fit(model, datamodule=data, ckpt_path=settings.checkpoint, weights_only=True)
        figures = {name: float(value) for name, value in trainer.callback_metrics.items()}
        best = best_checkpoint(trainer)
        if settings.arguments.get("fast_dev_run"):
            return Outcome(figures, best)
        trainer.test(model, datamodule=data, ckpt_path=best, weights_only=True, verbose=False)
        figures |= {name: float(value) for name, value in trainer.callback_metrics.items()}
    if experiment.saves and trainer.is_global_zero:
        save_weights(model, WEIGHTS / f"{experiment.name}_weights.safetensors")
    return Outcome(figures, best)


def save_weights(model: ExperimentLitModel, path: Path) -> None:
    """Write the network's weights; after a test they are those of the best checkpoint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    state = model.network.state_dict()
    save_file({name: value.contiguous() for name, value in state.items()}, path)
    _LOG.info("The weights are in %s.", path)


def _trainer(
    experiment: Experiment,
    settings: TrainerSettings,
    records: Records,
    keeper: RecordKeeper,
    *,
    is_line: bool,
) -> pl.Trainer:
    callbacks: list[Callback] = [
        EarlyStopping("val_loss", patience=_PATIENCE, strict=False),
        SeededEpochs(experiment.seed),
        keeper,
    ]
    if settings.keeps_checkpoints:
        callbacks.append(
            BestOfWholeRun(
                monitor="val_loss",
                filename="{epoch}-{val_loss:.3f}-{val_cer:.3f}"
                if is_line
                else "{epoch}-{val_loss:.3f}",
                save_last=True,
            )
        )
    samples = records.folder / "samples" / experiment.name
    callbacks.append(Samples(samples, _draw, as_shares=False))
    if experiment.metrics_file is not None:
        callbacks.append(MetricsFile(experiment.metrics_file))
    if experiment.parent is not None:
        callbacks.append(EndsWithParent(experiment.parent))
    return make_trainer(
        settings,
        max_epochs=_EPOCHS,
        default_root_dir=records.folder,
        logger=records.loggers or False,
        callbacks=callbacks,
        enable_checkpointing=settings.keeps_checkpoints,
    )


def _draw(model: ExperimentLitModel) -> Image.Image | None:
    if isinstance(model, ExperimentSegmentationLitModel):
        return draw_masks(model.masks) if model.masks else None
    return draw_predictions(model.predictions) if model.predictions else None


def render_outcome(outcome: Outcome) -> str:
    """Figures and the best checkpoint, a line each."""
    rows = [f"{name}: {value:.4f}" for name, value in sorted(outcome.figures.items())]
    if outcome.checkpoint is not None:
        rows.append(f"best checkpoint: {outcome.checkpoint}")
    return "\n".join(rows)
