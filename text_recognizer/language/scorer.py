"""What a beam search is told of the language: n-gram probabilities, by the model's labels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from text_recognizer.language.ngram_model import UNKNOWN, NgramModel


class LanguageScorer:
    """Weighted log-probabilities of characters, and a bonus for each.

    Digits, and what follows a digit, add nothing, as if there were no language: prose says little
    of numbers, and would part long ones and end short ones.

    Args:
        model: the n-gram model.
        symbols: characters of labels 1, 2, ...
        weight: of the log-probabilities.
        bonus: added for each character; without one, short texts would win.
    """

    def __init__(
        self, model: NgramModel, symbols: Sequence[str], *, weight: float, bonus: float
    ) -> None:
        self._model, self._weight, self._bonus = model, weight, bonus
        self._symbols = np.append(UNKNOWN, model.encode("".join(symbols)))
        self._start = model.start()
        self._is_digit = np.array([False, *(symbol.isdecimal() for symbol in symbols)])
        digits = [symbol for symbol in model.characters if symbol.isdecimal()]
        self._follows_digit = model.ends_with("".join(digits))

    @property
    def most(self) -> float:
        """The most that one label can add."""
        return self._bonus

    def start(self) -> NDArray[np.int64]:
        """State before the first label, of shape (1,)."""
        return np.array([self._start])

    def extend(
        self, states: NDArray[np.int64], labels: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Scores of labels (n,) after states (n, 1), and the states after them."""
        log_probs, after = self._model.extend(states[:, 0], self._symbols[labels])
        is_number = self._is_digit[labels] | self._follows_digit[states[:, 0]]
        scores = np.where(is_number, 0.0, self._weight * log_probs + self._bonus)
        return scores, after[:, None]

    def finish(self, states: NDArray[np.int64]) -> NDArray[np.float64]:
        """Nothing: lines end anywhere."""
        return np.zeros(len(states))
