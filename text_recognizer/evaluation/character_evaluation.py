"""Compares single characters that were read with those that were written."""

from collections.abc import Iterable
from dataclasses import dataclass

from text_recognizer.evaluation.look_alikes import fold_look_alikes


@dataclass(frozen=True)
class CharacterReport:
    """What came of reading characters.

    Attributes:
        n_characters: that were read.
        n_right: those read as what was written.
        n_right_folded: likewise with look-alikes taken for one.
    """

    n_characters: int
    n_right: int
    n_right_folded: int

    @property
    def accuracy(self) -> float | None:
        """Share of the characters that are right; None without any."""
        return self.n_right / self.n_characters if self.n_characters else None

    @property
    def accuracy_folded(self) -> float | None:
        """Likewise, look-alikes taken for one."""
        return self.n_right_folded / self.n_characters if self.n_characters else None


def compare_characters(pairs: Iterable[tuple[str, str]]) -> CharacterReport:
    """Counts of pairs of what was written and what was read."""
    pairs = list(pairs)
    n_right = sum(written == read for written, read in pairs)
    folded = [(fold_look_alikes(written), fold_look_alikes(read)) for written, read in pairs]
    return CharacterReport(len(pairs), n_right, sum(written == read for written, read in folded))
