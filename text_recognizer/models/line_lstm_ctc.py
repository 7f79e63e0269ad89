"""LineLSTMCTC: a LeNet that slides over a line, and one LSTM, `line_lstm_ctc` of the 2019 project.

The original computed and decoded CTC inside the network; here it gives logits, as all others do.
What its lesson names as things to try (two directions, stacked LSTMs, batch norm, convolutions in
place of the sliding LeNet) are options of `LineCNNLSTM`.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from text_recognizer.errors import OptionError
from text_recognizer.models.keras_start import initialise_as_keras
from text_recognizer.models.lenet import LEAST_SIDE, N_FEATURES, lenet_features
from text_recognizer.models.line_network import LineNetwork, count_windows, cut_windows
from text_recognizer.models.option_checks import check_multiple, check_positive

_LSTM_DIM = 128


@dataclass(frozen=True)
class LineLSTMCTCOptions:
    """Windows of the network.

    The defaults are the network's own; the `LineModelCtc` of 2019 trained it with a window of 12
    columns and a stride of 5.

    Attributes:
        window_width: columns of a window, even, 6 or more.
        window_stride: columns from one window to the next.
    """

    window_width: int = 28
    window_stride: int = 14

    def __post_init__(self) -> None:
        check_multiple("window_width", self.window_width, of=2, least=LEAST_SIDE)
        check_positive({"window_stride": self.window_stride})


class LineLSTMCTC(LineNetwork):
    """Logits of the windows of a line, S = floor((W - window_width) / window_stride) + 1.

    Args:
        options: windows of the network.
        input_dims: channels, height and width of a line image; 6 or more rows.
        n_classes: characters told apart, the CTC blank included.
        output_length: labels of a line; None: not known.

    Attributes:
        n_steps: steps S of a line image as wide as `input_dims` says.

    Raises:
        OptionError: too few rows, or fewer windows than labels.
    """

    def __init__(
        self,
        options: LineLSTMCTCOptions,
        *,
        input_dims: tuple[int, int, int],
        n_classes: int,
        output_length: int | None = None,
    ) -> None:
        super().__init__()
        channels, height, width = input_dims
        self.options = options
        self.features = lenet_features(
            (channels, height, options.window_width), network="LineLSTMCTC"
        )
        self.lstm = nn.LSTM(N_FEATURES, _LSTM_DIM, batch_first=True)
        self.output = nn.Linear(_LSTM_DIM, n_classes)
        self.apply(initialise_as_keras)
        self.n_steps = self.count_steps(width)
        if output_length is not None and self.n_steps < output_length:
            raise OptionError(
                f"LineLSTMCTC has {self.n_steps} windows in a line of {width} pixels, fewer than "
                f"its {output_length} labels: take a smaller window_stride."
            )

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (N, n_classes, S) of images of shape (N, C, H, W), float, 0 to 1."""
        options = self.options
        windows = cut_windows(images, window=options.window_width, stride=options.window_stride)
        x = self.features(windows.flatten(0, 1))  # (N * S, 128)
        states, _ = self.lstm(x.reshape(*windows.shape[:2], -1))  # (N, S, 128)
        logits: Tensor = self.output(states)  # (N, S, n_classes)
        return logits.transpose(1, 2)

    def _count_windows(self, width: int) -> int:
        options = self.options
        return count_windows(width, window=options.window_width, stride=options.window_stride)
