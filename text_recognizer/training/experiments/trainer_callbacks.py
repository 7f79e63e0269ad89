"""What happens beside training: what once were flags of the Trainer, and what a sweep needs."""

import json
import os
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from torch.optim import Optimizer

from text_recognizer.errors import StoppedError, TextRecognizerError


class StopOnNaN(Callback):
    """Ends a run whose loss is no number, with the step in the sentence."""

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, *_: Any
    ) -> None:
        """Look at the loss."""
        loss = outputs["loss"] if isinstance(outputs, dict) else outputs
        if loss is not None and not torch.isfinite(loss).all():
            raise TextRecognizerError(
                f"The loss of step {trainer.global_step} is no number: lower --lr, or clip by "
                "--gradient_clip_val=1."
            )


class GradientNorm(Callback):
    """Records the norm of the gradient at every step.

    Args:
        order: of the norm; 2 is the Euclidean one.
    """

    def __init__(self, order: float) -> None:
        self._order = order

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer
    ) -> None:
        """Record it."""
        norms = [
            parameter.grad.norm(self._order)
            for parameter in pl_module.parameters()
            if parameter.grad is not None
        ]
        if norms:
            pl_module.log("grad_norm", torch.stack(norms).norm(self._order))


class SeededEpochs(Callback):
    """Begins the chance of every epoch anew, so that a run that goes on is as if uninterrupted.

    Args:
        seed: of the experiment.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Another seed for each epoch and process."""
        torch.manual_seed((self._seed << 32) + (trainer.global_rank << 24) + trainer.current_epoch)


class BestOfWholeRun(ModelCheckpoint):
    """The best checkpoint of a run that may go on in another folder, as each call has its own.

    Lightning forgets how good the best one was when the folder is another, so any would be better.
    And it writes the last one after validations only; a run can go on from any epoch.
    """

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Keep the last checkpoint of an epoch without validation, too."""
        super().on_train_epoch_end(trainer, pl_module)
        every = trainer.check_val_every_n_epoch
        if every is not None and (trainer.current_epoch + 1) % every:
            self._save_last_checkpoint(trainer, self._monitor_candidates(trainer))

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from the best one if it is still there; else the next is the best."""
        if Path(state_dict["best_model_path"]).is_file():
            super().load_state_dict({**state_dict, "dirpath": self.dirpath})
        else:
            self.last_model_path = state_dict.get("last_model_path", "")


class MetricsFile(Callback):
    """Adds the figures of every validation to a file, a line of JSON each.

    Args:
        path: of the file; lines that it holds stay.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Add a line."""
        if trainer.sanity_checking or not trainer.is_global_zero:
            return
        figures = {name: float(value) for name, value in trainer.callback_metrics.items()}
        row = {"epoch": trainer.current_epoch, "step": trainer.global_step, **figures}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


class EndsWithParent(Callback):
    """Ends a run whose parent process is gone, so that it does not go on unseen.

    Args:
        parent: number of the process.
    """

    def __init__(self, parent: int) -> None:
        self._parent = parent

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Look for it."""
        self._look(trainer)

    def on_validation_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Look for it."""
        self._look(trainer)

    def _look(self, trainer: pl.Trainer) -> None:
        if trainer.is_global_zero and os.getppid() != self._parent:
            raise StoppedError(f"Process {self._parent}, which started this run, is gone.")
