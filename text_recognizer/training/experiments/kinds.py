"""What a data set holds and what a network gives, so that the two can be compared."""

from torch import nn

from text_recognizer.data import BaseDataModule
from text_recognizer.models.decoder_network import DecoderNetwork
from text_recognizer.models.line_network import LineNetwork
from text_recognizer.models.mask_network import MaskNetwork

CHARACTERS, LINES, MASKS = "single characters", "lines", "masks of lines"


def kind_of_data(data: BaseDataModule) -> str:
    """Single characters, lines, or masks: labels of shape (N,), (N, L) or (N, H, W)."""
    n_labels, *others = data.output_dims
    if any(side > 1 for side in others):
        return MASKS
    return LINES if n_labels > 1 else CHARACTERS


def kind_of_network(network: type[nn.Module]) -> str:
    """What a network is for."""
    if issubclass(network, MaskNetwork):
        return MASKS
    return LINES if issubclass(network, LineNetwork | DecoderNetwork) else CHARACTERS
