"""Training of any network that names a class for each pixel of a page: paper, odd or even lines."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from text_recognizer.errors import OptionError
from text_recognizer.lit_models.base import sum_over_processes
from text_recognizer.lit_models.experiment import Batch, ExperimentLitModel
from text_recognizer.training.experiments.options import CTC, ExperimentLossOptions

_N_SAMPLES = 6


@dataclass(frozen=True, eq=False)
class MaskPrediction:
    """A validated page, each of shape (H, W), uint8.

    Attributes:
        image: ink bright on black.
        reference: true classes.
        hypothesis: most likely classes.
    """

    image: Tensor
    reference: Tensor
    hypothesis: Tensor


class PixelCounts:
    """Pixels of a split by true and most likely class, and the losses of its batches.

    Args:
        n_classes: classes of a pixel; class 0 is paper.
    """

    def __init__(self, n_classes: int) -> None:
        self.n_classes = n_classes
        self.values = torch.zeros(n_classes * n_classes + 2, dtype=torch.float64)

    def add(self, loss: float, labels: Tensor, best: Tensor) -> None:
        """Add a batch of masks (N, H, W)."""
        n_classes = self.n_classes
        pairs = torch.bincount((labels * n_classes + best).flatten(), minlength=n_classes**2)
        self.values[:-2] += pairs.cpu().double()
        self.values[-2:] += torch.tensor([loss * len(labels), len(labels)], dtype=torch.float64)

    def rates(self) -> dict[str, float]:
        """Metrics by their names; `iou` only where a class but the paper was there or was found."""
        losses, n_samples = self.values[-2:].tolist()
        if not n_samples:
            return {}
        table = self.values[:-2].reshape(self.n_classes, self.n_classes)  # (true, likely)
        rates = {"loss": losses / n_samples, "acc": float(table.trace() / table.sum())}
        both = table.diagonal()[1:]
        either = table.sum(0)[1:] + table.sum(1)[1:] - both
        if either.any():
            rates["iou"] = float((both / either)[either > 0].mean())
            rates["iou_written"] = float(table[1:, 1:].sum() / (table.sum() - table[0, 0]))
        return rates


class ExperimentSegmentationLitModel(ExperimentLitModel):
    """A network for masks in an experiment.

    Metrics beside the loss: `acc`, the share of right pixels; `iou`, the mean over odd and even
    lines of the pixels that are and were found to be of a class, by those that are or were;
    `iou_written`, the same with odd and even lines taken for one.

    Args:
        network: gives logits (N, C, H, W) for images (N, 1, H, W).
        options: loss and optimiser; the loss takes labels (N, H, W).
        mapping: names of the classes.

    Raises:
        OptionError: the loss is CTC.
    """

    def __init__(
        self, network: nn.Module, options: ExperimentLossOptions, *, mapping: Sequence[str]
    ) -> None:
        if options.loss == CTC:
            raise OptionError(
                "--loss=ctc is for the text of lines, and these are masks of lines: give "
                "--loss=cross_entropy."
            )
        super().__init__(network, options, mapping=mapping, is_line=False)
        self.masks: list[MaskPrediction] = []
        self._pixels = PixelCounts(len(self.mapping))

    def on_validation_epoch_start(self) -> None:
        """Start counting."""
        self._restart()

    def on_test_epoch_start(self) -> None:
        """Start counting."""
        self._restart()

    def _restart(self) -> None:
        self._pixels, self.masks = PixelCounts(len(self.mapping)), []

    def _evaluate(self, batch: Batch, split: str) -> None:
        images, labels = batch
        logits = self(images)
        best = logits.argmax(1)
        self._pixels.add(float(self.loss(logits, labels)), labels, best)
        for image, label, likely in zip(images, labels, best, strict=True):
            if len(self.masks) == _N_SAMPLES:
                return
            ink = (255 * image[0]).clamp(0, 255)
            parts = (part.to(torch.uint8).cpu() for part in (ink, label, likely))
            self.masks.append(MaskPrediction(*parts))

    def _log_counts(self, split: str) -> None:
        self._pixels.values = sum_over_processes(self, self._pixels.values)
        for name, rate in self._pixels.rates().items():
            self.log(f"{split}_{name}", rate, prog_bar=name != "iou_written", sync_dist=True)
