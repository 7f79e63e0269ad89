"""LineCNNSimple: a character network that slides over a line, one window after the other.

The first line network of the 2021 lessons on text recognition. Neighbouring windows share no work
and know nothing about each other; `LineCNN` computes what they have in common once.
"""

from dataclasses import dataclass

from torch import Tensor

from text_recognizer.models.cnn import CNN, CNNOptions
from text_recognizer.models.line_network import (
    LineNetwork,
    count_windows,
    cut_windows,
    steps_kept,
)
from text_recognizer.models.option_checks import check_multiple, check_positive


@dataclass(frozen=True)
class LineCNNSimpleOptions:
    """Shape of the network.

    Attributes:
        conv_dim: channels of the convolutions.
        fc_dim: units of the hidden layer.
        window_width: columns of a window, even.
        window_stride: columns from one window to the next.
        limit_output_length: keep as many steps as a line has labels, the first ones.
    """

    conv_dim: int = 64
    fc_dim: int = 128
    window_width: int = 28
    window_stride: int = 28
    limit_output_length: bool = False

    def __post_init__(self) -> None:
        sizes = {"conv_dim": self.conv_dim, "fc_dim": self.fc_dim}
        check_positive({**sizes, "window_stride": self.window_stride})
        check_multiple("window_width", self.window_width, of=2)


class LineCNNSimple(LineNetwork):
    """Logits of the windows of a line.

    Args:
        options: shape of the network.
        input_dims: channels, height and width of a line image; the height is even.
        n_classes: characters told apart.
        output_length: labels of a line; needed if `options.limit_output_length`.

    Attributes:
        n_steps: steps S of a line image as wide as `input_dims` says.

    Raises:
        OptionError: an odd height, no room for one window, or a limit without an output length.
    """

    def __init__(
        self,
        options: LineCNNSimpleOptions,
        *,
        input_dims: tuple[int, int, int],
        n_classes: int,
        output_length: int | None = None,
    ) -> None:
        super().__init__(limit=steps_kept(options.limit_output_length, output_length))
        channels, height, width = input_dims
        self.options = options
        self.cnn = CNN(
            CNNOptions(conv_dim=options.conv_dim, fc_dim=options.fc_dim),
            input_dims=(channels, height, options.window_width),
            n_classes=n_classes,
        )
        self.n_steps = self.count_steps(width)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (N, n_classes, S) of images of shape (N, C, H, W), float, 0 to 1."""
        options = self.options
        windows = cut_windows(images, window=options.window_width, stride=options.window_stride)
        windows = windows[:, : self.limit]  # (N, S, C, H, window)
        logits: Tensor = self.cnn(windows.flatten(0, 1))  # (N * S, n_classes)
        return logits.reshape(*windows.shape[:2], -1).transpose(1, 2)

    def _count_windows(self, width: int) -> int:
        options = self.options
        return count_windows(width, window=options.window_width, stride=options.window_stride)
