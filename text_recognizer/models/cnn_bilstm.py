"""CNNBiLSTM: the first stages of a ResNet34, and an LSTM in both directions at each of some scales.

The network of the notebook `handwriting_recognition`, with steps that are places along the line.
Knows nothing about text; meant for CTC.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from text_recognizer.errors import OptionError
from text_recognizer.models.line_network import LineNetwork
from text_recognizer.models.option_checks import check_positive
from text_recognizer.models.resnet import ResNetBody

_DROPOUT = 0.5
_N_STAGES = {4: 1, 3: 2, 2: 3, 1: 4}  # by the layers that the original cut off at the end
_START_DEVIATION = 0.01  # of the downsampler's weights
_LINE_DIMS = (1, 60, 800)
_N_CLASSES = 81


@dataclass(frozen=True)
class CNNBiLSTMOptions:
    """Shape of the network, by the names of the notebook.

    The defaults are those of the original class; the notebook took 512 `rnn_hidden_states`, 2
    `rnn_layers` and a `max_seq_len` of 160.

    Attributes:
        num_downsamples: scales, each with an LSTM of its own; each next one has half the size.
        resnet_layer_id: parts of a ResNet34 that are left out at its end: 4 keeps the first stage
            of blocks, 3, 2 and 1 one more each.
        rnn_hidden_states: units of each direction.
        rnn_layers: stacked LSTMs.
        max_seq_len: steps of a training line at most.
    """

    num_downsamples: int = 2
    resnet_layer_id: int = 4
    rnn_hidden_states: int = 200
    rnn_layers: int = 1
    max_seq_len: int = 100

    def __post_init__(self) -> None:
        names = ("num_downsamples", "rnn_hidden_states", "rnn_layers", "max_seq_len")
        check_positive({name: getattr(self, name) for name in names})
        if self.resnet_layer_id not in _N_STAGES:
            raise OptionError(f"resnet_layer_id must be 1 to 4, not {self.resnet_layer_id}.")


class CNNBiLSTM(LineNetwork):
    """Logits of the steps of a line, S = ceil(W / stride).

    The stride is the smallest whole number of pixels that gives a training line `max_seq_len` steps
    or fewer: 5 for 800 pixels and 160 steps. At every scale a step sees the columns of the feature
    map at its middle, weighted by how near they are. What differs from the original: that cut the
    values of a map into `max_seq_len` equal slices, 1.25 and 0.625 columns long, so that a slice
    began within a column and scales that did not divide evenly were refused. The LSTMs have fewer
    weights for it, 960 and 448 values a step in place of 1,200 and 280: 23.0 million in all where
    the notebook had 23.3. Its ResNet knew ImageNet; this one starts from chance.

    Args:
        options: shape of the network; None makes them of the names of the notebook below.
        input_dims: channels, height and width of a line image.
        n_classes: characters told apart, the CTC blank included.
        output_length: labels of a line; any number.
        num_downsamples: see the options.
        resnet_layer_id: see the options.
        rnn_hidden_states: see the options.
        rnn_layers: see the options.
        max_seq_len: see the options.
        ctx: device that the weights are put on; None leaves them where they are made.

    Attributes:
        stride: pixels of a step.
        n_steps: steps S of a line image as wide as `input_dims` says.

    Raises:
        OptionError: the image is too low or too narrow for the scales, or options are given twice.
    """

    def __init__(
        self,
        options: CNNBiLSTMOptions | None = None,
        *,
        input_dims: tuple[int, int, int] = _LINE_DIMS,
        n_classes: int = _N_CLASSES,
        output_length: int | None = None,
        num_downsamples: int | None = None,
        resnet_layer_id: int | None = None,
        rnn_hidden_states: int | None = None,
        rnn_layers: int | None = None,
        max_seq_len: int | None = None,
        ctx: str | torch.device | None = None,
    ) -> None:
        super().__init__()
        named = {
            "num_downsamples": num_downsamples,
            "resnet_layer_id": resnet_layer_id,
            "rnn_hidden_states": rnn_hidden_states,
            "rnn_layers": rnn_layers,
            "max_seq_len": max_seq_len,
        }
        self.options = options = _options(options, named)
        channels, height, width = input_dims
        n_stages = _N_STAGES[options.resnet_layer_id]
        self.body = ResNetBody(34, channels=channels, n_stages=n_stages)
        features = self.body.out_channels
        self.downsampler = _downsampler(features)
        rows = _rows(height, n_stages, options.num_downsamples)
        self.encoders = nn.ModuleList(_lstm(features * n, options) for n in rows)
        self.dropout = nn.Dropout(_DROPOUT)
        states = 2 * options.rnn_hidden_states * options.num_downsamples
        self.output = nn.Linear(states, n_classes)
        nn.init.xavier_uniform_(self.output.weight)
        nn.init.zeros_(self.output.bias)
        self._column_px = 2 ** (n_stages + 1)
        self.stride = -(-width // options.max_seq_len)
        self.n_steps = self.count_steps(width)
        if ctx is not None:
            self.to(ctx)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (N, n_classes, S) of images of shape (N, C, H, W), float, 0 to 1."""
        n_steps = (images.shape[3] + self.stride - 1) // self.stride
        middles = (torch.arange(n_steps, device=images.device) + 0.5) * self.stride  # pixels
        x = self.body(images)
        found = []
        for scale, encoder in enumerate(self.encoders):
            if scale:
                x = self.downsampler(x)
            columns = sample_columns(x.flatten(1, 2), middles / (self._column_px * 2**scale))
            states, _ = encoder(columns.permute(2, 0, 1))  # (S, N, 2 * rnn_hidden_states)
            found.append(self.dropout(states))
        logits: Tensor = self.output(torch.cat(found, 2))  # (S, N, n_classes)
        return logits.permute(1, 2, 0)

    def _count_windows(self, width: int) -> int:
        has_columns = width >= self._column_px * 2 ** (self.options.num_downsamples - 1)
        return -(-width // self.stride) if has_columns else 0


def sample_columns(features: Tensor, places: Tensor) -> Tensor:
    """Columns of shape (N, C, S) at places, between two columns a mixture of both.

    Args:
        features: of shape (N, C, W).
        places: of shape (S,), in columns from the left edge, so that a column's middle is at 0.5;
            beyond the middles of the outer columns, these stand for themselves.
    """
    last = features.shape[2] - 1
    places = (places - 0.5).clamp(min=0)
    left = places.floor()
    share = (places - left).to(features.dtype)
    first = left.long().clamp(max=last)
    second = (left.long() + 1).clamp(max=last)
    return features[:, :, first] * (1 - share) + features[:, :, second] * share


def _options(options: CNNBiLSTMOptions | None, named: dict[str, int | None]) -> CNNBiLSTMOptions:
    given: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    if options is None:
        return CNNBiLSTMOptions(**given)
    if given:
        raise OptionError(f"CNNBiLSTM has options already: leave out {', '.join(given)}.")
    return options


def _downsampler(features: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(2):
        convolution = nn.Conv2d(features, features, 3, padding=1)
        nn.init.normal_(convolution.weight, std=_START_DEVIATION)
        nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]  # there is one
        layers += [convolution, nn.BatchNorm2d(features), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.MaxPool2d(2))


def _rows(height: int, n_stages: int, n_scales: int) -> list[int]:
    """Rows of the feature maps of each scale.

    Raises:
        OptionError: a scale would have none.
    """
    rows = height
    for _ in range(n_stages + 1):
        rows = (rows + 1) // 2
    scales = [rows // 2**scale for scale in range(n_scales)]
    if scales[-1] < 1:
        raise OptionError(
            f"Images {height} pixels high leave no row for {n_scales} scales: give fewer "
            "num_downsamples, or a larger resnet_layer_id."
        )
    return scales


def _lstm(n_values: int, options: CNNBiLSTMOptions) -> nn.LSTM:
    lstm = nn.LSTM(n_values, options.rnn_hidden_states, options.rnn_layers, bidirectional=True)
    for name, weights in lstm.named_parameters():
        if "weight" in name:
            nn.init.xavier_uniform_(weights)
    return lstm
