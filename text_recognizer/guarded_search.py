"""Searches texts that do not repeat themselves, on top of `sequence_search`.

What is found to repeat itself is ended there at once, and the image is read again: as before up to
the repetition, and then by another way. So a decoder that jumped back to a line it had read goes on
with the line that it held for the next likeliest. Some texts do repeat lines, such as songs: where
the decoder had hardly a doubt as it began a line again, the line stays, a few times in a text.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from text_recognizer.repeat_guard import RepeatGuard, Repetition
from text_recognizer.sequence_search import (
    DecoderSteps,
    Hypothesis,
    SearchOptions,
    SpecialLabels,
    search_texts,
)

FloatArray = NDArray[np.float32]
Labels = NDArray[np.int64]
_SURE = math.log(0.98)  # of the first character of a line, for it to stay though it is a repetition
_MOST_ACCEPTED = 4  # lines of a text that stay so


def search_without_repeats(
    begin: Callable[[Labels], DecoderSteps],
    n_images: int,
    special: SpecialLabels,
    options: SearchOptions,
    guard: RepeatGuard,
    *,
    max_retries: int = 8,
) -> list[Hypothesis]:
    """The best text of each image; one that repeats itself all the same ends before it does.

    Args:
        begin: gives a decoder at the start of the texts of images, by their numbers.
        n_images: how many there are.
        special: labels that stand for no character.
        options: how to search.
        guard: what counts as a repetition.
        max_retries: other ways that are tried of one image.
    """
    found: dict[int, Hypothesis] = {}
    plans = {image: _Plan() for image in range(n_images)}
    while plans:
        decoder = begin(np.array(list(plans), np.int64))
        steps = _GuardedSteps(decoder, list(plans.values()), special, guard)
        texts = search_texts(steps, len(plans), special, options)
        results = {image: own[0] for image, own in zip(plans, texts, strict=True)}
        again: dict[int, _Plan] = {}
        for image, text in results.items():
            plan = plans[image]
            found[image], again_by = _judge(text, plan, guard, max_retries)
            if again_by is not None:
                again[image] = again_by
        plans = again
    return [found[image] for image in range(n_images)]


def _judge(
    text: Hypothesis, plan: "_Plan", guard: RepeatGuard, max_retries: int
) -> "tuple[Hypothesis, _Plan | None]":
    """A text up to its first repetition, and how to read on; None if nothing is left to try."""
    repetition = guard.first(text.labels, is_end=text.is_complete, accepted=plan.accepted)
    if repetition is None:
        return text, None
    cut = _without(text, repetition.start)
    if plan.accepts(text, repetition):
        return cut, plan.with_line(text.labels, repetition.start)
    if plan.n_retries < max_retries:
        return cut, plan.instead_of(text.labels, repetition.start)
    return cut, None


def _without(text: Hypothesis, start: int) -> Hypothesis:
    """The text up to its repetition."""
    return Hypothesis(text.labels[:start], text.log_probabilities[:start], False)


@dataclass(frozen=True)
class _Plan:
    """How an image is read: labels that are given, and labels that may not follow others.

    Attributes:
        given: the first labels.
        barred: labels that may not stand behind such beginnings.
        accepted: starts of lines that stay though they repeat others.
        n_retries: how often another way was tried before.
    """

    given: tuple[int, ...] = ()
    barred: Mapping[tuple[int, ...], frozenset[int]] = field(default_factory=dict)
    accepted: frozenset[int] = frozenset()
    n_retries: int = 0

    def accepts(self, text: Hypothesis, repetition: Repetition) -> bool:
        """Whether a repetition may be what is written there."""
        if not repetition.is_line or len(self.accepted) == _MOST_ACCEPTED:
            return False
        return text.log_probabilities[repetition.start] > _SURE

    def with_line(self, labels: tuple[int, ...], start: int) -> "_Plan":
        """The plan that goes on behind a line which repeats another."""
        return replace(self, given=labels, accepted=self.accepted | {start})

    def instead_of(self, labels: tuple[int, ...], start: int) -> "_Plan":
        """The plan that leads another way where the text began to repeat itself."""
        before = labels[:start]
        barred = self.barred.get(before, frozenset()) | {labels[start]}
        return replace(
            self,
            given=before,
            barred={**self.barred, before: barred},
            n_retries=self.n_retries + 1,
        )


@dataclass(frozen=True)
class _Row:
    """A text that is being written.

    Attributes:
        plan: of its image.
        labels: so far.
        is_repeated: whether it repeats itself.
    """

    plan: _Plan
    labels: tuple[int, ...] = ()
    is_repeated: bool = False


class _GuardedSteps:
    """A decoder whose scores follow plans, and let what repeats itself end at once.

    Args:
        decoder: gives the scores.
        plans: of its images.
        special: see `search_without_repeats`.
        guard: likewise.
    """

    def __init__(
        self,
        decoder: DecoderSteps,
        plans: list[_Plan],
        special: SpecialLabels,
        guard: RepeatGuard,
    ) -> None:
        self._decoder, self._special, self._guard = decoder, special, guard
        self._rows = [_Row(plan) for plan in plans]

    def step(self, labels: Labels, parents: Labels) -> tuple[FloatArray, FloatArray]:
        """See `DecoderSteps`."""
        self._rows = [
            self._longer(self._rows[parent], int(label))
            for parent, label in zip(parents, labels, strict=True)
        ]
        scores, attention = self._decoder.step(labels, parents)
        scores = scores.copy()
        for row, own in zip(self._rows, scores, strict=True):
            self._lead(row, own)
        return scores, attention

    def _longer(self, row: _Row, label: int) -> _Row:
        if label == self._special.start:
            return row
        labels = (*row.labels, label)
        is_own = len(labels) > len(row.plan.given)
        is_repeated = is_own and self._finds(replace(row, labels=labels), is_end=False)
        return replace(row, labels=labels, is_repeated=is_repeated)

    def _lead(self, row: _Row, scores: FloatArray) -> None:
        """Change the scores of what follows a text."""
        end, place = self._special.end, len(row.labels)
        if row.is_repeated or self._ends_repeated(row, scores):
            scores[:] = -np.inf
            scores[end] = 0.0  # so it is seen if it is the best, and read again
        elif place < len(row.plan.given):
            given = scores[row.plan.given[place]]
            scores[:] = -np.inf
            scores[row.plan.given[place]] = given
        else:
            scores[list(row.plan.barred.get(row.labels, ()))] = -np.inf

    def _ends_repeated(self, row: _Row, scores: FloatArray) -> bool:
        """Whether a text would end with a line that it holds already."""
        is_end = len(row.labels) > len(row.plan.given) and scores.argmax() == self._special.end
        return bool(is_end) and self._finds(row, is_end=True)

    def _finds(self, row: _Row, *, is_end: bool) -> bool:
        accepted = row.plan.accepted
        return self._guard.find(row.labels, is_end=is_end, accepted=accepted) is not None
