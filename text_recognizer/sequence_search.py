"""Searches the text that a decoder finds likeliest, label by label, from greedy to beam search.

The decoder is anything that gives the log-probabilities of the next label and keeps its own cache:
a torch network in training, an ONNX session in use. Knows nothing about either, nor about images.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from text_recognizer.errors import OptionError

_N_TOKENS = 2  # start and end
_LEAST_SEEN = 1e-4  # of a place that no attention fell on


class DecoderSteps(Protocol):
    """A decoder that goes on, a label at a time, with a batch of beginnings of texts.

    Row i of a batch goes on from row `parents[i]` of the batch before; the rows of the first batch
    are the images. So hypotheses branch, and images that are done leave the batch.
    """

    def step(
        self, labels: NDArray[np.int64], parents: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Log-probabilities (B, C) of what follows, and attention (B, M) over the image's places.

        Args:
            labels: the last label of each row, shape (B,).
            parents: row of the batch before that each goes on from, shape (B,).
        """


@dataclass(frozen=True)
class SearchOptions:
    """How texts are searched.

    Attributes:
        beam: hypotheses kept of each image; 1 is greedy search.
        max_length: labels of a text at most, start and end among them.
        length_weight: 0 compares sums of log-probabilities, which favours short texts; above, they
            are divided by ((5 + length) / 6) to this power.
        coverage_weight: how much a text is marked down whose attention left places of the image
            out; 0 is not at all.
        n_best: texts of an image to be sure of; the search ends when none that goes on is better
            than these.

    Source of both weights: Wu et al., "Google's neural machine translation system", 2016,
    section 7.
    """

    beam: int = 1
    max_length: int = 682
    length_weight: float = 0.0
    coverage_weight: float = 0.0
    n_best: int = 1

    @property
    def longest_text(self) -> int:
        """Characters of a text at most: labels without start and end."""
        return self.max_length - _N_TOKENS

    def __post_init__(self) -> None:
        if min(self.beam, self.n_best) < 1 or self.max_length < 2:
            raise OptionError("beam and n_best are at least 1, and max_length at least 2.")
        if self.length_weight < 0 or self.coverage_weight < 0:
            raise OptionError("length_weight and coverage_weight are at least 0.")


@dataclass(frozen=True)
class SpecialLabels:
    """Labels that stand for no character.

    Attributes:
        start: before every text.
        end: after it; may be the same label.
        never: others that no text has, such as padding and blank.
    """

    start: int
    end: int
    never: tuple[int, ...] = ()


@dataclass(frozen=True)
class Hypothesis:
    """A text of labels, start and end left out.

    Attributes:
        labels: so far.
        log_probabilities: of each of them, and of the end if it is complete.
        is_complete: whether the end was reached; if not, the text was as long as allowed.
    """

    labels: tuple[int, ...]
    log_probabilities: tuple[float, ...]
    is_complete: bool

    @property
    def log_probability(self) -> float:
        """Of the whole."""
        return float(sum(self.log_probabilities))


@dataclass(frozen=True, eq=False)
class _Beginning:
    """A hypothesis that goes on; `row` is its place in the decoder's last batch."""

    row: int
    labels: tuple[int, ...] = ()
    log_probabilities: tuple[float, ...] = ()
    total: float = 0.0
    attended: NDArray[np.float32] | None = None  # (M,), summed over steps

    def grown(self, row: int, label: int, score: float, seen: NDArray[np.float32]) -> "_Beginning":
        """With one more label."""
        attended = seen if self.attended is None else self.attended + seen
        log_probabilities = (*self.log_probabilities, score)
        return _Beginning(
            row, (*self.labels, label), log_probabilities, self.total + score, attended
        )


class _Beam:
    """The hypotheses of one image: those that go on, as many as the beam is wide, and the ended.

    A hypothesis ends if its end is among the likeliest steps, as many as the beam is wide.
    """

    def __init__(self, image: int, special: SpecialLabels, options: SearchOptions) -> None:
        self.going = [_Beginning(image)]
        self._ended: list[_Beginning] = []
        self._special = special
        self._options = options

    def grow(self, scores: NDArray[np.float32], attention: NDArray[np.float32], first: int) -> None:
        """Go on by a label.

        Args:
            scores: log-probabilities (K, C) of what follows each of those that go on.
            attention: shape (K, M).
            first: row of the first of them in the batch.
        """
        beam = self._options.beam
        allowed = self._allowed(scores)
        totals = (allowed + np.array([[own.total] for own in self.going])).ravel()
        best = np.argsort(-totals, kind="stable")[: 2 * beam]  # of each, one may end
        grown: list[_Beginning] = []
        for number, place in enumerate(best[np.isfinite(totals[best])]):
            own, label = divmod(int(place), allowed.shape[1])
            is_end = label == self._special.end
            if number >= beam and is_end or len(grown) == beam and not is_end:
                continue
            score, seen = float(allowed[own, label]), attention[own]
            longer = self.going[own].grown(first + own, label, score, seen)
            (self._ended if is_end else grown).append(longer)
        self.going = [] if self._is_done(grown) else grown

    def hypotheses(self) -> list[Hypothesis]:
        """The best first, whether they ended or are as long as allowed."""
        longest = self._options.longest_text
        found = [(self._rank(own), _complete(own)) for own in self._ended]
        found += [(self._rank(own), _cut(own, longest)) for own in self.going]
        return [own for _, own in sorted(found, key=lambda pair: pair[0], reverse=True)]

    def _is_done(self, going: list[_Beginning]) -> bool:
        """Whether the best texts have ended; of a beam of 1, whether its only one has."""
        n_best = min(self._options.n_best, self._options.beam)
        ranks = sorted(map(self._rank, self._ended), reverse=True)
        if len(ranks) < n_best:
            return False
        return self._options.beam == 1 or all(
            self._bound(own) <= ranks[n_best - 1] for own in going
        )

    def _allowed(self, scores: NDArray[np.float32]) -> NDArray[np.float64]:
        """Scores without labels that no text has."""
        allowed = scores.astype(np.float64)
        allowed[:, [*self._special.never]] = -np.inf
        if self._special.start != self._special.end:
            allowed[:, self._special.start] = -np.inf
        return allowed

    def _rank(self, own: _Beginning) -> float:
        options = self._options
        rank = own.total / self._divisor(len(own.labels))
        if options.coverage_weight and own.attended is not None:
            seen = np.clip(own.attended, _LEAST_SEEN, 1.0)
            rank += options.coverage_weight * float(np.log(seen).sum())
        return rank

    def _bound(self, own: _Beginning) -> float:
        """The best rank that a text with this beginning can have: as long as allowed, all seen."""
        return own.total / self._divisor(self._options.max_length - 1)

    def _divisor(self, length: int) -> float:
        return float(((5 + length) / 6) ** self._options.length_weight)


def _complete(own: _Beginning) -> Hypothesis:
    return Hypothesis(own.labels[:-1], own.log_probabilities, True)


def _cut(own: _Beginning, longest: int) -> Hypothesis:
    return Hypothesis(own.labels[:longest], own.log_probabilities[:longest], False)


def search_texts(
    decoder: DecoderSteps, n_images: int, special: SpecialLabels, options: SearchOptions
) -> list[list[Hypothesis]]:
    """The likeliest texts of each image, the best first; there is at least one of each.

    The search of an image ends when no text that goes on is better than what has ended, or when
    they are as long as allowed.
    """
    beams = [_Beam(image, special, options) for image in range(n_images)]
    for _ in range(options.max_length - 1):
        going = [own for beam in beams for own in beam.going]
        if not going:
            break
        labels = [own.labels[-1] if own.labels else special.start for own in going]
        rows = np.array([own.row for own in going], np.int64)
        scores, attention = decoder.step(np.array(labels, np.int64), rows)
        first = 0
        for beam in beams:
            end = first + len(beam.going)
            if end > first:
                beam.grow(scores[first:end], attention[first:end], first)
            first = end
    return [beam.hypotheses() for beam in beams]
