"""Training of a line network by CTC: loss, optimiser, validation CER per source.

Knows nothing about where lines come from or how long a run lasts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from text_recognizer.alphabet import BLANK, Alphabet
from text_recognizer.ctc import decode_greedy
from text_recognizer.data.batches import LineBatch
from text_recognizer.evaluation.metrics import count_edits
from text_recognizer.lit_models.base import BaseLitModel, as_input, sum_over_processes
from text_recognizer.models.line_resnet_lstm import LineResnetLSTM
from text_recognizer.training.options import CTCLossOptions
from text_recognizer.training.record import RunRecord


@dataclass(frozen=True)
class Prediction:
    """One validated line: its normalised image of shape (H, W), uint8, and both texts."""

    image: Tensor
    reference: str
    hypothesis: str
    source: str


class CTCLitModel(BaseLitModel):
    """A line network, trained by CTC with a weighted shortcut head.

    Args:
        network: gives logits of shape (N, T, C) for images of shape (N, 1, H, W).
        alphabet: symbols of the labels.
        options: loss and optimiser.
        sources: names of the validation sources, in the order that batches count them.
        criterion: weights of the sources in `val_cer`; empty: all alike.
        record: what checkpoints remember of the run.
        n_samples: predictions kept of each validation, for looking at.
    """

    def __init__(
        self,
        network: LineResnetLSTM,
        alphabet: Alphabet,
        options: CTCLossOptions,
        *,
        sources: Sequence[str] = (),
        criterion: Mapping[str, float] | None = None,
        record: RunRecord | None = None,
        n_samples: int = 24,
    ) -> None:
        super().__init__(options, record)
        self.network = network
        self.alphabet = alphabet
        self.options = options
        self.sources = tuple(sources)
        self.criterion = dict(criterion or {})
        self.predictions: list[Prediction] = []
        self._n_samples = n_samples
        self._counts = torch.zeros(len(self.sources), 2, dtype=torch.float64)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (N, T, C) of uint8 images of shape (N, 1, H, W), ink 255."""
        logits: Tensor = self.network(as_input(images))
        return logits

    def training_step(self, batch: LineBatch, batch_idx: int) -> Tensor:
        """CTC loss per character of the batch."""
        logits, shortcut = self.network.forward_with_shortcut(as_input(batch.images))
        loss = ctc_loss(logits, batch)
        if self.options.shortcut_weight:
            loss = loss + self.options.shortcut_weight * ctc_loss(shortcut, batch)
        self.log("train_loss", loss, prog_bar=True, batch_size=len(batch.texts))
        return loss

    def on_validation_epoch_start(self) -> None:
        """Start counting edits."""
        self._counts = torch.zeros(len(self.sources), 2, dtype=torch.float64)
        self.predictions = []

    def validation_step(self, batch: LineBatch, batch_idx: int) -> None:
        """Count the edits of one batch."""
        log_probabilities = self(batch.images).float().log_softmax(-1)
        decoded = decode_greedy(log_probabilities.cpu().numpy())
        for i, (reference, source) in enumerate(
            zip(batch.texts, batch.sources.tolist(), strict=True)
        ):
            hypothesis = self.alphabet.decode([run.label for run in decoded[i]])
            self._counts[source, 0] += count_edits(reference, hypothesis)
            self._counts[source, 1] += len(reference)
            if (batch_idx + i) % 7 == 0 and len(self.predictions) < self._n_samples:
                image = batch.images[i, 0].cpu()
                self.predictions.append(
                    Prediction(image, reference, hypothesis, self.sources[source])
                )

    def on_validation_epoch_end(self) -> None:
        """Log the corpus CER of each source and the weighted mean that chooses models."""
        counts = sum_over_processes(self, self._counts)
        cers = {
            name: edits / characters
            for name, (edits, characters) in zip(self.sources, counts.tolist(), strict=True)
            if characters
        }
        for name, cer in cers.items():
            self.log(f"val_cer/{name}", cer)
        if cers:
            self.log("val_cer", weighted_cer(cers, self.criterion), prog_bar=True)


def ctc_loss(logits: Tensor, batch: LineBatch) -> Tensor:
    """Negative log-likelihood of the texts, summed over the batch, per character; float32.

    Trailing paper belongs to the line: all T frames count, and are learnt as blanks.

    Args:
        logits: shape (N, T, C).
        batch: its labels.
    """
    log_probabilities = logits.float().log_softmax(-1).transpose(0, 1)  # (T, N, C)
    n_frames = torch.full((logits.shape[0],), logits.shape[1], dtype=torch.long)
    total = F.ctc_loss(
        log_probabilities,
        batch.labels,
        n_frames.to(batch.n_labels.device),
        batch.n_labels,
        blank=BLANK,
        reduction="sum",
        zero_infinity=True,
    )
    return total / batch.n_labels.sum()


def weighted_cer(cers: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Mean CER by `weights`; sources without a weight count only if none has one."""
    present = {name: weights[name] for name in cers if weights.get(name)}
    present = present or dict.fromkeys(cers, 1.0)
    return sum(cers[name] * weight for name, weight in present.items()) / sum(present.values())
