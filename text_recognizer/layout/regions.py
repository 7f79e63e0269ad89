"""Regions of a page: columns in reading order, and notes in the margin after what they stand by.

Knows nothing about ink: it goes by the places of the lines alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from text_recognizer.layout.found_line import FoundLine
from text_recognizer.layout.reading_order import by_rows, order_lines

Kind = Literal["paragraph", "marginalia"]

_FEWEST_LONG = 3  # lines that make a body of text, beside which there can be notes
_LONG = 0.5  # of the body's longest lines; notes are shorter
_NARROW = 0.45  # of the width of the column beside; wider ones are columns of their own
_SAME_ROW = 0.3  # of a line's height, between the baselines of pieces of one row
_IN_ROWS = 0.7  # share of a narrow column's lines that are pieces of rows; such a page is a table
_TOUCHING = 0.5  # of a line's height, by which a note may reach into the body
_NEXT_NOTE = 3.0  # of a line's height, between the lines of one note


@dataclass(frozen=True, eq=False)
class FoundRegion:
    """Lines that are read one after the other.

    Attributes:
        kind: body text, or a note in the margin.
        lines: in reading order.
    """

    kind: Kind
    lines: list[FoundLine]


@dataclass(frozen=True, eq=False)
class _Places:
    """Where lines stand when the page is turned so that they are level; one value a line."""

    left: NDArray[np.float64]
    right: NDArray[np.float64]
    level: NDArray[np.float64]
    height: float

    @property
    def width(self) -> NDArray[np.float64]:
        return self.right - self.left


def find_regions(lines: Sequence[FoundLine]) -> list[FoundRegion]:
    """Regions in reading order; a note comes after the column that it stands beside.

    A narrow column beside a wide one is a note, unless its lines are pieces of the wide one's rows
    as in a table, which is read row by row.
    """
    columns = _with_rows_joined(order_lines(list(lines)))
    regions: list[FoundRegion] = []
    for column in columns:
        body, notes = _without_notes(column)
        parts = order_lines(body) if notes else [column]
        regions += [FoundRegion("paragraph", part) for part in parts]
        regions += [FoundRegion("marginalia", note) for note in notes]
    return _notes_last(regions)


def _with_rows_joined(columns: list[list[FoundLine]]) -> list[list[FoundLine]]:
    """Columns, those of a table put together again."""
    joined: list[list[FoundLine]] = []
    for column in columns:
        if joined and _is_table(joined[-1], column):
            joined[-1] = by_rows([*joined[-1], *column])
        else:
            joined.append(column)
    return joined


def _is_table(left: list[FoundLine], right: list[FoundLine]) -> bool:
    """Whether one of two columns is narrow and most of its lines stand in the other's rows."""
    places = _places([*left, *right])
    sides = np.arange(len(left) + len(right)) < len(left)
    widths = [float(np.median(places.width[side])) for side in (sides, ~sides)]
    narrow = sides if widths[0] < widths[1] else ~sides
    if min(widths) > _NARROW * max(widths):
        return False
    return float(_in_rows(places, narrow, ~narrow).mean()) >= _IN_ROWS


def _without_notes(lines: list[FoundLine]) -> tuple[list[FoundLine], list[list[FoundLine]]]:
    """The body of a column, and the notes left and right of it."""
    if len(lines) <= _FEWEST_LONG:
        return lines, []
    places = _places(lines)
    is_long = places.width >= _LONG * np.percentile(places.width, 90)
    if np.count_nonzero(is_long) < _FEWEST_LONG:
        return lines, []
    reach = _TOUCHING * places.height
    is_left = places.right <= np.percentile(places.left[is_long], 25) + reach
    is_right = places.left >= np.percentile(places.right[is_long], 75) - reach
    levels = places.level[is_long]
    is_beside = (places.level >= levels.min()) & (places.level <= levels.max())
    notes: list[list[FoundLine]] = []
    is_note = np.zeros(len(lines), bool)
    for is_there in (is_left, is_right):
        outside = is_there & ~is_long & is_beside
        for group in _groups(places, outside):
            chosen = np.zeros(len(lines), bool)
            chosen[group] = True
            if float(_in_rows(places, chosen, is_long).mean()) < _IN_ROWS:
                notes.append([lines[i] for i in group])
                is_note |= chosen
    return [line for line, taken in zip(lines, is_note, strict=True) if not taken], notes


def _groups(places: _Places, chosen: NDArray[np.bool_]) -> list[list[int]]:
    """Indices of the chosen lines, from top to bottom, a list for each note."""
    groups: list[list[int]] = []
    for index in sorted(np.flatnonzero(chosen).tolist(), key=lambda i: float(places.level[i])):
        above = places.level[groups[-1][-1]] if groups else -np.inf
        if places.level[index] - above <= _NEXT_NOTE * places.height:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def _notes_last(regions: list[FoundRegion]) -> list[FoundRegion]:
    """Regions; narrow columns are taken for notes and put behind the text that they stand by."""
    ordered: list[FoundRegion] = []
    rest = list(regions)
    while rest:
        first = rest.pop(0)
        second = rest[0] if rest else None
        if second and first.kind == second.kind == "paragraph":
            if _is_note_beside(first, second):
                ordered += [rest.pop(0), *_as_notes(first.lines)]
                continue
            if _is_note_beside(second, first):
                ordered += [first, *_as_notes(rest.pop(0).lines)]
                continue
        ordered.append(first)
    return ordered


def _as_notes(lines: list[FoundLine]) -> list[FoundRegion]:
    """Lines of a narrow column, a region for each note."""
    groups = _groups(_places(lines), np.ones(len(lines), bool))
    return [FoundRegion("marginalia", [lines[i] for i in group]) for group in groups]


def _is_note_beside(note: FoundRegion, text: FoundRegion) -> bool:
    """Whether a region is narrow and stands beside another, within its height."""
    lines = [*note.lines, *text.lines]
    places = _places(lines)
    n = len(note.lines)
    if np.median(places.width[:n]) > _NARROW * np.median(places.width[n:]):
        return False
    is_apart = places.right[:n].max() <= np.percentile(places.left[n:], 25) + places.height
    is_apart |= places.left[:n].min() >= np.percentile(places.right[n:], 75) - places.height
    inside = (places.level[:n] >= places.level[n:].min()) & (
        places.level[:n] <= places.level[n:].max()
    )
    return bool(is_apart and inside.mean() > 0.5)


def _in_rows(
    places: _Places, chosen: NDArray[np.bool_], others: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """For each chosen line, whether one of the others stands in its row."""
    apart = np.abs(places.level[chosen][:, None] - places.level[others][None])
    return np.asarray(apart.min(axis=1) <= _SAME_ROW * places.height)


def _places(lines: Sequence[FoundLine]) -> _Places:
    steps = np.array([line.baseline[-1] - line.baseline[0] for line in lines], np.float64)
    lengths = np.hypot(*steps.T)
    angles = np.arctan2(steps[:, 1], steps[:, 0])
    angle = float(np.average(angles, weights=np.maximum(lengths, 1e-6)))
    across = np.array([-np.sin(angle), np.cos(angle)])
    along = np.array([np.cos(angle), np.sin(angle)])
    starts = np.array([float((line.baseline @ along).min()) for line in lines])
    ends = np.array([float((line.baseline @ along).max()) for line in lines])
    levels = np.array([float((line.baseline @ across).mean()) for line in lines])
    return _Places(starts, ends, levels, float(np.median([line.height for line in lines])))
