"""Reads the lines of a data set with a model and compares them with their transcriptions.

The reader is anything that turns grey line images into readings with a text, such as `LineReader`.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from text_recognizer.errors import InputError
from text_recognizer.evaluation.metrics import (
    count_character_errors,
    count_folded_errors,
    count_word_errors,
)
from text_recognizer.evaluation.report import EvaluationReport, LineResult, make_rows
from text_recognizer.ground_truth import LineSample, read_lines, read_unseen_ids
from text_recognizer.ground_truth.samples import check_split
from text_recognizer.text_form import DEFAULT_TEXT_FORM, apply_text_form

_GIVEN = "given"  # data set, source and split of lines that no file holds
_CHUNK = 256  # lines in memory at once, enough to fill batches of equal width


class Reading(Protocol):
    """What was read in a line."""

    @property
    def text(self) -> str:
        """The hypothesis, possibly empty."""


class ReadsLines(Protocol):
    """Reads grey line images."""

    def read(self, images: Sequence[NDArray[np.uint8]], /) -> Sequence[Reading]:
        """One reading an image, in the order given."""


def evaluate(
    dataset: str | Path,
    *,
    reader: ReadsLines,
    text_form: str = DEFAULT_TEXT_FORM,
    split: str = "test",
    sources: Collection[str] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> EvaluationReport:
    """Error rates of a reader on one split of a data set, a row for every source.

    Args:
        dataset: file or folder in a layout of `ground_truth`.
        reader: what reads the line images.
        text_form: name of the form that both texts are brought to, the one that the model writes.
        split: `train`, `validation` or `test`.
        sources: evaluate only these sources; None takes all.
        on_progress: called with the lines done and the lines in all.

    Raises:
        InputError: the data set or one of its images cannot be read, or the split has no lines.
        OptionError: there is no such split or text form.
    """
    split = check_split(split) or split
    samples = read_lines(dataset, split=split, sources=sources)
    if not samples:
        raise InputError(f"{dataset} has no {split} lines; choose another split.")
    lines = []
    for sample, hypothesis in read_samples(samples, reader):
        lines.append(compare_line(sample, hypothesis, text_form))
        if on_progress is not None:
            on_progress(len(lines), len(samples))
    rows = make_rows(lines, read_unseen_ids(dataset))
    return EvaluationReport(Path(dataset).name, split, text_form, rows, tuple(lines))


def evaluate_pairs(
    pairs: Sequence[tuple[NDArray[np.uint8], str]],
    *,
    reader: ReadsLines,
    text_form: str = DEFAULT_TEXT_FORM,
) -> EvaluationReport:
    """Error rates of a reader on line images (H, W), each with the text that is written there.

    Each image counts as a document of its own.

    Raises:
        InputError: there are none, or an image cannot be read.
        OptionError: there is no such text form.
    """
    if not pairs:
        raise InputError("There are no lines to evaluate.")
    samples = [
        LineSample(
            id=str(number),
            text=text,
            source=_GIVEN,
            document=str(number),
            language="und",
            split=_GIVEN,
            read_image=partial(np.asarray, image),
        )
        for number, (image, text) in enumerate(pairs, 1)
    ]
    lines = tuple(compare_line(s, read, text_form) for s, read in read_samples(samples, reader))
    return EvaluationReport(_GIVEN, _GIVEN, text_form, make_rows(lines, frozenset()), lines)


def compare_line(sample: LineSample, hypothesis: str, text_form: str) -> LineResult:
    """Counts of one line, both texts in the text form.

    Raises:
        OptionError: there is no such text form.
    """
    true, read = apply_text_form(sample.text, text_form), apply_text_form(hypothesis, text_form)
    return LineResult(
        id=sample.id,
        source=sample.source,
        document=sample.document,
        reference=true,
        hypothesis=read,
        characters=count_character_errors(true, read),
        words=count_word_errors(true, read),
        folded=count_folded_errors(true, read),
    )


def read_samples(
    samples: Sequence[LineSample], reader: ReadsLines, *, chunk: int = _CHUNK
) -> Iterator[tuple[LineSample, str]]:
    """Every sample and what the reader reads in it.

    Args:
        samples: with their images.
        reader: reads them.
        chunk: images in memory at once.

    Raises:
        InputError: an image cannot be read; the message names the sample.
    """
    for start in range(0, len(samples), chunk):
        own = samples[start : start + chunk]
        images = [sample.read_image() for sample in own]
        try:
            readings = reader.read(images)
        except InputError:
            readings = [_read_one(s, i, reader) for s, i in zip(own, images, strict=True)]
        yield from zip(own, (reading.text for reading in readings), strict=True)


def _read_one(sample: LineSample, image: NDArray[np.uint8], reader: ReadsLines) -> Reading:
    """Reading of one line, so that an error can say which line it is."""
    try:
        return reader.read([image])[0]
    except InputError as error:
        raise InputError(f"The line {sample.id!r} of {sample.source}: {error}") from error
