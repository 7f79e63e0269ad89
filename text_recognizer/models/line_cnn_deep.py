"""LineCNNDeep: a line by eight convolutions, one as large as a window, and a classifier.

The fully convolutional network of the later 2021 lessons, where it had the name of `LineCNN`.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from text_recognizer.models.line_cnn import StepClassifier, conv_block, initialise_fan_out
from text_recognizer.models.line_network import LineNetwork, count_windows, steps_kept
from text_recognizer.models.option_checks import check_multiple, check_positive, check_side

_DROPOUT = 0.2
_STRIDE = 8  # pixels of the image per cell of the last feature map


@dataclass(frozen=True)
class LineCNNDeepOptions:
    """Shape of the network.

    Windows are laid over every eighth column: the original divided them by 8 and forgot the rest,
    so that strides of 16 to 23 gave one and the same network. Here they must be multiples of 8.

    Attributes:
        conv_dim: channels of the first convolutions; the last have four times as many.
        fc_dim: channels of the window convolution, and units of the hidden layer.
        window_width: columns of the image under a window, a multiple of 8.
        window_stride: columns of the image from one window to the next, a multiple of 8.
        limit_output_length: keep as many steps as a line has labels, the first ones.
        batch_norm: after each convolution, in place of its bias.
    """

    conv_dim: int = 32
    fc_dim: int = 512
    window_width: int = 16
    window_stride: int = 8
    limit_output_length: bool = False
    batch_norm: bool = False

    def __post_init__(self) -> None:
        check_positive({"conv_dim": self.conv_dim, "fc_dim": self.fc_dim})
        check_multiple("window_width", self.window_width, of=_STRIDE)
        check_multiple("window_stride", self.window_stride, of=_STRIDE)


class LineCNNDeep(LineNetwork):
    """Logits of the steps of a line, S = floor((ceil(W / 8) - width) / stride) + 1.

    Width and stride here are those of the window in cells, an eighth of the options. If the height
    is no multiple of 8, the kernel leaves out the last row of cells, as in the original; the cells
    above see all rows of the image nonetheless.

    Args:
        options: shape of the network.
        input_dims: channels, height and width of a line image; the height is at least 8.
        n_classes: characters told apart.
        output_length: labels of a line; needed if `options.limit_output_length`.

    Attributes:
        n_steps: steps S of a line image as wide as `input_dims` says.

    Raises:
        OptionError: too few rows, no room for one window, or a limit without an output length.
    """

    def __init__(
        self,
        options: LineCNNDeepOptions,
        *,
        input_dims: tuple[int, int, int],
        n_classes: int,
        output_length: int | None = None,
    ) -> None:
        super().__init__(limit=steps_kept(options.limit_output_length, output_length))
        channels, height, width = input_dims
        check_side("height", height, least=_STRIDE, network="LineCNNDeep")
        self.options = options
        self.stem = _stem(options, channels)
        self.windows = conv_block(
            4 * options.conv_dim,
            options.fc_dim,
            kernel=(height // _STRIDE, options.window_width // _STRIDE),
            stride=(-(-height // _STRIDE), options.window_stride // _STRIDE),
            padding=0,
            batch_norm=options.batch_norm,
        )
        self.classifier = StepClassifier(options.fc_dim, n_classes, dropout=_DROPOUT)
        self.apply(initialise_fan_out)
        self.n_steps = self.count_steps(width)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (N, n_classes, S) of images of shape (N, C, H, W), float, 0 to 1."""
        x = self.stem(images)  # (N, 4 * conv_dim, ceil(H / 8), ceil(W / 8))
        x = self.windows(x).squeeze(2)[:, :, : self.limit]  # (N, fc_dim, S)
        logits: Tensor = self.classifier(x)
        return logits

    def _count_windows(self, width: int) -> int:
        return count_windows(
            -(-width // _STRIDE),
            window=self.options.window_width // _STRIDE,
            stride=self.options.window_stride // _STRIDE,
        )


def _stem(options: LineCNNDeepOptions, channels: int) -> nn.Sequential:
    dim = options.conv_dim
    outputs = (dim, dim, dim, dim, 2 * dim, 2 * dim, 4 * dim, 4 * dim)
    strides = (1, 1, 2, 1, 2, 1, 2, 1)
    inputs = (channels, *outputs)
    return nn.Sequential(
        *(
            conv_block(n_in, n_out, stride=stride, batch_norm=options.batch_norm)
            for n_in, n_out, stride in zip(inputs, outputs, strides, strict=False)
        )
    )
