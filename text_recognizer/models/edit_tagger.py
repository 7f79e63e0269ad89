"""EditTagger: of every character, what the true text has in its place, and what is missing after.

One LSTM reads a line forwards, one backwards; two heads look at both. One pass and no decoder, so a
line is never cut short or repeated. In training both LSTMs also foretell the next character of the
true text: few characters are wrong, and from these alone a language is learnt slowly.

Source: M. Peters et al., "Deep Contextualized Word Representations", NAACL 2018, section 3.1 (two
language models, one in either direction).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from text_recognizer.errors import OptionError


@dataclass(frozen=True)
class EditTaggerOptions:
    """Size of an edit tagger.

    Attributes:
        embedding: numbers a character is turned into.
        lstm_dim: of each direction.
        lstm_layers: of each direction.
        joint_dim: of what is made of both directions.
        dropout: between layers, and before the heads.
    """

    embedding: int = 64
    lstm_dim: int = 224
    lstm_layers: int = 2
    joint_dim: int = 192
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if min(self.embedding, self.lstm_dim, self.lstm_layers, self.joint_dim) < 1:
            raise OptionError("network.embedding, lstm_dim, lstm_layers and joint_dim are over 0.")
        if not 0 <= self.dropout < 1:
            raise OptionError(f"network.dropout is at least 0 and below 1, not {self.dropout}.")


class EditTagger(nn.Module):
    """Log-probabilities of the tags of every place.

    Args:
        options: of its size.
        n_symbols: of the texts, padding and the unknown one among them.
        n_tags: nothing, and the characters.
    """

    def __init__(self, options: EditTaggerOptions, *, n_symbols: int, n_tags: int) -> None:
        super().__init__()
        self.options = options
        self.embedding = nn.Embedding(n_symbols, options.embedding)
        self.forwards, self.backwards = (
            nn.LSTM(
                options.embedding,
                options.lstm_dim,
                options.lstm_layers,
                batch_first=True,
                dropout=options.dropout if options.lstm_layers > 1 else 0.0,
            )
            for _ in range(2)
        )
        self.joint = nn.Linear(2 * options.lstm_dim, options.joint_dim)
        self.own = nn.Linear(options.joint_dim, n_tags)
        self.missing = nn.Linear(options.joint_dim, n_tags)
        self.next = nn.Linear(options.lstm_dim, n_tags)
        self.previous = nn.Linear(options.lstm_dim, n_tags)

    def forward(self, symbols: Tensor) -> Tensor:
        """Log-probabilities of shape (N, L, 2, n_tags) of symbols (N, L), int64.

        The first row of a place is of its character, the second of the gap after it.
        """
        return self._tags(*self._states(symbols))

    def forward_with_language(self, symbols: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The tags, and logits of the characters after and before each place, (N, L, n_tags)."""
        after, before = self._states(symbols)
        return self._tags(after, before), self.next(after), self.previous(before)

    def _states(self, symbols: Tensor) -> tuple[Tensor, Tensor]:
        """States that know the line up to each place, and from it on, each (N, L, lstm_dim)."""
        embedded = self.embedding(symbols)  # (N, L, embedding)
        after, _ = self.forwards(embedded)
        before, _ = self.backwards(embedded.flip(1))
        return after, before.flip(1)

    def _tags(self, after: Tensor, before: Tensor) -> Tensor:
        joint = F.gelu(self.joint(torch.cat([after, before], dim=2)))  # (N, L, joint_dim)
        joint = F.dropout(joint, self.options.dropout, self.training)
        logits = torch.stack([self.own(joint), self.missing(joint)], dim=2)
        return logits.log_softmax(-1)  # (N, L, 2, n_tags)
