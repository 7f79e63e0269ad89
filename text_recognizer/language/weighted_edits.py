"""Edits that cost more or less: the least cost of what a reader mixed up between two texts.

Each character of the true text may be lost, and each of the text that was read may be added, or
stand for another; what that costs is a table, such as one learnt from a reader's own confusions.
Knows nothing about words, files or images.

Source: R. Wagner and M. Fischer, "The String-to-String Correction Problem", Journal of the ACM
21(1), 1974 (the table and the way back through it); rows are filled whole, as a running minimum.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

OTHER = 0  # the symbol of every character that has no costs of its own


@dataclass(frozen=True, eq=False)
class EditCosts:
    """What it costs that something else is read than is written; nothing where they are equal.

    Attributes:
        characters: those of symbols 1, 2, ...; symbol 0 stands for any other.
        replaced: cost of reading the column's symbol for the row's, of shape (n, n).
        lost: cost of not reading a symbol, of shape (n,).
        added: cost of reading a symbol where nothing is written, of shape (n,).

    Raises:
        ValueError: a table has another shape, or a cost is not over 0.
    """

    characters: tuple[str, ...]
    replaced: Floats
    lost: Floats
    added: Floats
    _symbols: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        n = len(self.characters) + 1
        if self.replaced.shape != (n, n) or self.lost.shape != (n,) or self.added.shape != (n,):
            raise ValueError(f"costs of {n} symbols have shapes (n, n), (n,) and (n,)")
        if not all((table > 0).all() for table in (self.replaced, self.lost, self.added)):
            raise ValueError("costs are over 0")
        symbols = {character: i for i, character in enumerate(self.characters, start=1)}
        object.__setattr__(self, "_symbols", symbols)

    def encode(self, text: str) -> Integers:
        """Symbols of a text's characters, of shape (len(text),)."""
        return np.array([self._symbols.get(character, OTHER) for character in text], np.int64)

    def between(self, true: str, read: str) -> Floats:
        """Cost of reading each character of a text for each of another, of shape (n, m)."""
        costs = self.replaced[self.encode(true)[:, None], self.encode(read)[None]]
        return np.where(_code_points(true)[:, None] == _code_points(read)[None], 0.0, costs)


UNIFORM = EditCosts((), np.ones((1, 1)), np.ones(1), np.ones(1))
"""Every edit costs 1: Levenshtein's distance."""


def weighted_distance(true: str, read: str, costs: EditCosts = UNIFORM) -> float:
    """Least cost of the edits between what is written and what was read."""
    return float(_table(true, read, costs)[-1, -1])


def align_texts(true: str, read: str, costs: EditCosts = UNIFORM) -> list[tuple[str, str]]:
    """Pairs of characters, written and read, of the edits that cost least, in order.

    Either is empty where a character was lost or added. Of alignments that cost the same, the one
    whose replacements come last is taken.
    """
    if true == read:
        return list(zip(true, read, strict=True))
    table = _table(true, read, costs)
    between = costs.between(true, read)
    lost = costs.lost[costs.encode(true)]
    pairs = []
    i, j = len(true), len(read)
    while i or j:
        here = table[i, j]
        if i and j and np.isclose(here, table[i - 1, j - 1] + between[i - 1, j - 1]):
            i, j = i - 1, j - 1
            pairs.append((true[i], read[j]))
        elif i and np.isclose(here, table[i - 1, j] + lost[i - 1]):
            i -= 1
            pairs.append((true[i], ""))
        else:
            j -= 1
            pairs.append(("", read[j]))
    return pairs[::-1]


def next_rows(rows: Floats, lost: Floats, replaced: Floats, added: Floats) -> Floats:
    """Rows of the table after one more true character, for many texts at once.

    Args:
        rows: cost of reading each beginning of what was read for the texts so far, (n, m + 1).
        lost: of the characters that come next, (n,).
        replaced: of reading each character for them, (n, m).
        added: of each character that was read, (m,).
    """
    below = rows + lost[:, None]
    below[:, 1:] = np.minimum(below[:, 1:], rows[:, :-1] + replaced)
    summed = first_row(added)
    smallest: Floats = np.minimum.accumulate(below - summed, axis=1) + summed
    return smallest


def first_row(added: Floats) -> Floats:
    """Cost of reading each beginning of a text where nothing is written, of shape (m + 1,)."""
    return np.append(0.0, np.cumsum(added))


def _table(true: str, read: str, costs: EditCosts) -> Floats:
    """Least cost between every beginning of the one and of the other, of shape (n + 1, m + 1)."""
    between = costs.between(true, read)
    lost, added = costs.lost[costs.encode(true)], costs.added[costs.encode(read)]
    rows = [first_row(added)]
    for i in range(len(true)):
        rows.append(next_rows(rows[-1][None], lost[i : i + 1], between[i : i + 1], added)[0])
    return np.stack(rows)


def _code_points(text: str | Sequence[str]) -> Integers:
    return np.array([ord(character) for character in text], np.int64)
