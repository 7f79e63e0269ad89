"""Training of a line finder: losses of its maps, optimiser, lines found on validation pages.

Knows nothing about where pages come from or how a run lasts.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from text_recognizer.data.handwriting_pages import PageBatch
from text_recognizer.lit_models.base import BaseLitModel
from text_recognizer.models.line_finder_unet import CHANNELS, LineFinderUNet
from text_recognizer.training.options import FinderLossOptions
from text_recognizer.training.record import RunRecord

RIDGE, ENDS, ABOVE, BELOW, AREA = range(len(CHANNELS))
_SMOOTH = 1.0  # of the Dice loss, so that empty pieces have none


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


class LineFinderLitModel(BaseLitModel):
    """A line finder, trained on pieces of pages.

    Args:
        network: gives five maps of images of shape (N, 1, S, S).
        options: loss and optimiser.
        record: what checkpoints remember of the run.
    """

    def __init__(
        self,
        network: LineFinderUNet,
        options: FinderLossOptions,
        *,
        record: RunRecord | None = None,
    ) -> None:
        super().__init__(options, record)
        self.network = network
        self.options = options

    def forward(self, images: Tensor) -> Tensor:
        """Maps of uint8 images (N, 1, H, W), ink 255."""
        images = (images.float() / 255.0).contiguous(memory_format=torch.channels_last)
        maps: Tensor = self.network(images)
        return maps

    def training_step(self, batch: PageBatch, batch_idx: int) -> Tensor:
        """Loss of a batch."""
        loss = finder_loss(
            self(batch.images),
            batch,
            ends_weight=self.options.ends_weight,
            height_weight=self.options.height_weight,
        )
        self.log("train_loss", loss, prog_bar=True, batch_size=len(batch.images))
        return loss
