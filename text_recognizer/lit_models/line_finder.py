"""Training of a line finder: losses of its maps, optimiser, lines found on validation pages.

Knows nothing about where pages come from or how a run lasts.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from text_recognizer.data.handwriting_pages import PageBatch
from text_recognizer.data.page_crops import PageMaterial
from text_recognizer.evaluation.line_finding import FindingCounts
from text_recognizer.evaluation.page_evaluation import count_lines, match_places
from text_recognizer.grey_image import GreyImage
from text_recognizer.layout import FoundLine, find_lines
from text_recognizer.lit_models.base import BaseLitModel, as_input, sum_over_processes
from text_recognizer.models.line_finder_unet import CHANNELS, LineFinderUNet, as_runtime_maps
from text_recognizer.training.options import FinderLossOptions
from text_recognizer.training.record import RunRecord

RIDGE, ENDS, ABOVE, BELOW, AREA = range(len(CHANNELS))
_SMOOTH = 1.0  # of the Dice loss, so that empty pieces have none


@dataclass(frozen=True, eq=False)
class FinderSample:
    """A validated page and the lines that were found on it."""

    image: GreyImage
    lines: list[FoundLine]


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
        n_samples: pages kept of each validation, for looking at.
    """

    def __init__(
        self,
        network: LineFinderUNet,
        options: FinderLossOptions,
        *,
        record: RunRecord | None = None,
        n_samples: int = 6,
    ) -> None:
        super().__init__(options, record)
        self.network = network
        self.options = options
        self.samples: list[FinderSample] = []
        self._n_samples = n_samples
        self._counts = FindingCounts()

    def forward(self, images: Tensor) -> Tensor:
        """Maps of uint8 images (N, 1, H, W), ink 255."""
        maps: Tensor = self.network(as_input(images))
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

    def on_validation_epoch_start(self) -> None:
        """Start counting lines."""
        self._counts = FindingCounts()
        self.samples = []

    def validation_step(self, page: PageMaterial, batch_idx: int) -> None:
        """Find the lines of a page, as they are found in use, and count them."""
        found = find_lines(page.image, self.draw_maps)
        places = [line.place for line in page.lines]
        self._counts += count_lines(places, found, match_places(places, found))
        if len(self.samples) < self._n_samples:
            self.samples.append(FinderSample(page.image, found))

    def on_validation_epoch_end(self) -> None:
        """Log recall and precision, and one less their harmonic mean, which chooses models."""
        totals = torch.tensor(
            [
                self._counts.n_reference,
                self._counts.n_found,
                self._counts.n_matched,
                self._counts.n_ignored,
            ],
            dtype=torch.float64,
        )
        counts = FindingCounts(*(int(total) for total in sum_over_processes(self, totals)))
        f1 = counts.f1
        if f1 is None:
            return
        self.log("val_recall", counts.recall or 0.0)
        self.log("val_precision", counts.precision or 0.0)
        self.log("val_error", 1.0 - f1, prog_bar=True)

    def draw_maps(self, page: GreyImage) -> NDArray[np.float32]:
        """What the runtime gets of a normalised page (H, W): maps (4, H / 2, W / 2)."""
        image = torch.from_numpy(page)[None, None].to(self.device)
        with torch.inference_mode():
            maps = as_runtime_maps(self(image).float())[0]
        return np.asarray(maps.cpu().numpy(), dtype=np.float32)
