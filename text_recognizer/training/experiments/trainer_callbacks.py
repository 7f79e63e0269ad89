"""What once were flags of the Trainer and are callbacks today."""

from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback
from torch.optim import Optimizer

from text_recognizer.errors import TextRecognizerError


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
