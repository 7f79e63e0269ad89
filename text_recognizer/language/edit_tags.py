"""Edits of a text as tags of its characters: what stands in the place of each, what is missing.

Place 0 is the blank before the first character, place i the i-th character. A tag is a symbol: of a
character, what the true text has in its place, 0 for nothing; of a gap, the one character that is
missing after the place, 0 for none. Knows nothing about networks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from text_recognizer.language.weighted_edits import align_texts

Integers = NDArray[np.int64]

NOTHING = 0  # tag of a character that is not to be there, and of a gap in which none is missing
START = " "  # what stands before the first character: lines begin where words do
LENGTH_MULTIPLE = 16  # places of a padded text
EDIT_INPUT = "symbols-1"  # name of this form of input


@dataclass(frozen=True)
class EditSymbols:
    """Numbers of characters: 0 is nothing and padding, n + 1 any character that is not listed.

    Attributes:
        characters: those of symbols 1, 2, ..., n.
    """

    characters: tuple[str, ...]

    @property
    def n_tags(self) -> int:
        """Tags of a place: nothing, or a character."""
        return len(self.characters) + 1

    @property
    def n_symbols(self) -> int:
        """Symbols of a text: padding, characters, any other."""
        return len(self.characters) + 2

    def encode(self, text: str) -> list[int]:
        """Symbols of the characters."""
        known, other = self._known, self.n_tags
        return [known.get(character, other) for character in text]

    @cached_property
    def _known(self) -> dict[str, int]:
        return {character: i for i, character in enumerate(self.characters, start=1)}

    def decode(self, symbol: int) -> str:
        """The character of a tag; empty for nothing."""
        return self.characters[symbol - 1] if symbol else ""


def tag_pieces(pieces: Iterable[tuple[str, str]]) -> tuple[str, list[str], list[str]]:
    """The text that was read, and of each place the true character and the missing one.

    Of several characters missing in one gap the first is tagged: the others are out of reach.

    Args:
        pieces: of the true text, and what was read for each.

    Returns:
        The text that was read; the character of each of its places, the start among them, and the
        character missing after each, each of which may be empty.
    """
    read, own, missing = [START], [START], [""]
    for one, other in pieces:
        for true, seen in align_texts(one, other):
            if seen:
                read.append(seen)
                own.append(true)
                missing.append("")
            elif not missing[-1]:
                missing[-1] = true
    return "".join(read[1:]), own, missing


def apply_tags(read: str, tags: NDArray[np.float32], symbols: EditSymbols) -> str:
    """The text with every tag taken that is likelier than not.

    Args:
        read: the text.
        tags: probabilities, of shape (L, 2, n_tags), of its places and gaps.
        symbols: numbers of the characters.
    """
    best = tags.argmax(axis=2)
    is_sure = tags.max(axis=2) > 0.5
    parts = []
    for place in range(len(read) + 1):
        own, missing = (int(tag) for tag in best[place])
        if place:
            parts.append(symbols.decode(own) if is_sure[place, 0] else read[place - 1])
        parts.append(symbols.decode(missing) if is_sure[place, 1] else "")
    return "".join(parts)


def padded_length(n_characters: int) -> int:
    """Places of a text and its start, padded by at least one."""
    return (n_characters + 2 + LENGTH_MULTIPLE - 1) // LENGTH_MULTIPLE * LENGTH_MULTIPLE


def pad_symbols(symbols: Sequence[int], length: int) -> Integers:
    """Symbols of the places, padded by nothing."""
    padded = np.zeros(length, np.int64)
    padded[: len(symbols)] = symbols
    return padded
