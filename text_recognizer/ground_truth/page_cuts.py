"""Lines and paragraphs cut out of pages: their places, and their ink without that of neighbours.

Knows nothing about torch, or whose pages they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from text_recognizer.errors import InputError
from text_recognizer.grey_image import GreyImage
from text_recognizer.ground_truth import LineSample, PageSample
from text_recognizer.ground_truth.image_files import read_grey_page
from text_recognizer.ground_truth.samples import Point
from text_recognizer.paragraph_input import (
    Canvas,
    fitting_scale,
    ink_at_scale,
    resized,
    scaled_shape,
)

PADDING_PX = 8
"""Paper around a line; above and below no more than half of the gap to the next one."""
_LEAST_POINTS, _LEAST_PX = 3, 2

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels of the page, the last two outside."""
Polygon = tuple[Point, ...]


@dataclass(frozen=True)
class PageCut:
    """A part of a page to read: its own lines, and those that are none of its business.

    Attributes:
        path: of the page's image.
        page_shape: rows and columns that the ground truth says.
        box: what is cut out.
        own: outlines of its lines.
        foreign: outlines of others, whose ink is left out where they are not on its own lines.
    """

    path: Path
    page_shape: tuple[int, int]
    box: Box
    own: tuple[Polygon, ...]
    foreign: tuple[Polygon, ...]

    @property
    def shape(self) -> Canvas:
        """Rows and columns of the part."""
        left, top, right, bottom = self.box
        return bottom - top, right - left

    @property
    def line_height(self) -> float:
        """Median height of its lines' outlines."""
        return float(np.median([np.ptp([y for _, y in outline]) for outline in self.own]))

    def read_grey(self) -> GreyImage:
        """Its pixels as on the page, with the median of them on foreign lines.

        Raises:
            InputError: as for `read_ink`.
        """
        part, mask = self._part(), self._foreign_mask()
        return part if mask is None else np.where(mask > 0, np.uint8(np.median(part)), part)

    def read_ink(self, scale: float) -> GreyImage:
        """Its ink bright on black at a scale, uint8.

        Raises:
            InputError: the image cannot be read, or has another size than the ground truth says.
        """
        part = self._part()
        ink = ink_at_scale(part, scale)
        outside = self._foreign_mask()
        if outside is not None:
            ink = np.where(resized(outside, scaled_shape(part.shape, scale)) > 0, 0, ink)
        return np.asarray(ink, np.uint8)

    def _part(self) -> GreyImage:
        left, top, right, bottom = self.box
        return read_page_image(self.path, self.page_shape)[top:bottom, left:right]

    def _foreign_mask(self) -> GreyImage | None:
        """255 on foreign lines, in pixels of the part."""
        if not self.foreign:
            return None
        mask = np.zeros(self.shape, np.uint8)
        cv2.fillPoly(mask, [self._shifted(outline) for outline in self.foreign], 255)
        for outline in self.own:
            cv2.fillPoly(mask, [self._shifted(outline)], 0)
        return mask

    def _shifted(self, outline: Polygon) -> NDArray[np.int32]:
        return np.asarray(np.rint(np.asarray(outline) - self.box[:2]), np.int32)


@dataclass(frozen=True)
class FittedCut:
    """A cut at the scale at which it fits on a canvas: what data sets read when they need it.

    Attributes:
        cut: the part of a page.
        scale: of its ink.
    """

    cut: PageCut
    scale: float

    @classmethod
    def on(cls, cut: PageCut, canvas: Canvas, *, largest: float) -> "FittedCut":
        """The cut as large as it fits, not larger than a factor of its page."""
        return cls(cut, fitting_scale(cut.shape, canvas, largest=largest))

    def __call__(self) -> GreyImage:
        """Ink bright on black, (H, W), uint8."""
        return self.cut.read_ink(self.scale)


class PageLayout:
    """Where the lines of a page are.

    Args:
        page: lines in reading order; those whose outline encloses nothing are not to be cut.
        padding: pixels around a line at most.
    """

    def __init__(self, page: PageSample, *, padding: int = PADDING_PX) -> None:
        self.page = page
        boxes = [_box(line.polygon, page.width, page.height) for line in page.lines]
        self.places = {i: box for i, box in enumerate(boxes) if box is not None}
        """Box of each line that has a place, by its number."""
        self._padding = padding

    def cut(self, lines: Sequence[int]) -> PageCut:
        """The part of the page with some of its lines, which all have a place."""
        boxes = np.array([self.padded(i) for i in lines])
        left, top = boxes[:, :2].min(axis=0).tolist()
        right, bottom = boxes[:, 2:].max(axis=0).tolist()
        others = [i for i in self.places if i not in lines]
        return PageCut(
            self.page.image_path,
            (self.page.height, self.page.width),
            (left, top, right, bottom),
            tuple(self.page.lines[i].polygon for i in lines),
            tuple(
                self.page.lines[i].polygon
                for i in others
                if _overlap(self.places[i], (left, top, right, bottom))
            ),
        )

    def padded(self, line: int) -> Box:
        """The box of a line with paper around it, inside the page."""
        left, top, right, bottom = self.places[line]
        above = below = self._padding
        for number, (x0, y0, x1, y1) in self.places.items():
            if number == line or x1 <= left or x0 >= right:
                continue
            if y0 + y1 < top + bottom:
                above = min(above, max(0, (top - y1) // 2))
            else:
                below = min(below, max(0, (y0 - bottom) // 2))
        return (
            max(0, left - self._padding),
            max(0, top - above),
            min(self.page.width, right + self._padding),
            min(self.page.height, bottom + below),
        )


def read_page_image(path: Path, shape: tuple[int, int]) -> GreyImage:
    """Grey page, dark ink on light paper; the last few pages are kept.

    Raises:
        InputError: it cannot be read, or has other rows and columns.
    """
    page = read_grey_page(path)
    if page.shape != shape:
        raise InputError(
            f"{path} is {page.shape[1]} by {page.shape[0]} pixels and its ground truth says "
            f"{shape[1]} by {shape[0]}; the outlines do not fit."
        )
    return page


def _box(polygon: Sequence[Point], width: int, height: int) -> Box | None:
    """Box of an outline inside the page; None if it encloses nothing."""
    if len(polygon) < _LEAST_POINTS:
        return None
    points = np.asarray(polygon, np.float64)
    left, top = np.floor(points.min(axis=0)).clip(0, (width, height)).astype(int).tolist()
    right, bottom = np.ceil(points.max(axis=0)).clip(0, (width, height)).astype(int).tolist()
    is_there = right - left >= _LEAST_PX and bottom - top >= _LEAST_PX
    return (left, top, right, bottom) if is_there else None


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def cut_lines(page: PageSample) -> list[LineSample]:
    """The transcribed lines of a page that have a place, with even paper over their neighbours."""
    layout = PageLayout(page)
    return [
        LineSample(
            line.id,
            line.text,
            page.source,
            page.document,
            page.language,
            page.split,
            read_image=layout.cut([number]).read_grey,
        )
        for number, line in enumerate(page.lines)
        if line.text and number in layout.places
    ]
