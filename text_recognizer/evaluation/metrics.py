"""Counts the edits between a reference and a hypothesis, and adds counts up to error rates.

Rates are corpus rates: edits summed over references, divided by reference length summed over
references. Knows nothing about text forms: what is compared is what is given.
"""

import unicodedata
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ErrorCounts:
    """Edits and the length of the references they were counted against, in the same unit."""

    edits: int = 0
    length: int = 0

    def __add__(self, other: "ErrorCounts") -> "ErrorCounts":
        return ErrorCounts(self.edits + other.edits, self.length + other.length)

    @property
    def rate(self) -> float | None:
        """Edits a unit of reference, as a fraction that may exceed 1; None without reference."""
        return self.edits / self.length if self.length else None


def sum_counts(counts: Iterable[ErrorCounts]) -> ErrorCounts:
    """Counts of a corpus from those of its lines."""
    return sum(counts, start=ErrorCounts())


def count_character_errors(reference: str, hypothesis: str) -> ErrorCounts:
    """Edits between two texts in code points after NFC."""
    true, read = (unicodedata.normalize("NFC", text) for text in (reference, hypothesis))
    return ErrorCounts(count_edits(true, read), len(true))


def count_folded_errors(reference: str, hypothesis: str) -> ErrorCounts:
    """Edits between two texts in code points after case folding and NFC: case does not count."""
    return count_character_errors(reference.casefold(), hypothesis.casefold())


def count_word_errors(reference: str, hypothesis: str) -> ErrorCounts:
    """Edits between two texts in words after NFC; words are split at white space only."""
    true, read = (unicodedata.normalize("NFC", text).split() for text in (reference, hypothesis))
    return ErrorCounts(count_edits(true, read), len(true))


def sample_error_rate(reference: str, hypothesis: str) -> float:
    """The lessons' error rate of one line: edits by the longer of the two texts, from 0 to 1.

    0 for two empty texts. Its mean over lines is lower than the rate of the corpus where lines are
    read too long, and counts short lines as much as long ones: for comparison with figures of the
    lessons only.
    """
    return count_edits(reference, hypothesis) / max(len(reference), len(hypothesis), 1)


def count_edits(reference: Sequence[Hashable], hypothesis: Sequence[Hashable]) -> int:
    """Levenshtein distance: fewest insertions, deletions and substitutions, each counting 1.

    A column of the distance matrix is kept as two bit masks of its steps up and down, in integers
    of any length, so that one unit of the hypothesis costs a few operations on whole words.

    Source: G. Myers, A fast bit-vector algorithm for approximate string matching, Journal of the
    ACM 46(3), 1999; in the form for distances by H. Hyyro, 2003, section 3.
    """
    if not reference:
        return len(hypothesis)
    places: dict[Hashable, int] = {}  # unit -> bits of the rows where the reference has it
    for row, unit in enumerate(reference):
        places[unit] = places.get(unit, 0) | (1 << row)
    every_row = (1 << len(reference)) - 1
    last_row = 1 << (len(reference) - 1)
    rises, falls = every_row, 0  # rows where the column is 1 more, 1 less than in the row above
    distance = len(reference)
    for unit in hypothesis:
        same = places.get(unit, 0) | falls
        diagonal = (((same & rises) + rises) ^ rises) | same  # rows equal to their upper left
        grows = falls | (every_row & ~(rises | diagonal))  # rows 1 more than on their left
        shrinks = rises & diagonal
        distance += bool(grows & last_row) - bool(shrinks & last_row)
        grows = (grows << 1) | 1
        rises = ((shrinks << 1) | ~(grows | diagonal)) & every_row
        falls = grows & diagonal & every_row
    return distance
