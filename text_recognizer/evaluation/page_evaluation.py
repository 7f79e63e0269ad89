"""Finds and reads the lines of whole pages, and compares them with the pages' ground truth.

Beside the shares of lines found stands what users feel: how much worse a found line reads than the
same line cut out by the reference, and how much text lies in lines that were not found.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from text_recognizer.evaluation.line_evaluation import ReadsLines
from text_recognizer.evaluation.line_finding import (
    FindingCounts,
    LineMatch,
    match_lines,
    sum_findings,
)
from text_recognizer.evaluation.metrics import ErrorCounts, count_character_errors, sum_counts
from text_recognizer.grey_image import GreyImage
from text_recognizer.ground_truth import PageSample
from text_recognizer.ground_truth.image_files import read_grey
from text_recognizer.layout import FoundLine
from text_recognizer.line_image import cut
from text_recognizer.text_form import DEFAULT_TEXT_FORM, apply_text_form

FindsLines = Callable[[GreyImage], Sequence[FoundLine]]


@dataclass(frozen=True)
class PageResult:
    """Counts of one page, or of several.

    Attributes:
        finding: lines found and not found.
        found: errors in the matched lines, cut out as they were found.
        same: errors in the same lines, cut out by the reference.
        missed: `edits` are the characters in reference lines that were not found, `length` those of
            all lines with text.
    """

    finding: FindingCounts = FindingCounts()
    found: ErrorCounts = ErrorCounts()
    same: ErrorCounts = ErrorCounts()
    missed: ErrorCounts = ErrorCounts()

    @property
    def lost_in_cutting(self) -> float | None:
        """Error rate of matched lines minus that of the same lines cut by the reference."""
        if self.found.rate is None or self.same.rate is None:
            return None
        return self.found.rate - self.same.rate


def sum_results(results: Sequence[PageResult]) -> PageResult:
    """Counts of several pages."""
    return PageResult(
        finding=sum_findings(result.finding for result in results),
        found=sum_counts(result.found for result in results),
        same=sum_counts(result.same for result in results),
        missed=sum_counts(result.missed for result in results),
    )


def reference_lines(page: PageSample) -> tuple[list[FoundLine], list[str]]:
    """Places and texts of a page's lines, those without a stored baseline left out."""
    lines = [line for line in page.lines if len(line.baseline) > 1]
    places = [
        FoundLine(np.array(line.baseline, np.float32), np.array(line.polygon, np.float32))
        for line in lines
    ]
    return places, [line.text for line in lines]


def match_places(reference: Sequence[FoundLine], found: Sequence[FoundLine]) -> LineMatch:
    """Which found line is which reference line; the gap of a lone line is its own height."""
    heights = [line.height for line in reference]
    return match_lines(
        [line.baseline for line in reference],
        [line.baseline for line in found],
        lone_gap=float(np.median(heights)) if heights else 1.0,
    )


def count_lines(
    reference: Sequence[FoundLine], found: Sequence[FoundLine], match: LineMatch
) -> FindingCounts:
    """Counts of one page."""
    return FindingCounts(len(reference), len(found), len(match.pairs), len(match.ignored))


def evaluate_page(
    page: PageSample,
    find: FindsLines,
    *,
    reader: ReadsLines | None = None,
    text_form: str = DEFAULT_TEXT_FORM,
) -> PageResult:
    """Lines of a page found, cut, read and compared.

    Reference lines without a stored baseline are left out of everything.

    Args:
        page: with the baselines of its lines.
        find: finds the lines of a grey image.
        reader: reads the cut lines; None leaves the texts out.
        text_form: name of the form that both texts are brought to.

    Raises:
        InputError: the image cannot be read, or a line is too long to be cut out.
    """
    image = read_grey(page.image_path)
    places, texts = reference_lines(page)
    texts = [apply_text_form(text, text_form) for text in texts]
    found = find(image)
    match = match_places(places, found)
    n_missed = sum(map(len, texts)) - sum(len(texts[i]) for i, _ in match.pairs)
    missed = ErrorCounts(n_missed, sum(map(len, texts)))
    result = PageResult(count_lines(places, found, match), missed=missed)
    if reader is None:
        return result
    pairs = [(i, j) for i, j in match.pairs if texts[i]]
    wanted = [texts[i] for i, _ in pairs]

    def errors(chosen: Sequence[FoundLine]) -> ErrorCounts:
        readings = reader.read([cut(image, line.baseline, line.polygon).image for line in chosen])
        hypotheses = [apply_text_form(reading.text, text_form) for reading in readings]
        return sum_counts(map(count_character_errors, wanted, hypotheses))

    return replace(
        result,
        found=errors([found[j] for _, j in pairs]),
        same=errors([places[i] for i, _ in pairs]),
    )
