"""LineCNNAllConv: a line by convolutions alone, the `line_cnn_all_conv` of the 2019 project.

The last convolution joins as many neighbouring windows as make one step per label. It needs labels
of a fixed length, one per step, so it cannot be trained with CTC.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from text_recognizer.errors import OptionError
from text_recognizer.models.keras_start import initialise_as_keras
from text_recognizer.models.line_network import LineNetwork, count_windows
from text_recognizer.models.option_checks import check_multiple, check_side

_DROPOUT = 0.2


@dataclass(frozen=True)
class LineCNNAllConvOptions:
    """Windows of the network.

    Attributes:
        window_width: columns of the image under a window, even.
        window_stride: columns of the image from one window to the next, even.
    """

    window_width: int = 28
    window_stride: int = 14

    def __post_init__(self) -> None:
        check_multiple("window_width", self.window_width, of=2)
        check_multiple("window_stride", self.window_stride, of=2)


class LineCNNAllConv(LineNetwork):
    """Logits of the steps of a line, one step per label.

    Columns of zeros are added as Keras does for the width in `input_dims`, and for no other.

    Args:
        options: windows of the network.
        input_dims: channels, height and width of a line image.
        n_classes: characters told apart.
        output_length: labels of a line, which become the steps S.

    Attributes:
        n_steps: steps S of a line image as wide as `input_dims` says; the output length.

    Raises:
        OptionError: too few pixels, no output length, or a number of windows that cannot be joined
            into one step per label.
    """

    def __init__(
        self,
        options: LineCNNAllConvOptions,
        *,
        input_dims: tuple[int, int, int],
        n_classes: int,
        output_length: int | None = None,
    ) -> None:
        super().__init__()
        channels, height, width = input_dims
        check_side("height", height, least=2, network="LineCNNAllConv")
        check_side("width", width, least=2, network="LineCNNAllConv")
        self.options = options
        self._window, self._stride = options.window_width // 2, options.window_stride // 2
        self.stem = _stem(channels)
        self._zeros = same_padding(width // 2, window=self._window, stride=self._stride)
        self.windows = nn.Sequential(
            nn.ZeroPad2d((*self._zeros, 0, 0)),
            nn.Conv2d(64, 128, (height // 2, self._window), stride=(1, self._stride)),
            nn.ReLU(),
            nn.Dropout(_DROPOUT),
        )
        self._joined = windows_per_step(self._count_all(width), output_length)
        self.output = nn.Conv1d(128, n_classes, self._joined, stride=self._joined)
        self.apply(initialise_as_keras)
        self.n_steps = self.count_steps(width)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (N, n_classes, S) of images of shape (N, C, H, W), float, 0 to 1."""
        x = self.stem(images)  # (N, 64, H // 2, W // 2)
        x = self.windows(x).squeeze(2)  # (N, 128, windows)
        logits: Tensor = self.output(x)
        return logits

    def _count_windows(self, width: int) -> int:
        return count_windows(self._count_all(width), window=self._joined, stride=self._joined)

    def _count_all(self, width: int) -> int:
        """Windows before they are joined."""
        n_columns = width // 2 + sum(self._zeros)
        return count_windows(n_columns, window=self._window, stride=self._stride)


def _stem(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, 32, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(_DROPOUT),
    )


def windows_per_step(n_windows: int, output_length: int | None) -> int:
    """Windows that are joined into one step, so that there are as many steps as labels.

    A few windows at the end may be left over, fewer than make a step.

    Raises:
        OptionError: no output length, or no number of windows per step gives as many steps.
    """
    if output_length is None or output_length < 1:
        raise OptionError(
            "LineCNNAllConv gives one step per label of a line, 1 or more: give output_length, "
            f"not {output_length}."
        )
    joined = n_windows // output_length
    if joined and n_windows // joined == output_length:
        return joined
    raise OptionError(
        f"LineCNNAllConv cannot join {n_windows} windows into {output_length} steps, one per "
        "label: take a window_stride that gives a multiple of that number, or a few more."
    )


def same_padding(n_columns: int, *, window: int, stride: int) -> tuple[int, int]:
    """Columns of zeros before and after a map, as the padding `same` of Keras has them.

    There is a window for every stride begun, and an odd column of zeros comes after the map.

    Source: TensorFlow's documentation of `tf.nn.convolution`, section on padding.
    """
    n_windows = -(-n_columns // stride)
    missing = max(0, (n_windows - 1) * stride + window - n_columns)
    return missing // 2, missing - missing // 2
