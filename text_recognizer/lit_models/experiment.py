"""Training of any network that names classes, of characters or of the places of a line.

Losses by name, accuracy with and without padding, error rates of lines. What differs under CTC is
in `experiment_ctc`, and with decoders in `experiment_transformer`. Knows nothing about where images
come from.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Tensor, nn, optim
from torch.nn import functional as F

from text_recognizer.data.character_mapping import padding_label, special_symbols
from text_recognizer.errors import OptionError
from text_recognizer.evaluation.look_alikes import fold_look_alikes
from text_recognizer.evaluation.metrics import count_edits, sample_error_rate
from text_recognizer.lit_models.base import sum_over_processes
from text_recognizer.lit_models.ctc import Prediction
from text_recognizer.training.experiments.options import ExperimentLossOptions

_N_SAMPLES = 24
_FIGURES = (
    "losses", "samples", "edits", "edits_folded", "length", "line_rates", "lines",
    "right", "places", "right_written", "written", "right_folded", "characters",
)  # fmt: skip

_NOT_A_LOSS = (RuntimeError, ValueError, TypeError, IndexError, AttributeError, UserWarning)

Batch = tuple[Tensor, Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass
class Counts:
    """What is counted over a split; sums, so that processes can be added up.

    Attributes:
        values: by `_FIGURES`: losses of batches times their samples, samples, edits, with
            look-alikes taken for one too, characters of the references, error rates of lines
            summed, lines, places that are right, places, right ones that are no padding, places
            that are no padding, single characters that are right with look-alikes taken for one,
            single characters.
    """

    values: Tensor

    @classmethod
    def nothing(cls) -> "Counts":
        """No line yet."""
        return cls(torch.zeros(len(_FIGURES), dtype=torch.float64))

    def add(self, **figures: float) -> None:
        """Add to the sums."""
        for name, value in figures.items():
            self.values[_FIGURES.index(name)] += float(value)

    def rates(self) -> dict[str, float]:
        """Metrics by their names; only those of which something was counted."""
        own = dict(zip(_FIGURES, self.values.tolist(), strict=True))
        parts = {
            "loss": ("losses", "samples"),
            "acc": ("right", "places"),
            "acc_no_padding": ("right_written", "written"),
            "acc_folded": ("right_folded", "characters"),
            "cer": ("edits", "length"),
            "cer_folded": ("edits_folded", "length"),
            "cer_per_sample": ("line_rates", "lines"),
        }
        return {name: own[a] / own[b] for name, (a, b) in parts.items() if own[b]}


class ExperimentLitModel(pl.LightningModule):
    """A network in an experiment.

    Args:
        network: gives logits (N, C) of characters, or (N, C, S) of lines, for images (N, 1, H, W).
        options: loss and optimiser.
        mapping: names of the classes, special symbols among them.
        is_line: whether labels are lines (N, S) and not characters (N,).
    """

    def __init__(
        self,
        network: nn.Module,
        options: ExperimentLossOptions,
        *,
        mapping: Sequence[str],
        is_line: bool,
    ) -> None:
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.options = options
        self.mapping = tuple(mapping)
        self.is_line = is_line
        self.lr = options.lr  # where Lightning's finder looks for it
        self.predictions: list[Prediction] = []
        self.padding = padding_label(self.mapping)
        self._special = special_symbols(self.mapping)
        self._counts = Counts.nothing()
        self._loss: Loss | None = None

    def forward(self, images: Tensor) -> Tensor:
        """Logits of images (N, 1, H, W), float, 0 to 1."""
        logits: Tensor = self.network(images.contiguous(memory_format=torch.channels_last))
        return logits

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The loss of a batch, a number."""
        if self._loss is None:
            self._loss = loss_function(self.options.loss, logits, labels)
        return self._loss(logits, labels)

    def decode(self, logits: Tensor) -> list[list[int]]:
        """Labels of each line or character, special ones among them."""
        best = logits.argmax(1).cpu().numpy()
        return cast(list[list[int]], best.reshape(len(best), -1).tolist())

    def predict_places(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Logits of a batch, and the labels that they are compared with."""
        images, labels = batch
        return self(images), labels

    def read(self, images: Tensor, logits: Tensor) -> list[list[int]]:
        """What a batch is read as: labels of each line or character, special ones among them."""
        return self.decode(logits)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Loss of a batch."""
        logits, labels = self.predict_places(batch)
        loss = self.loss(logits, labels)
        self.log("train_loss", loss, prog_bar=True)
        accuracy = self.accuracy(logits.detach(), labels)
        if accuracy is not None:
            self.log("train_acc", accuracy)
        return loss

    def on_validation_epoch_start(self) -> None:
        """Start counting."""
        self._counts, self.predictions = Counts.nothing(), []

    def on_test_epoch_start(self) -> None:
        """Start counting."""
        self._counts, self.predictions = Counts.nothing(), []

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Count a batch."""
        self._evaluate(batch, "val")

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Count a batch."""
        self._evaluate(batch, "test")

    def on_validation_epoch_end(self) -> None:
        """Log the metrics of the split."""
        self._log_counts("val")

    def on_test_epoch_end(self) -> None:
        """Log the metrics of the split."""
        self._log_counts("test")

    def configure_optimizers(self) -> Any:
        """The optimiser, and a rate that rises and falls once, if asked for."""
        kind = getattr(optim, self.options.optimizer)
        optimizer = kind(self.parameters(), lr=self.lr, weight_decay=self.options.weight_decay)
        if self.options.one_cycle_max_lr is None:
            return optimizer
        scheduler = CappedOneCycle(
            optimizer, self.options.one_cycle_max_lr, total_steps=self._one_cycle_steps()
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }

    def accuracy(self, logits: Tensor, labels: Tensor) -> Tensor | None:
        """Share of places that are right, padding among them; None if they cannot be compared."""
        best = logits.argmax(1)
        return (best == labels).float().mean() if best.shape == labels.shape else None

    def text(self, labels: Sequence[int]) -> str:
        """Characters of labels, special ones left out."""
        names = (self.mapping[label] for label in labels)
        return "".join(name for name in names if name not in self._special)

    def _one_cycle_steps(self) -> int:
        if self.options.one_cycle_total_steps:
            return self.options.one_cycle_total_steps
        steps = self.trainer.estimated_stepping_batches
        if not np.isfinite(steps):
            raise OptionError(
                "--one_cycle_max_lr needs to know how long the run is: give --max_epochs or "
                "--one_cycle_total_steps."
            )
        return int(steps)

    def _evaluate(self, batch: Batch, split: str) -> None:
        images, labels = batch
        logits, places = self.predict_places(batch)
        loss = float(self.loss(logits, places))
        self._counts.add(losses=loss * len(labels), samples=len(labels))
        self._count_places(logits, places)
        rows = labels.reshape(len(labels), -1).tolist()
        for index, (read, true) in enumerate(zip(self.read(images, logits), rows, strict=True)):
            hypothesis, reference = self.text(read), self.text(true)
            self._count_text(reference, hypothesis)
            if len(self.predictions) < _N_SAMPLES:
                image = (255 * images[index, 0]).clamp(0, 255).to(torch.uint8).cpu()
                self.predictions.append(Prediction(image, reference, hypothesis, split))

    def _count_places(self, logits: Tensor, labels: Tensor) -> None:
        best = logits.argmax(1)
        if best.shape != labels.shape:
            return
        right = best == labels
        self._counts.add(right=float(right.sum()), places=labels.numel())
        if self.is_line and self.padding is not None:
            is_written = labels != self.padding
            n_right, n_written = float(right[is_written].sum()), float(is_written.sum())
            self._counts.add(right_written=n_right, written=n_written)

    def _count_text(self, reference: str, hypothesis: str) -> None:
        folded = fold_look_alikes(reference), fold_look_alikes(hypothesis)
        if not self.is_line:
            self._counts.add(right_folded=folded[0] == folded[1], characters=1)
            return
        self._counts.add(
            edits=count_edits(reference, hypothesis),
            edits_folded=count_edits(*folded),
            length=len(reference),
            line_rates=sample_error_rate(reference, hypothesis),
            lines=1,
        )

    def _log_counts(self, split: str) -> None:
        counts = Counts(sum_over_processes(self, self._counts.values))
        for name, rate in counts.rates().items():
            is_shown = name in ("loss", "acc", "cer")
            self.log(f"{split}_{name}", rate, prog_bar=is_shown, sync_dist=True)


class CappedOneCycle(optim.lr_scheduler.OneCycleLR):
    """A rate that rises and falls once, and then stays where it is."""

    def step(self, epoch: int | None = None) -> None:
        """The rate of the next step."""
        if self.last_epoch + 1 < self.total_steps:
            super().step(epoch)


def loss_function(name: str, logits: Tensor, labels: Tensor) -> Loss:
    """A function of `torch.nn.functional` for such logits and labels.

    Functions that want a target of the logits' shape are given the classes one-hot.

    Raises:
        OptionError: it takes neither.
    """
    function = getattr(F, name)

    def of_classes(scores: Tensor, targets: Tensor) -> Tensor:
        return cast(Tensor, function(scores, targets))

    def of_one_hot(scores: Tensor, targets: Tensor) -> Tensor:
        one_hot = F.one_hot(targets, scores.shape[1]).movedim(-1, 1)
        return cast(Tensor, function(scores, one_hot.to(scores.dtype)))

    problems = []
    for loss in (of_classes, of_one_hot):
        try:
            with torch.no_grad(), warnings.catch_warnings():
                warnings.simplefilter("error")  # of sizes that differ and are spread
                value = loss(logits, labels)
            if value.ndim == 0:
                return loss
            problems.append("it gives no single number")
        except _NOT_A_LOSS as error:
            problems.append(str(error).split("\n")[0])
    raise OptionError(
        f"--loss={name} does not take logits {tuple(logits.shape)} and labels "
        f"{tuple(labels.shape)}: {problems[0]}. cross_entropy does, if both have as many places."
    )
