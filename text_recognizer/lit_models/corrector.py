"""Training of a corrector: loss of its tags, and what it makes of real pairs.

Knows nothing about where the noise comes from.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from text_recognizer.data.noisy_text import NoisyBatch
from text_recognizer.evaluation.metrics import count_edits
from text_recognizer.language.edit_tags import NOTHING, EditSymbols, apply_tags
from text_recognizer.lit_models.base import BaseLitModel, sum_over_processes
from text_recognizer.models.edit_tagger import EditTagger
from text_recognizer.training.options import CorrectorLossOptions
from text_recognizer.training.record import RunRecord

_IGNORED = -1
_N_SAMPLES = 60  # lines kept of each validation, for looking at


class CorrectorLitModel(BaseLitModel):
    """An edit tagger in training.

    Args:
        network: gives the tags.
        symbols: numbers of the characters.
        options: loss and optimiser.
        record: what checkpoints remember of the run.
    """

    def __init__(
        self,
        network: EditTagger,
        symbols: EditSymbols,
        options: CorrectorLossOptions,
        *,
        record: RunRecord | None = None,
    ) -> None:
        super().__init__(options, record)
        self.network = network
        self.symbols = symbols
        self.options = options
        self.corrections: list[tuple[str, str, str]] = []
        self._counts = torch.zeros(3, dtype=torch.float64)

    def forward(self, symbols: Tensor) -> Tensor:
        """Log-probabilities of shape (N, L, 2, n_tags)."""
        tags: Tensor = self.network(symbols)
        return tags

    def training_step(self, batch: NoisyBatch, batch_idx: int) -> Tensor:
        """Loss of the tags, and the weighted loss of what both directions foretell."""
        tags, following, previous = self.network.forward_with_language(batch.symbols)
        loss = tag_loss(tags, batch)
        self.log("train_loss", loss, prog_bar=True, batch_size=len(batch.texts))
        language = foretelling_loss(following, previous, batch)
        self.log("language_loss", language, prog_bar=True, batch_size=len(batch.texts))
        return loss + self.options.language_weight * language

    def on_validation_epoch_start(self) -> None:
        """Start counting edits."""
        self.corrections = []
        self._counts = torch.zeros(3, dtype=torch.float64)

    def validation_step(self, batch: NoisyBatch, batch_idx: int) -> None:
        """Count the edits left when every tag is taken that is likelier than not."""
        tags = self(batch.symbols).float().exp().cpu().numpy()
        for own, text, read in zip(tags, batch.texts, batch.read, strict=True):
            corrected = apply_tags(read, own, self.symbols)
            edits = [count_edits(text, corrected), count_edits(text, read), len(text)]
            self._counts += torch.tensor(edits, dtype=torch.float64)
            if corrected != read and len(self.corrections) < _N_SAMPLES:
                self.corrections.append((text, read, corrected))

    def on_validation_epoch_end(self) -> None:
        """Log the corpus CER after correction, and that of what was read."""
        corrected, read, length = sum_over_processes(self, self._counts).tolist()
        if length:
            self.log("val_cer", corrected / length, prog_bar=True)
            self.log("val_cer_read", read / length)


def tag_loss(tags: Tensor, batch: NoisyBatch) -> Tensor:
    """Negative log-likelihood of the tags of a place, mean over the places that have them."""
    own = F.nll_loss(tags[:, :, 0].flatten(0, 1), batch.own.flatten(), ignore_index=_IGNORED)
    missing = F.nll_loss(
        tags[:, :, 1].flatten(0, 1), batch.missing.flatten(), ignore_index=_IGNORED
    )
    return own + missing


def foretelling_loss(following: Tensor, previous: Tensor, batch: NoisyBatch) -> Tensor:
    """Cross-entropy of the true character after and before each place, mean of both.

    Args:
        following: logits of the character after each place, shape (N, L, n_tags).
        previous: logits of the character before each place, likewise.
        batch: its tags.
    """
    own = batch.own.masked_fill(batch.own == NOTHING, _IGNORED)  # what was added says nothing
    after = F.cross_entropy(
        following[:, :-1].flatten(0, 1), own[:, 1:].flatten(), ignore_index=_IGNORED
    )
    before = F.cross_entropy(
        previous[:, 1:].flatten(0, 1), own[:, :-1].flatten(), ignore_index=_IGNORED
    )
    return (after + before) / 2
