"""LineCNN: a line by convolutions over all of it, then one as large as a window, then a classifier.

The fully convolutional network of the 2021 lesson on lines, the shallow one of two that had this
name; the other is `LineCNNDeep`, which shares the layers below.

Source: for the other stem, Y. LeCun et al., "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 1998, section VII (a network replicated over a line).
"""

import math
from dataclasses import dataclass

from torch import Tensor, nn

from text_recognizer.errors import OptionError
from text_recognizer.models.line_network import LineNetwork, count_windows, steps_kept
from text_recognizer.models.option_checks import check_multiple, check_positive, check_side

STEMS = {"conv": 2, "lenet": 6}
"""Names of the stems, and the fewest rows and columns of an image that each of them takes."""
_DROPOUT = 0.25
_STEM_DROPOUT = 0.2


@dataclass(frozen=True)
class LineCNNOptions:
    """Shape of the network.

    Attributes:
        conv_dim: channels of the stem; even for the stem `lenet`.
        fc_dim: channels of the window convolution, and units of the hidden layer.
        window_width: columns of the image under a window, even, 6 or more for the stem `lenet`.
        window_stride: columns of the image from one window to the next, even.
        limit_output_length: keep as many steps as a line has labels, the first ones.
        stem: `conv`, three convolutions with padding, the last with stride 2; or `lenet`, two
            without padding and a pooling, which gives exactly what a LeNet gives that slides over
            the line, but computes what windows share once.
        batch_norm: after each convolution, in place of its bias.
    """

    conv_dim: int = 64
    fc_dim: int = 128
    window_width: int = 28
    window_stride: int = 28
    limit_output_length: bool = False
    stem: str = "conv"
    batch_norm: bool = False

    def __post_init__(self) -> None:
        check_positive({"conv_dim": self.conv_dim, "fc_dim": self.fc_dim})
        if self.stem not in STEMS:
            raise OptionError(f"stem must be conv or lenet, not {self.stem!r}.")
        if self.stem == "lenet":
            check_multiple("conv_dim with the stem lenet", self.conv_dim, of=2)
        check_multiple("window_width", self.window_width, of=2, least=STEMS[self.stem])
        check_multiple("window_stride", self.window_stride, of=2)


class LineCNN(LineNetwork):
    """Logits of the steps of a line.

    With the stem `conv`, S = floor((ceil(W / 2) + 2 - window_width / 2) / (window_stride / 2)) + 1;
    with `lenet`, S = floor((W - window_width) / window_stride) + 1.

    The window convolution pads columns by 1, but no rows: with padded rows, as in the original, its
    kernel lies one row too high and leaves out the bottom row. Shapes and parameters are the same.

    Args:
        options: shape of the network.
        input_dims: channels, height and width of a line image.
        n_classes: characters told apart.
        output_length: labels of a line; needed if `options.limit_output_length`.

    Attributes:
        n_steps: steps S of a line image as wide as `input_dims` says.

    Raises:
        OptionError: too few rows, no room for one window, or a limit without an output length.
    """

    def __init__(
        self,
        options: LineCNNOptions,
        *,
        input_dims: tuple[int, int, int],
        n_classes: int,
        output_length: int | None = None,
    ) -> None:
        super().__init__(limit=steps_kept(options.limit_output_length, output_length))
        channels, height, width = input_dims
        check_side("height", height, least=STEMS[options.stem], network="LineCNN")
        self.options = options
        self.stem = _stem(options, channels)
        self.windows = conv_block(
            options.conv_dim,
            options.fc_dim,
            kernel=(
                _map_size(height, options.stem),
                _map_size(options.window_width, options.stem),
            ),
            stride=(1, options.window_stride // 2),
            padding=(0, _padding(options.stem)),
            batch_norm=options.batch_norm,
        )
        self.classifier = StepClassifier(options.fc_dim, n_classes, dropout=_DROPOUT)
        self.apply(initialise_fan_out)
        self.n_steps = self.count_steps(width)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (N, n_classes, S) of images of shape (N, C, H, W), float, 0 to 1."""
        x = self.stem(images)  # (N, conv_dim, rows, columns), see _map_size
        x = self.windows(x).squeeze(2)[:, :, : self.limit]  # (N, fc_dim, S)
        logits: Tensor = self.classifier(x)
        return logits

    def _count_windows(self, width: int) -> int:
        stem = self.options.stem
        return count_windows(
            _map_size(width, stem) + 2 * _padding(stem),
            window=_map_size(self.options.window_width, stem),
            stride=self.options.window_stride // 2,
        )


class StepClassifier(nn.Module):
    """A hidden layer and a classifier, the same for each step.

    Args:
        fc_dim: features of a step, and units of the hidden layer.
        n_classes: characters told apart.
        dropout: between the two.
    """

    def __init__(self, fc_dim: int, n_classes: int, *, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(fc_dim, fc_dim),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(fc_dim, n_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits of shape (N, n_classes, S) of features of shape (N, fc_dim, S)."""
        logits: Tensor = self.layers(x.transpose(1, 2))  # (N, S, n_classes)
        return logits.transpose(1, 2)


def conv_block(
    n_in: int,
    n_out: int,
    *,
    kernel: int | tuple[int, int] = 3,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 1,
    batch_norm: bool = False,
) -> nn.Sequential:
    """A convolution and a ReLU, with batch norm (and no bias) between them if wanted."""
    convolution = nn.Conv2d(n_in, n_out, kernel, stride, padding, bias=not batch_norm)
    norm = [nn.BatchNorm2d(n_out)] if batch_norm else []
    return nn.Sequential(convolution, *norm, nn.ReLU(inplace=True))


def initialise_fan_out(module: nn.Module) -> None:
    """Draws the weights of a convolution or linear layer anew; leaves other modules alone.

    Weights are Kaiming normal by fan out. Biases are uniform in [-bound, bound], bound = 1 /
    sqrt(fan out). The original drew them from a normal distribution with mean -bound and standard
    deviation bound, so that most were negative; the uniform one was probably meant.

    Source: K. He et al., "Delving deep into rectifiers", ICCV 2015, section 2.2 (backward case).
    """
    if not isinstance(module, nn.Conv2d | nn.Linear):
        return
    nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    if module.bias is not None:
        bound = 1 / math.sqrt(module.weight[:, 0].numel())
        nn.init.uniform_(module.bias, -bound, bound)


def _stem(options: LineCNNOptions, channels: int) -> nn.Sequential:
    dim, batch_norm = options.conv_dim, options.batch_norm
    if options.stem == "conv":
        return nn.Sequential(
            conv_block(channels, dim, batch_norm=batch_norm),
            conv_block(dim, dim, batch_norm=batch_norm),
            conv_block(dim, dim, stride=2, batch_norm=batch_norm),
        )
    return nn.Sequential(
        conv_block(channels, dim // 2, padding=0, batch_norm=batch_norm),
        conv_block(dim // 2, dim, padding=0, batch_norm=batch_norm),
        nn.MaxPool2d(2),
        nn.Dropout(_STEM_DROPOUT),
    )


def _map_size(n_pixels: int, stem: str) -> int:
    """Rows or columns of the stem's feature map, of rows or columns of the image."""
    return (n_pixels + 1) // 2 if stem == "conv" else (n_pixels - 4) // 2


def _padding(stem: str) -> int:
    """Columns of zeros on either side of the stem's feature map."""
    return 1 if stem == "conv" else 0
