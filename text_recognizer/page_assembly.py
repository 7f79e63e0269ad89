"""Puts a `Page` together from lines that were found, cut out and read."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from text_recognizer.layout import FoundLine
from text_recognizer.layout.orientation import Turn
from text_recognizer.line_image import LineCut
from text_recognizer.line_reader import LineReading
from text_recognizer.page import Alternative, Line, Points, Region, Word
from text_recognizer.paragraph_reader import ParagraphReading


@dataclass(frozen=True, eq=False)
class CutRegion:
    """A region of a page with its lines, cut out, in reading order.

    Attributes:
        kind: as `Region.type`.
        lines: places of the lines, and their cuts.
    """

    kind: str
    lines: list[tuple[FoundLine, LineCut]]


def read_regions(
    found_regions: list[CutRegion],
    readings: Iterator[LineReading],
    turn: Turn,
) -> tuple[Region, ...]:
    """Regions in pixels of the page as it lies; lines are numbered through the page."""
    regions = []
    n_lines = 0
    for number, region in enumerate(found_regions, start=1):
        lines = []
        for found, cut in region.lines:
            n_lines += 1
            lines.append(_line(f"l{n_lines}", (found, cut), next(readings), turn))
        boxes = np.array([found.box for found, _ in region.lines])
        (left, top), (right, bottom) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
        regions.append(Region(f"r{number}", _points(corners, turn), tuple(lines), type=region.kind))
    return tuple(regions)


def _line(id: str, place: tuple[FoundLine, LineCut], reading: LineReading, turn: Turn) -> Line:
    found, cut = place
    words = tuple(
        Word(word.text, word.confidence, _points(cut.outline(word.x0, word.x1), turn))
        for word in reading.words
    )
    return Line(
        id=id,
        text=reading.text,
        confidence=reading.confidence,
        baseline=_points(found.baseline, turn),
        polygon=_points(found.polygon, turn),
        words=words,
        alternatives=tuple(Alternative(text.text, text.score) for text in reading.alternatives),
    )


def _points(array: NDArray[np.floating], turn: Turn) -> Points:
    """Points of the upright page as points of the page as it lies, to a tenth of a pixel."""
    inside = np.clip(turn.to_page(array), 0, turn.size)
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in inside)


def paragraph_region(reading: ParagraphReading, shape: tuple[int, int]) -> tuple[Region, ...]:
    """The one region of an image of shape (H, W) that was read as a whole; none if it is blank.

    Where the lines stand is not known: each has the outline of the image and no baseline.
    """
    if not reading.lines:
        return ()
    height, width = float(shape[0]), float(shape[1])
    outline = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    lines = tuple(
        Line(f"l{number}", line.text, line.confidence, (), outline)
        for number, line in enumerate(reading.lines, start=1)
    )
    return (Region("r1", outline, lines),)
