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
WORD = re.compile(rf"[^\W_]+(?:[{re.escape(INSIDE_WORDS)}][^\W_]+)*")
_LATER_PART = re.compile(rf"(?<=[{re.escape(INSIDE_WORDS)}])[^\W\d_](?=[^\W\d_]{{2}})")
_MAX_BYTES = 1 << 28
_LONGEST = 64  # letters; longer words are left out
ROOT = 0  # the node before a word
_OFF = -1  # that of words that are not on the list

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


def read_words(path: Path, text_form: str) -> list[str]:
    """Words of a UTF-8 file, each once, in the text form; signs around them do not belong to them.

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
    words = find_words(apply_text_form(text, text_form))
    if not words:
        raise InputError(f"{path} holds no words.")
    return sorted(with_capitals(words))


def with_capitals(words: Iterable[str]) -> set[str]:
    """The words, and those in small letters with capitals: at the start, and of longer parts."""
    found = set(words)
    small = [word for word in found if word.islower()]
    raised = [word[:1].upper() + word[1:] for word in small]
    found.update(raised)
    parted = (word for word in raised if not word.isalpha())
    found.update(_LATER_PART.sub(_upper, word) for word in parted)  # O'Hara, but not Paul'S
    return found


def find_words(text: str) -> list[str]:
    """Words of a text: letters and digits, and signs of `INSIDE_WORDS` between them."""
    return WORD.findall(text)


def _upper(match: re.Match[str]) -> str:
    return match.group().upper()


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Words as a trie over labels.

    Attributes:
        n_labels: of the line model.
        keys: of nodes 1, 2, ..., rising: number of the parent times `n_labels`, plus the label.
        is_word: whether a word ends at the node, of shape (1 + n,).
        depths: letters of the node, of shape (1 + n,).
        kept: letters of the longest word before a sign on the way to the node, of shape (1 + n,):
            of `it'` those of `it`, if that is a word.
    """

    n_labels: int
    keys: Integers
    is_word: NDArray[np.bool_]
    depths: Integers
    kept: Integers

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
        joined, all_depths = np.concatenate(keys), np.concatenate(depths)
        signs = np.array([False, *(symbol in INSIDE_WORDS for symbol in symbols)])
        kept = _letters_kept(joined, is_word, all_depths, signs)
        return cls(len(symbols) + 1, joined, is_word, all_depths, kept)

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


def _letters_kept(
    keys: Integers, is_word: NDArray[np.bool_], depths: Integers, signs: NDArray[np.bool_]
) -> Integers:
    """See `Lexicon.kept`; parents stand before their children."""
    parents, labels = np.divmod(keys, len(signs))
    kept = np.zeros(1 + len(keys), np.int64)
    ends = np.searchsorted(depths, np.arange(1, int(depths.max()) + 2))
    for first, last in zip(ends[:-1], ends[1:], strict=True):  # nodes of one depth
        above = parents[first - 1 : last - 1]
        is_end = signs[labels[first - 1 : last - 1]] & is_word[above]
        kept[first:last] = np.where(is_end, depths[above], kept[above])
    return kept


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
        self._is_letter = np.array([False, *(symbol.isalnum() for symbol in symbols)])
        self._is_sign = np.array([False, *(symbol in INSIDE_WORDS for symbol in symbols)])

    @property
    def most(self) -> float:
        """The most that one label can add."""
        return self._bonus

    def start(self) -> Integers:
        """State before the first label, of shape (1,)."""
        return np.array([ROOT])

    def extend(self, states: Integers, labels: Integers) -> tuple[Floats, Integers]:
        """Scores of labels (n,) after states (n, 1), and the states after them.

        A sign after which no word goes on ends the word before it, as a blank does.
        """
        nodes = states[:, 0]
        is_letter = self._is_letter[labels]
        longer = self._lexicon.children(nodes, labels)
        goes_on = (is_letter | self._is_sign[labels]) & (longer != _OFF)
        after = np.where(goes_on, longer, np.where(is_letter, _OFF, ROOT))
        lost = self._lost(nodes, ends_word=~is_letter)
        return np.where(goes_on, self._bonus, lost), after[:, None]

    def finish(self, states: Integers) -> Floats:
        """What the end of the line says of the last word."""
        return self._lost(states[:, 0], ends_word=np.True_)

    def _lost(self, nodes: Integers, *, ends_word: NDArray[np.bool_] | np.bool_) -> Floats:
        """Bonuses of letters that turn out to be of no word are taken back."""
        lexicon = self._lexicon
        depths = lexicon.depths[nodes]
        kept = np.where(ends_word & lexicon.is_word[nodes], depths, lexicon.kept[nodes])
        return np.where(nodes == _OFF, 0.0, -self._bonus * (depths - kept))


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
