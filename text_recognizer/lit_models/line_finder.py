"""Training of a line finder: losses of its maps, optimiser, lines found on validation pages.

Knows nothing about where pages come from or how a run lasts.
"""

from dataclasses import dataclass
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor
from torch.nn import functional as F

from text_recognizer.models.line_finder_unet import CHANNELS, LineFinderUNet

RIDGE, ENDS, ABOVE, BELOW, AREA = range(len(CHANNELS))
_SMOOTH = 1.0  # of the Dice loss, so that empty pieces have none


@dataclass(frozen=True)
class PageBatch:
    """Pieces of pages.

    Attributes:
        images: normalised, uint8, of shape (N, 1, S, S), ink 255.
        maps: targets in the order of `CHANNELS`, float32, of shape (N, 5, S / 2, S / 2).
        on_ridge: 1 where the two heights say something, of shape (N, S / 2, S / 2).
        weight: 1 where the page is judged, of the same shape.
    """

    images: Tensor
    maps: Tensor
    on_ridge: Tensor
    weight: Tensor


def finder_loss(
    logits: Tensor, batch: PageBatch, *, ends_weight: float, height_weight: float
) -> Tensor:
    """Binary cross entropy and Dice on ridges and area, cross entropy on ends, L1 on heights.

    Args:
        logits: of the network, of shape (N, 5, S / 2, S / 2).
        batch: its targets.
        ends_weight: weight of the line ends, of which there are few pixels.
        height_weight: weight of the heights.
    """
    logits, targets, weight = logits.float(), batch.maps, batch.weight
    total = logits.new_zeros(())
    for channel in (RIDGE, AREA):
        total = total + _cross_entropy(logits[:, channel], targets[:, channel], weight)
        total = total + dice_loss(logits[:, channel], targets[:, channel], weight)
    ends = _cross_entropy(logits[:, ENDS], targets[:, ENDS], weight, positive=10.0)
    judged = batch.on_ridge * weight
    heights = F.smooth_l1_loss(
        logits[:, ABOVE : BELOW + 1], targets[:, ABOVE : BELOW + 1], reduction="none", beta=0.1
    ).mean(dim=1)
    height = (heights * judged).sum() / judged.sum().clamp(min=1.0)
    return total + ends_weight * ends + height_weight * height


def dice_loss(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """One minus twice the overlap over the sum of both, over the whole batch.

    Source: Milletari et al., V-Net, 3DV 2016, section 3, with squares in the denominator.
    """
    found = logits.sigmoid() * weight
    wanted = target * weight
    overlap = 2.0 * (found * wanted).sum() + _SMOOTH
    return 1.0 - overlap / ((found**2).sum() + (wanted**2).sum() + _SMOOTH)


def _cross_entropy(
    logits: Tensor, target: Tensor, weight: Tensor, *, positive: float = 1.0
) -> Tensor:
    losses = F.binary_cross_entropy_with_logits(
        logits, target, reduction="none", pos_weight=logits.new_tensor(positive)
    )
    return (losses * weight).sum() / weight.sum().clamp(min=1.0)


class LineFinderLitModel(pl.LightningModule):
    """A line finder, trained on pieces of pages.

    Args:
        network: gives five maps of images of shape (N, 1, S, S).
        ends_weight: see `finder_loss`.
        height_weight: see `finder_loss`.
        learning_rate: peak rate of AdamW.
        weight_decay: of weights; norms and biases have none.
    """

    def __init__(
        self,
        network: LineFinderUNet,
        *,
        ends_weight: float = 0.5,
        height_weight: float = 0.5,
        learning_rate: float = 2e-3,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__()
        self.network = network
        self._weights = {"ends_weight": ends_weight, "height_weight": height_weight}
        self._rate, self._decay = learning_rate, weight_decay

    def forward(self, images: Tensor) -> Tensor:
        """Maps of uint8 images (N, 1, H, W), ink 255."""
        maps: Tensor = self.network(
            (images.float() / 255.0).contiguous(memory_format=torch.channels_last)
        )
        return maps

    def training_step(self, batch: PageBatch, batch_idx: int) -> Tensor:
        """Loss of a batch."""
        loss = finder_loss(self(batch.images), batch, **self._weights)
        self.log("train_loss", loss, prog_bar=True, batch_size=len(batch.images))
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW with decay on weights only; the rate is set by the schedule of the run."""
        decayed = [p for p in self.parameters() if p.ndim > 1]
        others = [p for p in self.parameters() if p.ndim <= 1]
        groups: list[dict[str, Any]] = [
            {"params": decayed, "weight_decay": self._decay},
            {"params": others, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=self._rate, betas=(0.9, 0.99), fused=True)
