"""A list of words that a text is likely to hold: names of an archive, places, technical terms.

Soft: a word of the list is worth a bonus, and a word that is not on it costs nothing. The bonus is
given letter by letter while a word may still become one of the list, and taken back when it cannot,
so that a beam search does not lose a rare name before it is whole. Knows nothing about models.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from text_recognizer.beam_search import Scorer
from text_recognizer.errors import InputError
from text_recognizer.language.sorted_keys import find_keys
from text_recognizer.text_form import apply_text_form

USUAL_BONUS = 0.5  # for each letter; natural logarithm
INSIDE_WORDS = "'-"  # what words hold beside letters and digits
_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{re.escape(INSIDE_WORDS)}])*")
_MAX_BYTES = 1 << 28
_LONGEST = 64  # letters; longer words are left out
ROOT = 0  # the node before a word
_OFF = -1  # that of words that are not on the list

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


def read_words(path: Path, text_form: str) -> list[str]:
    """Words of a UTF-8 file, each once, in the text form; words are parted by white space.

    A word in small letters also stands for itself with a capital.

    Raises:
        InputError: the file cannot be read, is no UTF-8 text, too large or empty.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{path} is over {_MAX_BYTES} bytes: give a shorter list of words.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: convert it first.") from error
    words = apply_text_form(text, text_form).split()
    if not words:
        raise InputError(f"{path} holds no words.")
    return sorted(with_capitals(words))


def with_capitals(words: Iterable[str]) -> set[str]:
    """The words, and those in small letters with a capital, too."""
    found = set(words)
    return found | {word.capitalize() for word in found if word.islower()}


def find_words(text: str) -> list[str]:
    """Words of a text, as a lexicon's scorer sees them, but for signs before their first letter."""
    return _WORD.findall(text)


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Words as a trie over labels.

    Attributes:
        n_labels: of the line model.
        keys: of nodes 1, 2, ..., rising: number of the parent times `n_labels`, plus the label.
        is_word: whether a word ends at the node, of shape (1 + n,).
        depths: letters of the node, of shape (1 + n,).
    """

    n_labels: int
    keys: Integers
    is_word: NDArray[np.bool_]
    depths: Integers

    @classmethod
    def of(cls, words: Iterable[str], symbols: Sequence[str]) -> "Lexicon":
        """The words that can be written with the symbols of labels 1, 2, ...

        Raises:
            InputError: there is none.
        """
        labels, lengths = _encode([word for word in words if 0 < len(word) <= _LONGEST], symbols)
        if not len(lengths):
            raise InputError("No word of the list can be written with the model's characters.")
        starts = np.cumsum(lengths) - lengths
        nodes = np.zeros(len(lengths), np.int64)  # of each word so far
        keys: list[Integers] = []
        depths = [np.zeros(1, np.int64)]
        ends: list[Integers] = []
        n_nodes = 1
        for depth in range(int(lengths.max())):
            here = np.flatnonzero(lengths > depth)
            wanted = nodes[here] * (len(symbols) + 1) + labels[starts[here] + depth]
            different, places = np.unique(wanted, return_inverse=True)
            nodes[here] = n_nodes + places
            keys.append(different)
            depths.append(np.full(len(different), depth + 1))
            ends.append(nodes[lengths == depth + 1])
            n_nodes += len(different)
        is_word = np.zeros(n_nodes, bool)
        is_word[np.concatenate(ends)] = True
        return cls(len(symbols) + 1, np.concatenate(keys), is_word, np.concatenate(depths))

    def children(self, nodes: Integers, labels: Integers) -> Integers:
        """Node of each label after a node, `_OFF` if no word goes on so."""
        places, is_there = find_keys(self.keys, nodes * self.n_labels + labels)
        return np.where(is_there & (nodes != _OFF), places + 1, _OFF)

    def all_children(self, nodes: Integers) -> tuple[Integers, Integers]:
        """Of several nodes all that come after: the place of each one's parent, and itself."""
        firsts = np.searchsorted(self.keys, nodes * self.n_labels)
        sizes = np.searchsorted(self.keys, (nodes + 1) * self.n_labels) - firsts
        parents = np.repeat(np.arange(len(nodes)), sizes)
        within = np.arange(len(parents)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return parents, firsts[parents] + within + 1

    def last_labels(self, nodes: Integers) -> Integers:
        """The label that each node ends with; none of them the root."""
        return self.keys[nodes - 1] % self.n_labels

    def spelling(self, node: int) -> list[int]:
        """Labels on the way to a node."""
        labels = []
        while node != ROOT:
            node, label = divmod(int(self.keys[node - 1]), self.n_labels)
            labels.append(label)
        return labels[::-1]


def _encode(words: Sequence[str], symbols: Sequence[str]) -> tuple[Integers, Integers]:
    """Labels of the words that can be written, one after the other, and how many each has."""
    points = np.frombuffer("".join(words).encode("utf-32-le"), np.uint32)
    known = np.array([ord(symbol) for symbol in symbols], np.uint32)
    order = np.argsort(known)
    places, is_known = find_keys(known[order], points)
    lengths = np.array([len(word) for word in words], np.int64)
    ends = np.append(0, np.cumsum(is_known))[np.append(0, np.cumsum(lengths))]
    can_write = np.diff(ends) == lengths
    labels = order[places].astype(np.int64) + 1
    return labels[np.repeat(can_write, lengths)], lengths[can_write]


class LexiconScorer:
    """Bonuses of the words of a lexicon, as a beam search asks for them.

    Args:
        lexicon: the words.
        symbols: characters of labels 1, 2, ...
        bonus: for each letter of a word of the list.
    """

    def __init__(
        self, lexicon: Lexicon, symbols: Sequence[str], *, bonus: float = USUAL_BONUS
    ) -> None:
        self._lexicon, self._bonus = lexicon, bonus
        self._is_letter = np.array([False, *(c.isalnum() or c in INSIDE_WORDS for c in symbols)])

    @property
    def most(self) -> float:
        """The most that one label can add."""
        return self._bonus

    def start(self) -> Integers:
        """State before the first label, of shape (1,)."""
        return np.array([ROOT])

    def extend(self, states: Integers, labels: Integers) -> tuple[Floats, Integers]:
        """Scores of labels (n,) after states (n, 1), and the states after them."""
        nodes = states[:, 0]
        is_letter = self._is_letter[labels]
        longer = self._lexicon.children(nodes, labels)
        after = np.where(is_letter, longer, ROOT)
        leaves = is_letter & (longer == _OFF) & (nodes != _OFF)
        scores = np.where(is_letter & (longer != _OFF), self._bonus, 0.0)
        scores = np.where(leaves, -self._bonus * self._lexicon.depths[nodes], scores)
        scores = np.where(is_letter, scores, self._at_end(nodes))
        return scores, after[:, None]

    def finish(self, states: Integers) -> Floats:
        """What the end of the line says of the last word."""
        return self._at_end(states[:, 0])

    def _at_end(self, nodes: Integers) -> Floats:
        """Bonuses of words that were not finished are taken back."""
        is_lost = (nodes != _OFF) & ~self._lexicon.is_word[nodes] & (nodes != ROOT)
        return np.where(is_lost, -self._bonus * self._lexicon.depths[nodes], 0.0)


class JoinedScorer:
    """Two scorers in one: their scores are added.

    Args:
        first: a scorer.
        second: another.
    """

    def __init__(self, first: Scorer, second: Scorer) -> None:
        self._first, self._second = first, second
        self._n = len(first.start())  # columns of the first one's states

    @property
    def most(self) -> float:
        """The most that one label can add."""
        return self._first.most + self._second.most

    def start(self) -> Integers:
        """State before the first label: those of both."""
        return np.concatenate([self._first.start(), self._second.start()])

    def extend(self, states: Integers, labels: Integers) -> tuple[Floats, Integers]:
        """Scores of labels (n,) after states (n, k), and the states after them."""
        one, after_one = self._first.extend(states[:, : self._n], labels)
        two, after_two = self._second.extend(states[:, self._n :], labels)
        return one + two, np.concatenate([after_one, after_two], axis=1)

    def finish(self, states: Integers) -> Floats:
        """What the end of the line adds."""
        one, two = states[:, : self._n], states[:, self._n :]
        return self._first.finish(one) + self._second.finish(two)
