"""Estimates a character n-gram model of text: counts, modified Kneser-Ney smoothing, pruning.

Source: S. F. Chen and J. Goodman, "An Empirical Study of Smoothing Techniques for Language
Modeling", Computer Speech and Language 13 (1999), section 3 (modified Kneser-Ney, interpolated).
The text is one long stream, so no n-gram begins a sentence and every count but those of the longest
n-grams is the number of different characters before it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from text_recognizer.errors import InputError
from text_recognizer.language.ngram_model import UNKNOWN, Floats, Integers, NgramModel, NgramTrie
from text_recognizer.language.sorted_keys import find_keys

_USUAL_DISCOUNTS = (0.5, 1.0, 1.5)  # where counts of counts are missing
_LEAST_CHARACTERS = 100  # of a text to learn from


@dataclass(frozen=True, eq=False)
class _Level:
    """The different n-grams of one length, in order of their keys.

    Attributes:
        parents: number of the n-gram without its last character among those one shorter, (n,).
        symbols: its last symbol, (n,).
        suffixes: number of the n-gram without its first character, (n,).
        counts: how often each occurs, (n,).
    """

    parents: Integers
    symbols: Integers
    suffixes: Integers
    counts: Integers


@dataclass(frozen=True, eq=False)
class NgramEstimate:
    """An estimated model of which the less useful n-grams can still be left out.

    Attributes:
        characters: those of symbols 1, 2, ...
        levels: n-grams of length 1, 2, ...
        probs: probability of each n-gram's last character after the others, by level.
        gains: what each n-gram adds to the log-probability of the text, by level; of single
            symbols, infinity.
    """

    characters: tuple[str, ...]
    levels: "tuple[_Level, ...]"
    probs: tuple[Floats, ...]
    gains: tuple[Floats, ...]

    def model(self, *, least_gain: float = 0.0) -> NgramModel:
        """The model of the n-grams that gain more, and of those without which they have no place.

        Args:
            least_gain: in natural logarithms over the whole text; 0 keeps all.
        """
        kept = self._kept(least_gain) if least_gain > 0 else None
        keys, log_probs, sizes = [], [], []
        n_symbols = len(self.characters) + 1
        nodes = np.zeros(1, np.int64)  # of the n-grams one shorter; of the empty one, the root
        first = 1
        for number, (level, probs) in enumerate(zip(self.levels, self.probs, strict=True)):
            chosen = np.arange(len(probs)) if kept is None else np.flatnonzero(kept[number])
            keys.append(nodes[level.parents[chosen]] * n_symbols + level.symbols[chosen])
            log_probs.append(np.log(probs[chosen]))
            sizes.append(len(chosen))
            nodes = np.zeros(len(probs), np.int64)
            nodes[chosen] = first + np.arange(len(chosen))
            first += len(chosen)
        while len(sizes) > 1 and not sizes[-1]:
            sizes.pop()
        trie = NgramTrie(n_symbols, tuple(sizes), np.concatenate(keys), np.concatenate(log_probs))
        return NgramModel(self.characters, trie)

    def levels_kept(self, least_gain: float) -> list[int]:
        """N-grams of each length in the model of that gain."""
        return [int(level.sum()) for level in self._kept(least_gain)]

    def _kept(self, least_gain: float) -> list[NDArray[np.bool_]]:
        kept = [gains > least_gain for gains in self.gains]
        for shorter, level, longer in zip(
            kept[-2::-1], self.levels[:0:-1], kept[:0:-1], strict=True
        ):
            shorter[level.parents[longer]] = True
            shorter[level.suffixes[longer]] = True
        return kept


def estimate(texts: Iterable[str], *, order: int, rarest: int = 5) -> NgramEstimate:
    """N-grams of texts, with their smoothed probabilities.

    Args:
        texts: paragraphs; each begins where a word does.
        order: characters of the longest n-grams, at least 2.
        rarest: characters that occur less often count as unknown.

    Raises:
        InputError: the texts are too short to learn from.
    """
    stream = " " + " ".join(texts)
    if len(stream) < _LEAST_CHARACTERS:
        raise InputError(f"{len(stream) - 1} characters of text are too few to learn from.")
    counts = Counter(stream)
    characters = tuple(sorted(c for c, count in counts.items() if count >= rarest))
    if not characters:
        raise InputError(f"No character occurs {rarest} times: give more text to learn from.")
    symbols = _encode(stream, characters)
    del stream
    levels = _count(symbols, len(characters) + 1, order)
    probs, gains = _smooth(levels, len(characters) + 1)
    return NgramEstimate(characters, levels, probs, gains)


def _encode(stream: str, characters: tuple[str, ...]) -> Integers:
    points = np.frombuffer(stream.encode("utf-32-le"), np.uint32)
    known = np.array([ord(c) for c in characters], np.uint32)
    places, is_known = find_keys(known, points)
    return np.where(is_known, places + 1, UNKNOWN).astype(np.int64)


def _count(symbols: Integers, n_symbols: int, order: int) -> tuple[_Level, ...]:
    """Different n-grams of each length up to `order`; every single symbol is there."""
    nothing = np.zeros(n_symbols, np.int64)
    counts = np.bincount(symbols, minlength=n_symbols)
    levels = [_Level(nothing, np.arange(n_symbols), nothing, counts)]
    numbers = symbols  # of the n-gram that begins at each place
    for length in range(2, order + 1):
        if len(symbols) < length:
            break
        shorter = numbers
        keys = shorter[:-1] * n_symbols + symbols[length - 1 :]
        different, firsts, numbers, counts = np.unique(
            keys, return_index=True, return_inverse=True, return_counts=True
        )
        parents, last = np.divmod(different, n_symbols)
        levels.append(_Level(parents, last, shorter[firsts + 1], counts))
    return tuple(levels)


def _smooth(
    levels: tuple[_Level, ...], n_symbols: int
) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    """Probabilities of every level's n-grams, and what they gain over their suffixes."""
    probs: list[Floats] = []
    gains: list[Floats] = []
    shorter = np.full(1, 1 / n_symbols)
    for level, longer in zip(levels, (*levels[1:], None), strict=True):
        adjusted = level.counts if longer is None else _different_before(level, longer)
        discounts = _discounts(adjusted)[np.minimum(adjusted, 3)]
        n_parents = int(level.parents.max()) + 1
        totals = np.bincount(level.parents, adjusted, minlength=n_parents)
        totals = np.maximum(totals, 1.0)  # of those without children, which nobody asks for
        back_offs = np.bincount(level.parents, discounts, minlength=n_parents) / totals
        below = back_offs[level.parents] * shorter[level.suffixes]
        probs.append((adjusted - discounts) / totals[level.parents] + below)
        gains.append(
            level.counts * (np.log(probs[-1]) - np.log(below))
            if len(probs) > 1
            else np.full(len(below), np.inf)
        )
        shorter = probs[-1]
    return tuple(probs), tuple(gains)


def _different_before(level: _Level, longer: _Level) -> Integers:
    """Before how many different characters each n-gram stands; at least one if it occurs."""
    different = np.bincount(longer.suffixes, minlength=len(level.counts))
    return np.maximum(different, np.minimum(level.counts, 1))


def _discounts(counts: Integers) -> Floats:
    """What is taken off counts of 0, 1, 2, and 3 or more."""
    n1, n2, n3, n4 = (int((counts == k).sum()) for k in (1, 2, 3, 4))
    if not (n1 and n2 and n3 and n4):
        return np.array([0.0, *_USUAL_DISCOUNTS])
    share = n1 / (n1 + 2 * n2)
    taken = (1 - 2 * share * n2 / n1, 2 - 3 * share * n3 / n2, 3 - 4 * share * n4 / n3)
    if not all(0 < discount <= k for k, discount in enumerate(taken, start=1)):
        return np.array([0.0, *_USUAL_DISCOUNTS])
    return np.array([0.0, *taken])
