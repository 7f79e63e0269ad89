"""A page as a line detector learns it: a square image and a mask of its lines.

Knows nothing about torch, or where pages come from.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from text_recognizer.data.outline_clipping import clip_lines
from text_recognizer.errors import InputError, OptionError
from text_recognizer.evaluation.line_finding import local_gaps
from text_recognizer.grey_image import GreyImage
from text_recognizer.ground_truth import PageSample
from text_recognizer.ground_truth.page_cuts import read_page_image
from text_recognizer.ground_truth.samples import Point
from text_recognizer.layout.page_input import normalise_page

N_CLASSES = 3
"""No line; lines 1, 3, 5, ...; lines 2, 4, 6, ..."""
OUTLINES, BANDS = "outlines", "bands"
_BAND = 0.45  # of the line gap, height of a band; as much paper and more stays between two
_RIM_PX = 50  # over the first line and under the last
_COLOURS = ((0, 0, 0), (255, 120, 0), (0, 140, 255))  # of the classes, red, green, blue
_COLOUR_SHARE = 0.4


def mask_page(page: PageSample, size: int, *, form: str = OUTLINES) -> tuple[GreyImage, GreyImage]:
    """Square image and mask of a page, both uint8 of shape (size, size).

    The square is as wide as the page, or as high as its text with a rim of 50 pixels if that is
    more; it is centred on the text, and what lies beyond the page is paper. The image has paper 0
    and ink 255. The mask is 0, and in line i (from 0) `i % 2 + 1`.

    Lines reach to the edge of the page; those that are not on it are left out (`count_missing`).

    Args:
        page: with the places of its lines.
        size: rows and columns of both.
        form: of a line in the mask: its outline, or a band over its baseline.

    Raises:
        InputError: the image cannot be read or has another size than the page says, or no line has
            an outline, or for bands a baseline.
    """
    page = clip_lines(page)
    outlines = [line.polygon for line in page.lines if line.polygon]
    if not outlines:
        raise InputError(f"The page {page.id} has no line with an outline.")
    image = read_page_image(page.image_path, (page.height, page.width))
    drawn = _bands(page) if form == BANDS else outlines
    view = _Square.around(outlines, image.shape)
    ink = cv2.resize(view.cut(normalise_page(image)), (size, size), interpolation=cv2.INTER_AREA)
    mask = view.cut(draw_mask(drawn, image.shape))
    small = cv2.resize(mask, (size, size), interpolation=cv2.INTER_NEAREST)
    return np.asarray(ink, np.uint8), np.asarray(small, np.uint8)


def check_form(form: str) -> None:
    """Refuses unknown forms of lines in a mask.

    Raises:
        OptionError: there is no such form.
    """
    if form not in (OUTLINES, BANDS):
        raise OptionError(f"mask_form is {OUTLINES} or {BANDS}, not {form!r}.")


def count_missing(page: PageSample, form: str) -> int:
    """Lines that a mask of the form lacks: nothing of their outline or baseline is on the page."""
    lines = clip_lines(page).lines
    return sum(not (line.baseline if form == BANDS else line.polygon) for line in lines)


def _bands(page: PageSample) -> list[list[Point]]:
    """A band over each baseline, a little less high than half the gap to the next line.

    Unlike outlines, bands of neighbours do not touch, and their lower edge is the baseline. A
    lone line's gap is the median height of its outline.

    Raises:
        InputError: no line has a baseline.
    """
    lines = [line for line in page.lines if line.baseline]
    if not lines:
        raise InputError(f"The page {page.id} has no line with a baseline.")
    baselines = [np.asarray(line.baseline, np.float64) for line in lines]
    heights = [np.ptp([y for _, y in line.polygon]) for line in lines if line.polygon]
    gaps = local_gaps(baselines, lone_gap=float(np.median(heights)) if heights else 1.0)
    bands = []
    for line, gap in zip(lines, gaps, strict=True):
        over = [(x, y - _BAND * float(gap)) for x, y in line.baseline]
        bands.append([*line.baseline, *over[::-1]])
    return bands


def draw_mask(outlines: Sequence[Sequence[Point]], shape: tuple[int, ...]) -> GreyImage:
    """Mask of shape (H, W), uint8: in outline i `i % 2 + 1`; where two overlap, the later one's."""
    mask = np.zeros(shape, np.uint8)
    for index, outline in enumerate(outlines):
        points = np.rint(np.asarray(outline, np.float64)).astype(np.int32)
        cv2.fillPoly(mask, [points], index % 2 + 1)
    return mask


def colour_mask(image: GreyImage, mask: GreyImage) -> NDArray[np.uint8]:
    """The image dark on white with its lines in two colours, of shape (H, W, 3), to look at."""
    paper = np.repeat(255 - image[:, :, None], 3, axis=2).astype(np.float32)
    colours = np.array(_COLOURS, np.float32)[mask]
    mixed = np.where(
        mask[:, :, None] > 0, paper * (1 - _COLOUR_SHARE) + colours * _COLOUR_SHARE, paper
    )
    return np.asarray(mixed + 0.5, np.uint8)


class _Square:
    """A square around outlines on a page, which may stand out of it."""

    def __init__(self, left: int, top: int, side: int) -> None:
        self.left, self.top, self.side = left, top, side

    @classmethod
    def around(cls, outlines: Sequence[Sequence[Point]], shape: tuple[int, ...]) -> "_Square":
        rows = [y for outline in outlines for _, y in outline]
        top, bottom = min(rows) - _RIM_PX, max(rows) + _RIM_PX
        side = max(shape[1], round(bottom - top))
        return cls((shape[1] - side) // 2, round((top + bottom - side) / 2), side)

    def cut(self, image: GreyImage) -> GreyImage:
        """What the square shows, 0 beyond the page."""
        square = np.zeros((self.side, self.side), np.uint8)
        height, width = image.shape
        x0, y0 = max(0, self.left), max(0, self.top)
        x1, y1 = min(width, self.left + self.side), min(height, self.top + self.side)
        square[y0 - self.top : y1 - self.top, x0 - self.left : x1 - self.left] = image[y0:y1, x0:x1]
        return square
