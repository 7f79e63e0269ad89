"""A character n-gram model: how likely a character is after those before it.

The n-grams form a trie. A node is an n-gram, its children are the n-grams that are one character
longer, and every node knows its suffix: the n-gram without its first character, which is a node,
too. The probability of a character that a node has no child for is that after the node's suffix,
times the node's back-off weight, chosen so that the probabilities of all characters sum to 1.
Knows nothing about counting, files or images.

Source: S. Katz, "Estimation of Probabilities from Sparse Data", IEEE ASSP 35 (1987), section II
(back-off form); that the weights follow from the stored probabilities and need not be stored is
ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from text_recognizer.language.sorted_keys import find_keys

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

UNKNOWN = 0  # the symbol of every character that the model does not know
ROOT = 0  # the node of the empty context
_MOST_EXPLICIT = 1 - 1e-4  # that the probabilities of a node's children may sum to


@dataclass(frozen=True, eq=False)
class NgramTrie:
    """The n-grams of a model, shorter before longer, those of one length in order of their keys.

    A key is the number of the node's parent times the number of symbols, plus the node's symbol.
    The root is node 0 and no n-gram; every single symbol is a node.

    Attributes:
        n_symbols: the unknown one among them.
        levels: n-grams of length 1, 2, ...
        keys: of nodes 1, 2, ..., rising, of shape (n,).
        log_probs: natural logarithm of the last character's probability after the others, (n,).

    Raises:
        ValueError: this is not such a trie; the message says why.
    """

    n_symbols: int
    levels: tuple[int, ...]
    keys: Integers
    log_probs: Floats

    def __post_init__(self) -> None:
        n = len(self.keys)
        if not self.levels or self.levels[0] != self.n_symbols:
            raise ValueError("every symbol must be an n-gram")
        if sum(self.levels) != n or len(self.log_probs) != n:
            raise ValueError("the arrays differ in length")
        if (np.diff(self.keys) <= 0).any():
            raise ValueError("the n-grams are not in order")
        if not (self.log_probs <= 0).all():
            raise ValueError("a probability is over 1 or no number")
        first = 1
        for before, size in zip((1, *self.levels), self.levels, strict=False):
            parents = self.keys[first - 1 : first - 1 + size] // self.n_symbols
            if size and not (first - before <= parents[0] and parents[-1] < first):
                raise ValueError("an n-gram does not follow from one that is a character shorter")
            first += size


@dataclass(frozen=True, eq=False)
class NgramModel:
    """Probabilities of characters. A state is the longest context that the model knows.

    Attributes:
        characters: those of symbols 1, 2, ...; symbol 0 stands for any other.
        trie: the n-grams and their probabilities.

    Raises:
        ValueError: an n-gram without its first character is no n-gram of the trie, or there are
            other symbols than characters.
    """

    characters: tuple[str, ...]
    trie: NgramTrie
    _log_probs: Floats = field(init=False, repr=False)  # of all nodes, the root's of no use
    _suffixes: NDArray[np.int32] = field(init=False, repr=False)
    _back_offs: Floats = field(init=False, repr=False)
    _states: NDArray[np.int32] = field(init=False, repr=False)  # the longest suffix with children

    def __post_init__(self) -> None:
        if len(self.characters) + 1 != self.trie.n_symbols:
            raise ValueError("there are other symbols than characters")
        suffixes = _find_suffixes(self.trie)
        log_probs, back_offs = _back_off_weights(self.trie, suffixes)
        has_children = np.zeros(len(suffixes), bool)
        has_children[self.trie.keys // self.trie.n_symbols] = True
        has_children[ROOT] = True
        for name, value in (
            ("_log_probs", log_probs),
            ("_suffixes", suffixes),
            ("_back_offs", back_offs),
            ("_states", _nearest(has_children, suffixes)),
        ):
            object.__setattr__(self, name, value)

    @property
    def order(self) -> int:
        """Characters of the longest n-gram."""
        return len(self.trie.levels)

    @property
    def n_symbols(self) -> int:
        """Characters and the unknown one."""
        return self.trie.n_symbols

    def encode(self, text: str) -> Integers:
        """Symbols of a text's characters, of shape (len(text),)."""
        return np.array([self._known.get(character, UNKNOWN) for character in text], np.int64)

    @cached_property
    def _known(self) -> dict[str, int]:
        return {character: symbol for symbol, character in enumerate(self.characters, start=1)}

    def start(self, context: str = " ") -> int:
        """State after a context; a line begins where a word does."""
        state = np.array([ROOT])
        for symbol in self.encode(context):
            _, state = self.extend(state, np.array([symbol]))
        return int(state[0])

    def ends_with(self, characters: str) -> NDArray[np.bool_]:
        """Of every state, whether the last character of its context is one of these."""
        is_one = np.zeros(self.n_symbols, bool)
        is_one[self.encode(characters)] = True
        is_one[UNKNOWN] = False
        return np.append(False, is_one[self.trie.keys % self.n_symbols])

    def extend(self, states: Integers, symbols: Integers) -> tuple[Floats, Integers]:
        """Log-probabilities of symbols after states, and the states after them, each of shape (n,).

        Args:
            states: from `start` or `extend`, of shape (n,).
            symbols: of shape (n,).
        """
        log_probs = np.zeros(len(states))
        found = np.zeros(len(states), np.int64)
        nodes = np.asarray(states, np.int64)
        pending = np.arange(len(states))
        keys, n_symbols = self.trie.keys, self.trie.n_symbols
        while len(pending):
            places, is_child = find_keys(keys, nodes * n_symbols + symbols[pending])
            hits = pending[is_child]
            found[hits] = places[is_child] + 1
            pending, nodes = pending[~is_child], nodes[~is_child]
            log_probs[pending] += self._back_offs[nodes]
            nodes = self._suffixes[nodes].astype(np.int64)
        return log_probs + self._log_probs[found], self._states[found].astype(np.int64)

    def probabilities(self, context: str) -> Floats:
        """Probability of every symbol after a context, of shape (n_symbols,), summing to 1."""
        states = np.full(self.n_symbols, self.start(context) if context else ROOT)
        log_probs, _ = self.extend(states, np.arange(self.n_symbols))
        return np.exp(log_probs)

    def log_probability(self, texts: Sequence[str]) -> Floats:
        """Natural logarithm of the probability of each text, as lines of their own; shape (n,)."""
        lengths = np.array([len(text) for text in texts], np.int64)
        symbols = np.zeros((len(texts), int(lengths.max(initial=0))), np.int64)
        for row, text in zip(symbols, texts, strict=True):
            row[: len(text)] = self.encode(text)
        total = np.zeros(len(texts))
        states = np.full(len(texts), self.start(), np.int64)
        for column in range(symbols.shape[1]):
            here = np.flatnonzero(lengths > column)
            log_probs, states[here] = self.extend(states[here], symbols[here, column])
            total[here] += log_probs
        return total


def _find_suffixes(trie: NgramTrie) -> NDArray[np.int32]:
    """Node of each node's n-gram without its first character, of shape (1 + n,)."""
    suffixes = np.zeros(1 + len(trie.keys), np.int32)
    first = 1 + trie.levels[0]  # single symbols end with nothing: the root
    for size in trie.levels[1:]:
        keys = trie.keys[first - 1 : first - 1 + size]
        parents, symbols = np.divmod(keys, trie.n_symbols)
        wanted = suffixes[parents].astype(np.int64) * trie.n_symbols + symbols
        places, is_there = find_keys(trie.keys, wanted)
        if not is_there.all():
            raise ValueError("an n-gram without its first character is no n-gram")
        suffixes[first : first + size] = places + 1
        first += size
    return suffixes


def _back_off_weights(trie: NgramTrie, suffixes: NDArray[np.int32]) -> tuple[Floats, Floats]:
    """Logarithms of all nodes' probabilities and back-off weights, each of shape (1 + n,).

    What a node's children leave of 1 is shared out in proportion to the probabilities after its
    suffix. Probabilities that were rounded to sum to 1 or more are scaled down a little.
    """
    n = 1 + len(trie.keys)
    parents = trie.keys // trie.n_symbols
    log_probs = np.append(0.0, trie.log_probs)
    explicit = np.bincount(parents, np.exp(trie.log_probs), minlength=n)
    scale = np.minimum(1.0, _MOST_EXPLICIT / np.maximum(explicit, 1e-300))
    scale[ROOT] = 1 / explicit[ROOT]  # nothing to back off to
    log_probs[1:] += np.log(scale)[parents]
    probs = np.exp(log_probs[1:])
    explicit = np.bincount(parents, probs, minlength=n)
    longer = slice(trie.levels[0], None)  # those with a suffix that is no root
    covered = np.bincount(parents[longer], np.exp(log_probs)[suffixes[1:]][longer], minlength=n)
    with np.errstate(divide="ignore"):
        back_offs = np.log(np.maximum(1 - explicit, 0)) - np.log(np.maximum(1 - covered, 1e-12))
    back_offs[ROOT] = -np.inf
    return log_probs, back_offs


def _nearest(is_marked: NDArray[np.bool_], suffixes: NDArray[np.int32]) -> NDArray[np.int32]:
    """Of each node the longest suffix that is marked, itself perhaps."""
    nodes = np.arange(len(suffixes), dtype=np.int32)
    while not is_marked[nodes].all():
        nodes = np.where(is_marked[nodes], nodes, suffixes[nodes])
    return nodes
