"""What the training of every network shares: the optimiser, and the record in checkpoints."""

from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor

from text_recognizer.training.options import OptimiserOptions
from text_recognizer.training.record import RECORD_KEY, RunRecord


class BaseLitModel(pl.LightningModule):
    """A network in training.

    Args:
        optimiser: rate and decay of AdamW.
        record: what checkpoints remember of the run.
    """

    def __init__(self, optimiser: OptimiserOptions, record: RunRecord | None = None) -> None:
        super().__init__()
        self.optimiser = optimiser
        self.record = record

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the record of the run, with the last validation's figures."""
        if self.record is not None:
            metrics = {name: float(v) for name, v in self.trainer.callback_metrics.items()}
            checkpoint[RECORD_KEY] = self.record.to_dict(metrics)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW with decay on weights only; the rate is set by the schedule of the run."""
        decayed = [p for p in self.parameters() if p.ndim > 1]
        others = [p for p in self.parameters() if p.ndim <= 1]
        groups: list[dict[str, Any]] = [
            {"params": decayed, "weight_decay": self.optimiser.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(
            groups, lr=self.optimiser.learning_rate, betas=self.optimiser.betas, fused=True
        )


def sum_over_processes(module: pl.LightningModule, counts: Tensor) -> Tensor:
    """What each training process counted, added up, on the CPU."""
    if module.trainer.world_size == 1:
        return counts
    return torch.as_tensor(module.all_gather(counts.to(module.device))).sum(0).cpu()


def as_input(images: Tensor) -> Tensor:
    """Input of a network, 0 to 1, of uint8 images of shape (N, 1, H, W)."""
    return (images.float() / 255.0).contiguous(memory_format=torch.channels_last)
