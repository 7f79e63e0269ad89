"""Lines with the scores that a network gives them, kept so that they can be decoded repeatedly.

Knows nothing about networks: `LineReader.scores` makes the scores.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from text_recognizer.alphabet import Alphabet
from text_recognizer.ctc import LabelRun, decode_greedy
from text_recognizer.errors import InputError
from text_recognizer.evaluation.line_evaluation import compare_line
from text_recognizer.evaluation.report import LineResult
from text_recognizer.ground_truth import LineSample, read_lines
from text_recognizer.line_reader import Decodes, LineReader

Item = TypeVar("Item")

_CHUNK = 256  # lines in memory at once as images


@dataclass(frozen=True, eq=False)
class ScoredLine:
    """A line of a data set and its scores, log-probabilities of shape (T, C)."""

    sample: LineSample
    scores: NDArray[np.float32]


def read_scored_lines(
    dataset: Path,
    reader: LineReader,
    *,
    split: str,
    sources: Collection[str] | None = None,
    most: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[ScoredLine]:
    """Lines of a split and their scores.

    Args:
        dataset: file or folder in a layout of `ground_truth`.
        reader: gives the scores.
        split: `train`, `validation` or `test`.
        sources: only these; None takes all.
        most: of one source, evenly spaced; None takes all.
        on_progress: called with the lines done and the lines in all.

    Raises:
        InputError: the data set or an image cannot be read, or there are no such lines.
        OptionError: there is no such split.
    """
    samples = _thinned(read_lines(dataset, split=split, sources=sources), most)
    if not samples:
        raise InputError(f"{dataset} has no {split} lines; choose another split.")
    lines: list[ScoredLine] = []
    for start in range(0, len(samples), _CHUNK):
        chunk = samples[start : start + _CHUNK]
        scores = reader.scores([sample.read_image() for sample in chunk])
        lines += map(ScoredLine, chunk, scores)
        if on_progress is not None:
            on_progress(len(lines), len(samples))
    return lines


def decode_lines(
    lines: Sequence[ScoredLine], decoder: Decodes | None, *, temperature: float = 1.0
) -> list[list[LabelRun]]:
    """Label runs of every line; without a decoder, greedily."""
    if decoder is not None:
        scores = [line.scores for line in lines]
        return [decoded.runs for decoded in decoder.decode(scores, temperature=temperature)]
    return [decode_greedy(line.scores[None], temperature=temperature)[0] for line in lines]


def compare_runs(
    lines: Sequence[ScoredLine],
    decoded: Sequence[Sequence[LabelRun]],
    alphabet: Alphabet,
    text_form: str,
) -> list[LineResult]:
    """What was decoded beside the transcriptions, both in the text form."""
    texts = [alphabet.decode(run.label for run in runs) for runs in decoded]
    return [
        compare_line(line.sample, " ".join(text.split()), text_form)
        for line, text in zip(lines, texts, strict=True)
    ]


def _thinned(samples: Sequence[LineSample], most: int | None) -> list[LineSample]:
    if most is None:
        return list(samples)
    by_source: dict[str, list[LineSample]] = {}
    for sample in samples:
        by_source.setdefault(sample.source, []).append(sample)
    return [sample for own in by_source.values() for sample in evenly_spaced(own, most)]


def evenly_spaced(items: Sequence[Item], most: int) -> list[Item]:
    """At most so many of the items, evenly spaced, the first among them."""
    n_taken = min(len(items), most)
    return [items[i * len(items) // n_taken] for i in range(n_taken)]
