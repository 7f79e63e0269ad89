"""LineResnetLSTM, the network of the shipped line models, for experiments: to compare others with.

It takes images of any size, gives classes before steps as the other networks of experiments do,
and its options are plain values.
"""

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F

from text_recognizer.models.line_network import LineNetwork
from text_recognizer.models.line_resnet_lstm import (
    FRAME_STRIDE,
    ROW_STRIDE,
    LineResnetLSTM,
    LineResnetLSTMOptions,
)
from text_recognizer.models.option_checks import check_dropout, check_positive


@dataclass(frozen=True)
class LineResnetLSTMNetworkOptions:
    """Shape of the network. The defaults are those of the recipe `line-cpu`.

    Attributes:
        conv_dim: channels of the stem and the first residual block; the next have 2 and 4 times
            as many.
        lstm_dim: units of each direction.
        lstm_layers: stacked BiLSTMs.
        stack: neighbouring frames that one step of the BiLSTMs takes in and gives out: 1, 2 or 4.
        dropout: before each BiLSTM and before the last layer.
    """

    conv_dim: int = 32
    lstm_dim: int = 256
    lstm_layers: int = 2
    stack: int = 2
    dropout: float = 0.1

    def __post_init__(self) -> None:
        sizes = {"conv_dim": self.conv_dim, "lstm_dim": self.lstm_dim}
        check_positive({**sizes, "lstm_layers": self.lstm_layers})
        check_dropout("dropout", self.dropout)
        self.shape(ROW_STRIDE)

    def shape(self, height: int) -> LineResnetLSTMOptions:
        """Options of the network for images with so many rows, a multiple of 16.

        Raises:
            OptionError: a value is not allowed.
        """
        dim = self.conv_dim
        return LineResnetLSTMOptions(
            height=height,
            stem=dim,
            groups=((1, dim), (1, 2 * dim), (1, 4 * dim)),
            lstm_dim=self.lstm_dim,
            lstm_layers=self.lstm_layers,
            stack=self.stack,
            dropout=self.dropout,
        )


class LineResnetLSTMNetwork(LineNetwork):
    """Logits of the steps of a line, S = ceil(W / (4 * stack)) * stack.

    Args:
        options: shape of the network.
        input_dims: channels, 1, height and width of a line image.
        n_classes: characters told apart, the CTC blank included.
        output_length: labels of a line; of no use here.

    Attributes:
        n_steps: steps S of a line image as wide as `input_dims` says.
    """

    def __init__(
        self,
        options: LineResnetLSTMNetworkOptions,
        *,
        input_dims: tuple[int, int, int],
        n_classes: int,
        output_length: int | None = None,
    ) -> None:
        super().__init__()
        self.options = options
        self.rows = -(-input_dims[1] // ROW_STRIDE) * ROW_STRIDE
        self.network = LineResnetLSTM(options.shape(self.rows), n_classes)
        self.network.shortcut.requires_grad_(False)  # only the recipes' training has a use for it
        self.n_steps = self.count_steps(input_dims[2])

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (N, n_classes, S) of images of shape (N, 1, H, W), ink 1, paper 0."""
        rows, columns = self.rows - images.shape[2], -images.shape[3] % self._columns_a_step
        logits: Tensor = self.network(F.pad(images, (0, columns, 0, rows)))
        return logits.transpose(1, 2)

    @property
    def _columns_a_step(self) -> int:
        return FRAME_STRIDE * self.options.stack

    def _count_windows(self, width: int) -> int:
        return -(-width // self._columns_a_step) * self.options.stack
