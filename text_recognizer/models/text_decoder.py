"""TextDecoder: writes the text of an image label by label, looking at the image's features.

A transformer decoder with layer norm behind each sum, as in the 2021 lessons. It gives the logits
of all places of a known text at once, for training, or of one more place, from the keys and values
of the places before, which are computed once. Knows nothing about images, characters or searches.

Source: A. Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3; relative positions,
C. Raffel et al., "Exploring the limits of transfer learning", JMLR 2020, section 2.1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from text_recognizer.errors import OptionError
from text_recognizer.models.option_checks import check_dropout, check_multiple, check_positive
from text_recognizer.models.positional_encoding import PositionalEncoding

ABSOLUTE, RELATIVE = "absolute", "relative"
_START_BOUND = 0.1  # of the weights of embedding and classifier at the start
_N_BUCKETS, _N_EXACT, _FARTHEST = 32, 16, 128  # of distances; those over 16 share buckets


@dataclass(frozen=True)
class DecoderOptions:
    """Shape of a decoder. The defaults are those of the 2021 lessons.

    Attributes:
        tf_dim: features of a place, a multiple of 4 and of `tf_nhead`.
        tf_fc_dim: units of the hidden layer.
        tf_dropout: within the layers.
        tf_layers: how many there are.
        tf_nhead: attention heads of each.
        tf_positions: `absolute` adds the code of its place in the text to each label; `relative`
            tells attention how far back a label is, by a learned number for each head.
    """

    tf_dim: int = 256
    tf_fc_dim: int = 256
    tf_dropout: float = 0.4
    tf_layers: int = 4
    tf_nhead: int = 4
    tf_positions: str = ABSOLUTE

    def __post_init__(self) -> None:
        sizes = {"tf_fc_dim": self.tf_fc_dim, "tf_layers": self.tf_layers}
        check_positive({**sizes, "tf_nhead": self.tf_nhead})
        check_dropout("tf_dropout", self.tf_dropout)
        check_multiple("tf_dim", self.tf_dim, of=math.lcm(4, self.tf_nhead))
        if self.tf_positions not in (ABSOLUTE, RELATIVE):
            raise OptionError(
                f"tf_positions must be {ABSOLUTE} or {RELATIVE}, not {self.tf_positions!r}."
            )


Memory = tuple[Tensor, Tensor]
"""Keys (N, heads, d, M) and values (N, heads, M, d) of an image for one layer."""


class Past(Protocol):
    """The places before, of every layer."""

    def distances(self, place: int) -> Tensor:
        """How far back what `attend` looks at is from `place`, of shape (T,); the last is 0."""

    def attend(
        self, layer: int, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None
    ) -> Tensor:
        """What a new place finds in those before and in itself, which is kept for later ones.

        Args:
            layer: its number.
            query: of shape (N, heads, 1, d), as are key, value and what is returned.
            key: of the new place.
            value: of the new place.
            bias: added to the scores of what is looked at, (heads, 1, T).
        """


@dataclass(frozen=True)
class DecoderStep:
    """What the decoder gives for one more place of N texts.

    Attributes:
        logits: of shape (N, n_classes).
        attention: where the last layer looks, of shape (N, M), mean over heads; rows sum to 1.
    """

    logits: Tensor
    attention: Tensor


class TextDecoder(nn.Module):
    """Logits of the labels that come next.

    Args:
        options: shape.
        n_classes: labels that there are.
    """

    def __init__(self, options: DecoderOptions, *, n_classes: int) -> None:
        super().__init__()
        self.options = options
        self.embedding = nn.Embedding(n_classes, options.tf_dim)
        self.positions = PositionalEncoding()
        self.distances: DistanceBias | None = None
        if options.tf_positions == RELATIVE:
            self.distances = DistanceBias(options.tf_nhead)
        self.layers = nn.ModuleList(DecoderLayer(options) for _ in range(options.tf_layers))
        self.output = nn.Linear(options.tf_dim, n_classes)
        nn.init.uniform_(self.embedding.weight, -_START_BOUND, _START_BOUND)
        nn.init.uniform_(self.output.weight, -_START_BOUND, _START_BOUND)
        nn.init.zeros_(self.output.bias)

    def read_memory(self, features: Tensor) -> list[Memory]:
        """What each layer looks at in features (N, M, tf_dim)."""
        both = [layer.read_memory(features) for layer in self._layers()]
        return [(keys.transpose(2, 3), values) for keys, values in both]

    def forward(self, labels: Tensor, features: Tensor) -> Tensor:
        """Logits (N, n_classes, L) of the labels that follow labels (N, L), given all before."""
        x = self._embed(labels)  # (N, L, tf_dim)
        bias = self._bias(labels.shape[1], x)
        for layer in self._layers():
            x = layer(x, layer.read_memory(features), bias)
        logits: Tensor = self.output(x)  # (N, L, n_classes)
        return logits.transpose(1, 2)

    def step(self, labels: Tensor, place: int, past: Past, memory: Sequence[Memory]) -> DecoderStep:
        """The logits of one more place.

        Args:
            labels: of shape (N,), at `place`.
            place: places before.
            past: what they leave, and this one.
            memory: as `read_memory` gives it.
        """
        x = self._embed(labels[:, None], place)[:, 0]  # (N, tf_dim)
        bias = self.distances(past.distances(place)[None]) if self.distances else None
        shares = x
        for number, layer in enumerate(self._layers()):
            x = layer.look_back(x, (past, number), bias)
            x, shares = layer.look_and_tell(x, memory[number])
        return DecoderStep(self.output(x), shares.mean(1)[:, 0])

    def _layers(self) -> list["DecoderLayer"]:
        return [layer for layer in self.layers if isinstance(layer, DecoderLayer)]

    def _embed(self, labels: Tensor, first: int = 0) -> Tensor:
        x: Tensor = self.embedding(labels) * math.sqrt(self.options.tf_dim)
        return x if self.distances is not None else self.positions(x, first)

    def _bias(self, length: int, x: Tensor) -> Tensor | None:
        """What is added to the attention within the text; None where causal attention is all."""
        if self.distances is None:
            return None
        places = torch.arange(length, device=x.device)
        future = torch.full((length, length), -math.inf, device=x.device).triu(1)
        bias: Tensor = self.distances((places[:, None] - places).clamp(min=0)) + future
        return bias.to(x.dtype)


class DecoderLayer(nn.Module):
    """Attention within the text, attention to the image, a hidden layer; a norm behind each.

    Args:
        options: of the decoder.
    """

    def __init__(self, options: DecoderOptions) -> None:
        super().__init__()
        dim = options.tf_dim
        self.n_heads = options.tf_nhead
        self.text_input = nn.Linear(dim, 3 * dim)
        self.text_output = nn.Linear(dim, dim)
        self.image_query = nn.Linear(dim, dim)
        self.image_input = nn.Linear(dim, 2 * dim)
        self.image_output = nn.Linear(dim, dim)
        self.hidden = nn.Linear(dim, options.tf_fc_dim)
        self.hidden_output = nn.Linear(options.tf_fc_dim, dim)
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(3))
        self.dropout = nn.Dropout(options.tf_dropout)
        for linear in (self.text_input, self.image_query, self.image_input):
            nn.init.xavier_uniform_(linear.weight)
        for linear in (self.text_input, self.text_output, self.image_query, self.image_input,
                       self.image_output):  # fmt: skip
            nn.init.zeros_(linear.bias)

    def read_memory(self, features: Tensor) -> Tensor:
        """Keys and values of features (N, M, dim), of shape (2, N, heads, M, d)."""
        return torch.stack(self._heads(self.image_input(features), 2))

    def forward(self, x: Tensor, memory: Tensor, bias: Tensor | None) -> Tensor:
        """All places of a text at once.

        Args:
            x: of shape (N, L, dim).
            memory: as `read_memory` gives it.
            bias: of attention within the text, (heads, L, L), minus infinity at what comes later;
                None lets each place see those before and no more.
        """
        queries, keys, values = self._heads(self.text_input(x), 3)
        found = F.scaled_dot_product_attention(
            queries, keys, values, attn_mask=bias, is_causal=bias is None, dropout_p=self._rate()
        )
        x = self._add(0, x, self.text_output(_joined(found)))
        (queries,) = self._heads(self.image_query(x), 1)
        keys, values = memory
        found = F.scaled_dot_product_attention(queries, keys, values, dropout_p=self._rate())
        return self._through_hidden(x, _joined(found))

    def look_back(self, x: Tensor, past: tuple[Past, int], bias: Tensor | None) -> Tensor:
        """One place, of shape (N, dim), with what it finds in the text before."""
        query, key, value = self._heads_of_place(self.text_input(x), 3)
        found = past[0].attend(past[1], query, key, value, bias)
        return self._add(0, x, self.text_output(found.reshape(-1, self.text_output.in_features)))

    def look_and_tell(self, x: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """A place (N, dim) with what it finds in the image, through the hidden layer.

        And the shares (N, heads, 1, M) of the image's places in what was found.
        """
        (query,) = self._heads_of_place(self.image_query(x), 1)
        keys, values = memory
        shares = (query / math.sqrt(query.shape[3]) @ keys).softmax(3)
        return self._through_hidden(
            x, (shares @ values).reshape(-1, self.text_output.in_features)
        ), shares

    def _through_hidden(self, x: Tensor, found: Tensor) -> Tensor:
        x = self._add(1, x, self.image_output(found))
        hidden = self._dropped(self.hidden(x).relu())
        return self._add(2, x, self.hidden_output(hidden))

    def _rate(self) -> float:
        return self.dropout.p if self.training else 0.0

    def _dropped(self, x: Tensor) -> Tensor:
        """Asked first, for the sake of speed: a step is many small operations."""
        return self.dropout(x) if self.training else x

    def _add(self, number: int, x: Tensor, found: Tensor) -> Tensor:
        added: Tensor = self.norms[number](x + self._dropped(found))
        return added

    def _heads(self, x: Tensor, n_parts: int) -> list[Tensor]:
        """Parts of shape (N, heads, L, d) of shape (N, L, n_parts * dim)."""
        n_texts, length, dim = x.shape
        d = dim // (n_parts * self.n_heads)
        parts = x.reshape(n_texts, length, n_parts, self.n_heads, d).permute(2, 0, 3, 1, 4)
        return list(parts.unbind(0))

    def _heads_of_place(self, x: Tensor, n_parts: int) -> list[Tensor]:
        """The same of one place: parts of shape (N, heads, 1, d) of shape (N, n_parts * dim)."""
        d = self.text_output.in_features // self.n_heads
        return [part.reshape(-1, self.n_heads, 1, d) for part in x.chunk(n_parts, 1)]


class DistanceBias(nn.Module):
    """A number for each head and each distance between two places of the text.

    Distances from 0 to 15 have numbers of their own; longer ones share them, ever more of them, and
    all from 128 on the same. So the text may be of any length.

    Args:
        n_heads: attention heads.
    """

    def __init__(self, n_heads: int) -> None:
        super().__init__()
        self.numbers = nn.Embedding(_N_BUCKETS, n_heads)
        nn.init.normal_(self.numbers.weight, std=0.02)

    def forward(self, distance: Tensor) -> Tensor:
        """Of shape (n_heads, Q, T), of distances 0 and more, (Q, T)."""
        numbers: Tensor = self.numbers(_bucket(distance))  # (Q, T, n_heads)
        return numbers.permute(2, 0, 1)


def _bucket(distance: Tensor) -> Tensor:
    share = (distance.clamp(min=1) / _N_EXACT).log() / math.log(_FARTHEST / _N_EXACT)
    far = _N_EXACT + (share * (_N_BUCKETS - _N_EXACT)).long()
    return torch.where(distance < _N_EXACT, distance, far.clamp(max=_N_BUCKETS - 1))


def _joined(x: Tensor) -> Tensor:
    """Heads side by side: (N, L, dim) of (N, heads, L, d)."""
    return x.transpose(1, 2).flatten(2)
