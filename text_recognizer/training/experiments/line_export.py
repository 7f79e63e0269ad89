"""The network of an experiment with lines in the form that `LineReader` runs.

Such a network gives a step per window along the line, for an image of a fixed width. The runtime
wants a frame per stride for any width, and an alphabet without special symbols.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from text_recognizer.data.character_mapping import special_symbols
from text_recognizer.errors import OptionError
from text_recognizer.line_input import WIDTH_MULTIPLE
from text_recognizer.models.line_cnn_all_conv import LineCNNAllConv
from text_recognizer.models.line_cnn_lstm import LineCNNLSTM
from text_recognizer.models.line_network import LineNetwork
from text_recognizer.models.line_resnet_lstm import FRAME_STRIDE
from text_recognizer.models.line_resnet_lstm_network import LineResnetLSTMNetwork
from text_recognizer.training.experiments.checkpoint_record import SavedNetwork
from text_recognizer.training.experiments.options import CTC
from text_recognizer.training.tasks import ExportForm


@dataclass(frozen=True)
class Windows:
    """Columns of the image under a window, and from one window to the next."""

    width: int
    stride: int


class FrameScores(nn.Module):
    """Log-probabilities (N, ceil(W / stride), characters + 1) of images (N, 1, H, W).

    Paper is added on the right, so that the last window reaches the end. Special symbols stand for
    no character, as the blank does: the most probable of all these is the blank's score, so the
    best path reads as the network's own does.

    Args:
        network: gives logits (N, C, S).
        windows: of the network.
        saved: mapping and normalisation of the network's data.
    """

    def __init__(self, network: nn.Module, windows: Windows, saved: SavedNetwork) -> None:
        super().__init__()
        self.network = network
        self.windows = windows
        self.mean, self.deviation = saved.record.normalisation
        mapping = saved.record.mapping
        special = special_symbols(mapping)
        self._special = [i for i, name in enumerate(mapping) if name in special]
        self._characters = [i for i, name in enumerate(mapping) if name not in special]

    def forward(self, image: Tensor) -> Tensor:
        """Scores of images, float, paper 0, ink 1."""
        width, stride = self.windows.width, self.windows.stride
        n_frames = (image.shape[3] + stride - 1) // stride
        image = F.pad(image, (0, width))[..., : (n_frames - 1) * stride + width]
        logits = self.network((image - self.mean) / self.deviation)[:, :, :n_frames]
        blank = logits[:, self._special].amax(1, keepdim=True)
        scores = torch.cat([blank, logits[:, self._characters]], 1)  # (N, characters + 1, frames)
        return scores.transpose(1, 2).log_softmax(2)


def line_form(saved: SavedNetwork, windows: Windows) -> ExportForm:
    """How a network for lines is stored as ONNX."""
    height = saved.record.input_dims[1]
    sizes = ((2, 4), (1, 1), (2, 11), (3, 16))
    return ExportForm(
        FrameScores(saved.network, windows, saved),
        "scores",
        {"image": {0: "N", 3: "W"}, "scores": {0: "N", 1: "T"}},
        [(n, 1, height, k * WIDTH_MULTIPLE) for n, k in sizes],
    )


def line_windows(saved: SavedNetwork) -> Windows:
    """Windows of a network that reads lines of any width.

    Raises:
        OptionError: it was not trained by CTC, or does not read all of a line.
    """
    network, loss = saved.network, saved.record.config["loss"]
    name = saved.record.config["model_class"]
    if loss != CTC:
        raise OptionError(
            f"{name} was trained by --loss={loss}, which reads lines of one length: train by "
            "--loss=ctc for a model that reads images."
        )
    if not isinstance(network, LineNetwork) or isinstance(network, LineCNNAllConv):
        raise OptionError(f"{name} reads lines of one length: train another network.")
    if isinstance(network, LineResnetLSTMNetwork):
        return Windows(FRAME_STRIDE, FRAME_STRIDE)
    below: LineNetwork = network.encoder if isinstance(network, LineCNNLSTM) else network
    if below.limit is not None:
        raise OptionError(
            f"{name} was trained with --limit_output_length, which cuts lines off: train without."
        )
    options: Any = below.options
    return Windows(options.window_width, options.window_stride)
