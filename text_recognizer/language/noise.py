"""Text as a reader would have read it: noise drawn from the confusions that it makes.

Knows nothing about torch or about what learns from the noise.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from text_recognizer.language.confusions import LONGEST, Confusions

_SHRINK = 5.0  # added to how often a piece was written: rare ones are not known well
_ANY_SHARE = 0.1  # of edits that take any character for any other, however the reader behaves
_MOST = 0.5  # probability of an edit at one place at most

Piece = tuple[str, str]


@dataclass(frozen=True, eq=False)
class _Choice:
    """What may be read for a piece: its probability in all, and the readings with theirs summed."""

    probability: float
    readings: tuple[str, ...]
    summed: np.ndarray[tuple[int], np.dtype[np.float64]]

    def draw(self, chance: float) -> str:
        """A reading, by a number from 0 to 1."""
        return self.readings[int(np.searchsorted(self.summed, chance))]


class NoiseChannel:
    """Draws what would be read for a text.

    Args:
        confusions: of the reader.
    """

    def __init__(self, confusions: Confusions) -> None:
        readings: Mapping[str, Counter[str]] = defaultdict(Counter)
        for (true, read), count in confusions.pieces.items():
            readings[true][read] += count
        self._choices = {
            true: _choice(own, confusions.written[true] + _SHRINK) for true, own in readings.items()
        }
        n_edits, n_places = sum(confusions.pieces.values()), confusions.written[""]
        self._any = _ANY_SHARE * n_edits / max(1, n_places)
        letters = {c: n for c, n in confusions.written.items() if len(c) == 1}
        self._letters = tuple(letters)
        self._summed = np.cumsum(list(letters.values())) / max(1, sum(letters.values()))

    def draw(self, text: str, rng: np.random.Generator, *, factor: float = 1.0) -> list[Piece]:
        """Pieces of the text and what is read for each; together they are the text.

        Args:
            text: the true text.
            rng: of all chance.
            factor: how many times as many confusions as the reader makes.
        """
        chances = rng.random((len(text) + 1, LONGEST + 2)).tolist()
        pieces: list[Piece] = []
        place = 0
        while place <= len(text):
            piece = self._piece_at(text, place, chances[place], factor)
            pieces.append(piece)
            if not piece[0]:  # something was added: then the character itself is read
                pieces.append((text[place : place + 1],) * 2)
            place += max(1, len(piece[0]))
        return [piece for piece in pieces if piece != ("", "")]

    def _piece_at(self, text: str, place: int, chances: list[float], factor: float) -> Piece:
        *of_sizes, of_any, of_reading = chances
        for size in range(LONGEST, -1, -1):
            true = text[place : place + size]
            choice = self._choices.get(true)
            if choice is None or len(true) < size:
                continue
            limit = min(_MOST, factor * choice.probability)
            if of_sizes[size - 1] < limit if size else of_any < limit:
                return true, choice.draw(of_reading)
        if 1 - of_any < factor * self._any and self._letters:
            return self._any_edit(text[place : place + 1], of_reading)
        return (text[place : place + 1],) * 2

    def _any_edit(self, true: str, chance: float) -> Piece:
        """A character lost, added or replaced by any other, in equal shares."""
        kind, rest = divmod(3 * chance, 1)
        letter = self._letters[int(np.searchsorted(self._summed, rest))]
        return [(true, ""), ("", letter), (true, letter)][int(kind)]


def _choice(readings: Counter[str], n_written: float) -> _Choice:
    total = sum(readings.values())
    summed = np.cumsum(list(readings.values())) / total
    return _Choice(total / n_written, tuple(readings), summed)
