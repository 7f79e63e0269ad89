"""SentenceGenerator: random windows of whole words, cut out of a long text."""

import string
from collections.abc import Iterable

import numpy as np

from text_recognizer.errors import InputError, OptionError


class SentenceGenerator:
    """Draws pieces of a text that begin and end between words.

    The first word is drawn evenly, and so is the end among all that keep the piece within the
    limit: short pieces are as frequent as long ones, about half of the limit on average.

    Args:
        passages: prose, put together in this order.
        max_length: characters of a piece at most.
        characters: what a piece may consist of beside blanks; None allows all. Other characters
            are left out.
        strip_punctuation: whether all ASCII punctuation is left out, as in the courses of 2019 and
            2021, which glues "don't" together.

    Raises:
        OptionError: `max_length` is less than 1.
        InputError: no word of the text fits.
    """

    def __init__(
        self,
        passages: Iterable[str],
        *,
        max_length: int,
        characters: str | None = None,
        strip_punctuation: bool = False,
    ) -> None:
        if max_length < 1:
            raise OptionError(f"max_length is at least 1, not {max_length}.")
        self.text = _clean(" ".join(passages), characters, strip_punctuation)
        is_blank = np.frombuffer(self.text.encode("utf-32-le"), np.uint32) == ord(" ")
        # A piece ends before the blank ahead of a later word, or with the text.
        starts = np.concatenate([[0], np.flatnonzero(is_blank) + 1, [len(self.text) + 1]])
        last = np.searchsorted(starts, starts + max_length + 1, side="right") - 1
        n_ends = last - np.arange(len(starts))
        fits = np.flatnonzero(n_ends[:-1] > 0)
        if not self.text or not len(fits):
            raise InputError(f"No word of the text has at most {max_length} characters.")
        self._starts, self._n_ends, self._first_words = starts, n_ends, fits

    def generate(self, rng: np.random.Generator) -> str:
        """One piece."""
        (piece,) = self.generate_many(1, rng)
        return piece

    def generate_many(self, n_pieces: int, rng: np.random.Generator) -> list[str]:
        """As many pieces; equal generators give equal pieces."""
        first = self._first_words[rng.integers(len(self._first_words), size=n_pieces)]
        after = first + rng.integers(1, self._n_ends[first] + 1)
        return [
            self.text[self._starts[a] : self._starts[b] - 1]
            for a, b in zip(first, after, strict=True)
        ]


def _clean(text: str, characters: str | None, strip_punctuation: bool) -> str:
    """Text with single blanks and without what is not allowed."""
    dropped = set(string.punctuation) if strip_punctuation else set()
    if characters is not None:
        dropped |= set(text) - set(characters) - set(string.whitespace)
    return " ".join(text.translate({ord(character): None for character in dropped}).split())
