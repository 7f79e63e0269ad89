"""Puts the lines of a page in the order in which they are read, column by column.

Knows nothing about ink: it goes by the places of the lines alone.
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from text_recognizer.layout.found_line import FoundLine

_FEWEST = 3  # lines that make a column
_GUTTER = 0.8  # of a line's height, that columns are apart at least
_BESIDE = 0.5  # share of the shorter column's height that columns stand beside each other
_SAME_ROW = 0.5  # of a line's height; pieces of one row are read from left to right
_OVERLAP = 0.1  # of the shorter piece; pieces of one row hardly overlap
_MOST_ACROSS = 6  # lines above columns, or below them, that may run across
_ACROSS = sorted(product(range(_MOST_ACROSS + 1), repeat=2), key=sum)[1:]  # (above, below)


def order_lines(lines: list[FoundLine]) -> list[list[FoundLine]]:
    """Lines in reading order, a list for each column; one list if there is no clear gutter.

    Lines across all columns, above or below them, make a list of their own.
    """
    rows = by_rows(lines)
    if not rows:
        return []
    if parts := _columns(rows):
        return [column for part in parts for column in order_lines(part)]
    for n_above, n_below in _ACROSS:
        end = len(rows) - n_below
        if _columns(rows[n_above:end]):
            parts = [rows[:n_above], *order_lines(rows[n_above:end]), rows[end:]]
            return [part for part in parts if part]
    return [rows]


def _columns(lines: list[FoundLine]) -> list[list[FoundLine]] | None:
    """The lines left and right of the widest gutter; None if there is none."""
    if len(lines) < 2 * _FEWEST:
        return None
    boxes = np.array([line.box for line in lines])
    order = np.argsort(boxes[:, 0])
    reached = np.maximum.accumulate(boxes[order, 2])
    gutters = boxes[order[1:], 0] - reached[:-1]
    height = float(np.median([line.height for line in lines]))
    for place in np.argsort(-gutters):
        if gutters[place] < _GUTTER * height:
            return None
        left, right = order[: place + 1], order[place + 1 :]
        if _are_columns(boxes[left], boxes[right]):
            return [[lines[i] for i in left], [lines[i] for i in right]]
    return None


def _are_columns(left: NDArray[np.float64], right: NDArray[np.float64]) -> bool:
    if min(len(left), len(right)) < _FEWEST:
        return False
    tops = (left[:, 1].min(), right[:, 1].min())
    bottoms = (left[:, 3].max(), right[:, 3].max())
    shorter = min(bottoms[0] - tops[0], bottoms[1] - tops[1])
    return bool(min(bottoms) - max(tops) >= _BESIDE * shorter)


def by_rows(lines: list[FoundLine]) -> list[FoundLine]:
    """Lines from top to bottom, and from left to right where they stand in one row."""
    slope = float(np.median([_slope(line) for line in lines])) if lines else 0.0
    rest = sorted(lines, key=lambda line: _level(line, slope))
    ordered: list[FoundLine] = []
    while rest:
        row = [line for line in rest if _is_in_row(line, rest[0], slope)]
        ordered += sorted(row, key=lambda line: line.box[0])
        rest = [line for line in rest if not any(line is other for other in row)]
    return ordered


def _is_in_row(line: FoundLine, first: FoundLine, slope: float) -> bool:
    """Whether a line stands beside the first one, or is that one."""
    if line is first:
        return True
    (left, _, right, _), (first_left, _, first_right, _) = line.box, first.box
    overlap = min(right, first_right) - max(left, first_left)
    if overlap > _OVERLAP * min(right - left, first_right - first_left):
        return False
    apart = _level(line, slope) - _level(first, slope)
    return apart <= _SAME_ROW * min(line.height, first.height)


def _slope(line: FoundLine) -> float:
    (x0, y0), (x1, y1) = line.baseline[0], line.baseline[-1]
    return float((y1 - y0) / max(1.0, x1 - x0))


def _level(line: FoundLine, slope: float) -> float:
    """Height of a line on the page, as if the page were turned so that its lines are level."""
    x, y = line.baseline.mean(axis=0)
    return float(y - slope * x)
