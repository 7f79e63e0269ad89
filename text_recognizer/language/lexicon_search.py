"""Words of a lexicon that are near what was read, by weighted edits.

The lexicon's trie is gone through a letter at a time, all words of that length together; beginnings
that already cost too much are left. Knows nothing about scores.

Source: P. Norvig, "How to Write a Spelling Corrector", 2007 (the task); K. Oflazer, "Error-tolerant
Finite-state Recognition with Applications to Morphological Analysis and Spelling Correction",
Computational Linguistics 22(1), 1996 (cutting off the search in the trie), here with weights.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from text_recognizer.language.lexicon import ROOT, WORD, Lexicon
from text_recognizer.language.mending import Edit, Proposal
from text_recognizer.language.weighted_edits import UNIFORM, EditCosts, first_row, next_rows

_SHORTEST = 3  # letters of a word that others are looked for; shorter ones are near to everything
_MOST_COST = 2.0
_N_BEST = 4

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NearWord:
    """A word of the lexicon, and the cost of reading as something else."""

    word: str
    cost: float


class LexiconSearch:
    """Finds words by what was read.

    Args:
        lexicon: the words.
        symbols: characters of the lexicon's labels 1, 2, ...
        costs: of edits.
    """

    def __init__(
        self, lexicon: Lexicon, symbols: Sequence[str], costs: EditCosts = UNIFORM
    ) -> None:
        self._lexicon, self._costs = lexicon, costs
        self._symbols = ("", *symbols)
        in_costs = costs.encode("".join(symbols))
        self._lost = np.append(0.0, costs.lost[in_costs])

    def find(self, read: str, *, most_cost: float = 2.0, n_best: int = 5) -> list[NearWord]:
        """The words that cost least, the nearest first; the word itself, if listed, costs nothing.

        Args:
            read: a word as it was read.
            most_cost: of the words, at most.
            n_best: words at most.
        """
        characters = "".join(self._symbols[1:])
        replaced = np.vstack([np.zeros(len(read)), self._costs.between(characters, read)])
        added = self._costs.added[self._costs.encode(read)]
        nodes = np.array([ROOT])
        rows = first_row(added)[None]
        found: list[tuple[float, int]] = []
        while len(nodes):
            parents, nodes = self._lexicon.all_children(nodes)
            labels = self._lexicon.last_labels(nodes)
            rows = next_rows(rows[parents], self._lost[labels], replaced[labels], added)
            is_near = rows.min(axis=1) <= most_cost
            nodes, rows = nodes[is_near], rows[is_near]
            is_end = self._lexicon.is_word[nodes] & (rows[:, -1] <= most_cost)
            found += zip(rows[is_end, -1].tolist(), nodes[is_end].tolist(), strict=True)
        return [NearWord(self._word(node), cost) for cost, node in sorted(found)[:n_best]]

    def _word(self, node: int) -> str:
        return "".join(self._symbols[label] for label in self._lexicon.spelling(node))


class NearWords:
    """Proposes words of a lexicon in the place of words that are not on it.

    What is gained by a word of the list is the business of the scorer: all proposals are alike.

    Args:
        words: the lexicon's, each once.
        search: finds those near to what was read.
    """

    def __init__(self, words: Collection[str], search: LexiconSearch) -> None:
        self._words, self._search = frozenset(words), search

    def propose(self, texts: Sequence[str]) -> list[list[Proposal]]:
        """The nearest words for each word of each text that is not on the list."""
        return [
            [
                Proposal((Edit(match.start(), match.end(), near.word),))
                for match in WORD.finditer(text)
                if len(match.group()) >= _SHORTEST and match.group() not in self._words
                for near in self._search.find(match.group(), most_cost=_MOST_COST, n_best=_N_BEST)
            ]
            for text in texts
        ]
