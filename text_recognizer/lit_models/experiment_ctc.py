"""Training of any network for lines by CTC."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from text_recognizer.ctc import decode_greedy
from text_recognizer.data.character_mapping import BLANK, PADDING_2019
from text_recognizer.errors import OptionError
from text_recognizer.lit_models.experiment import ExperimentLitModel
from text_recognizer.training.experiments.options import ExperimentLossOptions


class ExperimentCTCLitModel(ExperimentLitModel):
    """A network for lines in an experiment, trained by CTC.

    Args:
        network: gives logits (N, C, S) for images (N, 1, H, W).
        options: loss and optimiser.
        mapping: names of the classes, `<B>` and `<P>` among them, or those of 2019, whose padding
            is the blank.

    Raises:
        OptionError: the mapping has no blank or padding.
    """

    def __init__(
        self, network: nn.Module, options: ExperimentLossOptions, *, mapping: Sequence[str]
    ) -> None:
        super().__init__(network, options, mapping=mapping, is_line=True)
        blank = PADDING_2019 if self._special == (PADDING_2019,) else BLANK
        if blank not in self.mapping or self.padding is None:
            raise OptionError(
                "--loss=ctc needs lines whose mapping has <B> and <P>: give a --data_class of "
                "lines, such as EMNISTLines."
            )
        self.blank = self.mapping.index(blank)

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Negative log-likelihood of the labels before the padding, mean over lines and labels.

        Lines that have more labels than the network has steps count nothing.
        """
        log_probabilities = logits.float().log_softmax(1).permute(2, 0, 1)  # (S, N, C)
        n_steps = torch.full((len(labels),), logits.shape[2], dtype=torch.long)
        n_labels = self.n_labels(labels)
        return F.ctc_loss(
            log_probabilities, labels, n_steps, n_labels.cpu(), blank=self.blank, zero_infinity=True
        )

    def n_labels(self, labels: Tensor) -> Tensor:
        """Labels of each line before its padding, shape (N,)."""
        is_padding = torch.eq(labels, torch.as_tensor(self.padding))
        first = is_padding.int().argmax(1)
        return torch.where(is_padding.any(1), first, labels.shape[1])

    def decode(self, logits: Tensor) -> list[list[int]]:
        """Labels of the best path of each line, repeats merged and blanks left out."""
        scores = logits.detach().float().movedim(1, 2)  # (N, S, C)
        blank_first = scores.roll(-self.blank, 2).cpu().numpy()
        n_classes = len(self.mapping)
        return [
            [(run.label + self.blank) % n_classes for run in runs]
            for runs in decode_greedy(blank_first)
        ]

    def accuracy(self, logits: Tensor, labels: Tensor) -> Tensor | None:
        """None: steps are no places of the text."""
        return None

    def _count_places(self, logits: Tensor, labels: Tensor) -> None:
        """Nothing: steps are no places of the text."""
