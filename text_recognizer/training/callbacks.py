"""What happens beside the optimiser's steps: the run's clock and rate, samples to look at."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import MLFlowLogger, WandbLogger
from lightning.pytorch.utilities.exceptions import SIGTERMException
from PIL import Image

from text_recognizer.training.schedule import Schedule

_LOG = logging.getLogger(__name__)


class RunClock(Callback):
    """Sets the rate by the schedule and stops the run when it has used its time or steps.

    The time used is kept in checkpoints, so a resumed run goes on counting. All processes follow
    the clock of the first, since different rates would drive their weights apart.

    Args:
        peak_rate: the rate at factor 1.
        length: seconds of this call, or steps of the run in all.
        cooldown: see `TrainerOptions`.
        warm_up_steps: see `TrainerOptions`.
        counts_steps: True: `length` is in steps.
        only_cooldown: the whole call is the fall; without a length, a fifth of the time used.
        last_checkpoint: the file that `--resume` goes on from.
    """

    def __init__(
        self,
        *,
        peak_rate: float,
        length: float,
        cooldown: float,
        warm_up_steps: int,
        counts_steps: bool,
        only_cooldown: bool = False,
        last_checkpoint: Path,
    ) -> None:
        self._peak_rate = peak_rate
        self._length = length
        self._cooldown = cooldown
        self._warm_up_steps = warm_up_steps
        self._counts_steps = counts_steps
        self._only_cooldown = only_cooldown
        self._last_checkpoint = last_checkpoint
        self._used_before = 0.0
        self._started = time.monotonic()
        self.schedule: Schedule | None = None

    @property
    def used_seconds(self) -> float:
        """Training time of all calls so far."""
        return self._used_before + time.monotonic() - self._started

    def state_dict(self) -> dict[str, Any]:
        """The time used."""
        return {"used_seconds": self.used_seconds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from the time used."""
        self._used_before = float(state_dict["used_seconds"])

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Plan the call."""
        self._started = time.monotonic()
        used = float(trainer.global_step) if self._counts_steps else self._used_before
        length = self._length - used if self._counts_steps else self._length
        cooldown = 1.0 if self._only_cooldown else self._cooldown
        if self._only_cooldown and not length:
            length = 0.2 * used
        self.schedule = Schedule.plan(
            used=used, length=length, cooldown=cooldown, warm_up_steps=self._warm_up_steps
        )

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Set the rate of this step."""
        assert self.schedule is not None
        factor = self.schedule.factor(trainer.global_step, self._progress(trainer))
        for optimizer in trainer.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self._peak_rate * factor
        pl_module.log("rate", self._peak_rate * factor)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any
    ) -> None:
        """Stop when the schedule is over."""
        assert self.schedule is not None
        if self.schedule.is_over(self._progress(trainer)):
            trainer.should_stop = True

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save what `--resume` goes on from, before the averaged weights replace the current."""
        trainer.save_checkpoint(self._last_checkpoint)

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Save the same when the user or the machine stops the run."""
        stopped = isinstance(exception, KeyboardInterrupt | SIGTERMException)
        if stopped and trainer.global_step:
            trainer.save_checkpoint(self._last_checkpoint)

    def _progress(self, trainer: pl.Trainer) -> float:
        if self._counts_steps:
            return float(trainer.global_step)
        return float(trainer.strategy.broadcast(self.used_seconds))


class Samples(Callback):
    """Writes what each validation or test showed as one image, and validation figures to the log.

    Args:
        folder: of the images.
        draw: an image of a model's last validation, or None.
        as_shares: whether the figures are shares, to be told in per cent.
    """

    def __init__(
        self,
        folder: Path,
        draw: Callable[[Any], Image.Image | None],
        *,
        as_shares: bool = True,
    ) -> None:
        self._folder = folder
        self._draw = draw
        self._shown = "{} {:.2%}" if as_shares else "{} {:.4f}"

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write `step-N.png`."""
        if not trainer.is_global_zero or trainer.sanity_checking:
            return
        figures = sorted(
            (name, float(value))
            for name, value in trainer.callback_metrics.items()
            if name.startswith("val_")
        )
        _LOG.info(
            "step %d: %s",
            trainer.global_step,
            ", ".join(self._shown.format(name, value) for name, value in figures),
        )
        self._write(trainer, pl_module, f"step-{trainer.global_step:07d}.png")

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write `test.png`."""
        if trainer.is_global_zero:
            self._write(trainer, pl_module, "test.png")

    def _write(self, trainer: pl.Trainer, pl_module: pl.LightningModule, name: str) -> None:
        sheet = self._draw(pl_module)
        if sheet is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / name
        sheet.save(path)
        for logger in trainer.loggers:
            if isinstance(logger, MLFlowLogger):
                logger.experiment.log_artifact(logger.run_id, str(path), "samples")
            elif isinstance(logger, WandbLogger):
                logger.log_image("samples", [str(path)], trainer.global_step)
