"""LineCNNLSTM: LSTMs over the steps of a convolutional line network, so that steps know each other.

The network of the 2021 lesson on lines, with what it names as things to try: one direction only,
attention over the states, batch norm, another stem. Knows nothing about text; meant for CTC.
"""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from text_recognizer.errors import OptionError
from text_recognizer.models.line_cnn import LineCNN, LineCNNOptions
from text_recognizer.models.line_cnn_deep import LineCNNDeep, LineCNNDeepOptions
from text_recognizer.models.line_network import LineNetwork
from text_recognizer.models.option_checks import check_dropout, check_multiple, check_positive

_ENCODER_FIELDS = ("conv_dim", "fc_dim", "window_width", "window_stride")


@dataclass(frozen=True)
class LineCNNLSTMOptions:
    """Shape of the network. The defaults are those of the lesson on lines.

    Attributes:
        encoder: `LineCNN` or `LineCNNDeep`, the network below the LSTMs.
        conv_dim: of the encoder; None: its default.
        fc_dim: of the encoder; None: its default.
        window_width: of the encoder; None: its default.
        window_stride: of the encoder; None: its default.
        limit_output_length: keep as many steps as a line has labels, the first ones; the LSTMs see
            no others.
        stem: of the encoder, `conv` or `lenet`; LineCNNDeep has only `conv`.
        batch_norm: after each convolution, in place of its bias.
        lstm_dim: units of each direction.
        lstm_layers: stacked LSTMs.
        lstm_dropout: between them; without effect on a single one.
        bidirectional: whether a second LSTM reads from the right; the directions are summed.
        attention: whether each step also looks at all the others, by self-attention.
        attention_heads: of it; lstm_dim is a multiple of them.
    """

    encoder: str = "LineCNN"
    conv_dim: int | None = None
    fc_dim: int | None = None
    window_width: int | None = None
    window_stride: int | None = None
    limit_output_length: bool = False
    stem: str = "conv"
    batch_norm: bool = False
    lstm_dim: int = 128
    lstm_layers: int = 2
    lstm_dropout: float = 0.25
    bidirectional: bool = True
    attention: bool = False
    attention_heads: int = 4

    def __post_init__(self) -> None:
        sizes = {"lstm_dim": self.lstm_dim, "lstm_layers": self.lstm_layers}
        check_positive({**sizes, "attention_heads": self.attention_heads})
        check_dropout("lstm_dropout", self.lstm_dropout)
        if self.attention:
            check_multiple("lstm_dim with attention", self.lstm_dim, of=self.attention_heads)
        self.encoder_options()

    def encoder_options(self) -> LineCNNOptions | LineCNNDeepOptions:
        """Options of the encoder.

        Raises:
            OptionError: an encoder or stem that does not exist, or a value the encoder refuses.
        """
        sizes = {name: getattr(self, name) for name in _ENCODER_FIELDS}
        given = {name: value for name, value in sizes.items() if value is not None}
        limit, batch_norm = self.limit_output_length, self.batch_norm
        if self.encoder == "LineCNN":
            return LineCNNOptions(
                **given, limit_output_length=limit, stem=self.stem, batch_norm=batch_norm
            )
        if self.encoder != "LineCNNDeep":
            raise OptionError(f"encoder must be LineCNN or LineCNNDeep, not {self.encoder!r}.")
        if self.stem != "conv":
            raise OptionError(f"stem must be conv with LineCNNDeep, not {self.stem!r}.")
        return LineCNNDeepOptions(**given, limit_output_length=limit, batch_norm=batch_norm)


class LineCNNLSTM(LineNetwork):
    """Logits of the steps of a line; as many steps as the encoder gives.

    Args:
        options: shape of the network.
        input_dims: channels, height and width of a line image.
        n_classes: characters told apart, the CTC blank included.
        output_length: labels of a line; needed if `options.limit_output_length`.

    Attributes:
        n_steps: steps S of a line image as wide as `input_dims` says.

    Raises:
        OptionError: as the encoder says.
    """

    def __init__(
        self,
        options: LineCNNLSTMOptions,
        *,
        input_dims: tuple[int, int, int],
        n_classes: int,
        output_length: int | None = None,
    ) -> None:
        super().__init__()
        self.options = options
        self.encoder = _encoder(
            options, input_dims=input_dims, n_classes=n_classes, output_length=output_length
        )
        self.lstm = nn.LSTM(
            n_classes,
            options.lstm_dim,
            options.lstm_layers,
            bidirectional=options.bidirectional,
            dropout=options.lstm_dropout if options.lstm_layers > 1 else 0.0,
        )
        self.attention: nn.Module = nn.Identity()
        if options.attention:
            self.attention = SelfAttention(options.lstm_dim, options.attention_heads)
        self.output = nn.Linear(options.lstm_dim, n_classes)
        self.n_steps = self.count_steps(input_dims[2])

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (N, n_classes, S) of images of shape (N, C, H, W), float, 0 to 1."""
        x = self.encoder(images).permute(2, 0, 1)  # (S, N, n_classes)
        states, _ = self.lstm(x)  # (S, N, directions * lstm_dim)
        states = states.reshape(*states.shape[:2], -1, self.options.lstm_dim).sum(2)
        logits: Tensor = self.output(self.attention(states))  # (S, N, n_classes)
        return logits.permute(1, 2, 0)

    def _count_windows(self, width: int) -> int:
        return self.encoder.count_steps(width)


def _encoder(
    options: LineCNNLSTMOptions,
    *,
    input_dims: tuple[int, int, int],
    n_classes: int,
    output_length: int | None,
) -> LineCNN | LineCNNDeep:
    below = options.encoder_options()
    if isinstance(below, LineCNNOptions):
        return LineCNN(
            below, input_dims=input_dims, n_classes=n_classes, output_length=output_length
        )
    return LineCNNDeep(
        below, input_dims=input_dims, n_classes=n_classes, output_length=output_length
    )


class SelfAttention(nn.Module):
    """What each state finds in all the others, added to it, with layer norm.

    Source: A. Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.2.2; without
    positions, which the states of an LSTM know.

    Args:
        dim: features of a state.
        n_heads: which share them equally.
    """

    def __init__(self, dim: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.input = nn.Linear(dim, 3 * dim)
        self.output = nn.Linear(dim, dim)
        self.norm = nn.LayerNorm(dim)

    def forward(self, states: Tensor) -> Tensor:
        """States of shape (S, N, dim) from states of the same shape."""
        # torch's own module for attention would fix the sizes in the exported graph.
        n_steps, n_lines, _ = states.shape
        queries, keys, values = (
            x.reshape(n_steps, n_lines, self.n_heads, -1).permute(1, 2, 0, 3)
            for x in self.input(states).chunk(3, dim=2)
        )  # (N, n_heads, S, dim / n_heads) each
        found = F.scaled_dot_product_attention(queries, keys, values)
        found = self.output(found.permute(2, 0, 1, 3).flatten(2))  # (S, N, dim)
        attended: Tensor = self.norm(states + found)
        return attended
