"""Training of networks with a decoder: each label is learnt given the true ones before it."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from text_recognizer.errors import OptionError
from text_recognizer.lit_models.experiment import Batch, ExperimentLitModel
from text_recognizer.models.decoder_network import DecoderNetwork
from text_recognizer.models.transformer_decoding import read_images, special_labels
from text_recognizer.training.experiments.options import ExperimentLossOptions


class ExperimentTransformerLitModel(ExperimentLitModel):
    """A network with a decoder in an experiment.

    The loss and the accuracy are of labels given the true ones before; error rates are of texts
    that the network wrote by itself, greedily and with no guard against repetitions.

    Args:
        network: gives logits (N, C, L) of what follows labels (N, L) in images (N, 1, H, W).
        options: loss and optimiser.
        mapping: names of the classes, `<S>`, `<E>` and `<P>` among them.

    Raises:
        OptionError: the mapping lacks one of them.
    """

    network: DecoderNetwork

    def __init__(
        self, network: DecoderNetwork, options: ExperimentLossOptions, *, mapping: Sequence[str]
    ) -> None:
        super().__init__(network, options, mapping=mapping, is_line=True)
        self.special = special_labels(self.mapping)

    def predict_places(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Logits (N, C, L - 1) of all labels but the first, and these labels (N, L - 1)."""
        images, labels = batch
        images = images.contiguous(memory_format=torch.channels_last)
        return self.network(images, labels[:, :-1]), labels[:, 1:]

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy, mean over the labels that are no padding."""
        assert self.padding is not None  # the mapping was checked
        return F.cross_entropy(
            logits,
            labels,
            ignore_index=self.padding,
            label_smoothing=self.options.label_smoothing,
        )

    def read(self, images: Tensor, logits: Tensor) -> list[list[int]]:
        """Labels of each text that the network writes by itself."""
        found = read_images(self.network, images, self.special)
        return [list(text.labels) for text in found]

    def accuracy(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Share of labels named right that are no padding, given the true ones before."""
        is_written = labels.ne(torch.as_tensor(self.padding))
        return logits.argmax(1).eq(labels)[is_written].float().mean()

    def _count_places(self, logits: Tensor, labels: Tensor) -> None:
        """Of the padding the network learns nothing, so no place of it counts."""
        is_written = labels.ne(torch.as_tensor(self.padding))
        n_right = float(logits.argmax(1).eq(labels)[is_written].sum())
        self._counts.add(right=n_right, places=float(is_written.sum()))


def check_tokens(labels: Tensor, mapping: Sequence[str], data_class: str) -> None:
    """Refuses labels of a sample that do not begin with `<S>` and end with `<E>`.

    Raises:
        OptionError: they do not; the sentence says what to change.
    """
    special = special_labels(mapping)
    own = labels.reshape(-1).tolist()
    if own[0] != special.start or special.end not in own:
        raise OptionError(
            f"--loss=transformer needs labels between <S> and <E>, and those of {data_class} stand "
            "alone: EMNISTLines has them with --with_start_end_tokens, EMNISTLines2 always."
        )
