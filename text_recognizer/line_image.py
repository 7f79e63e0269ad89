"""The image of one text line: cut out of its page and straightened."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from text_recognizer.errors import InputError
from text_recognizer.grey_image import GreyImage

_REACH_PERCENTILE = 98  # of the columns; the longest letter of a line must not make all small
_MAX_CUT_WIDTH = 32_000  # columns; OpenCV's remap counts in 16 bits
_REACH_STEP = 4  # columns; directions change slowly along a line
_ABOVE_SHARE = 0.75


def paper_brightness(image: GreyImage) -> NDArray[np.float32]:
    """Brightness of the paper behind the ink, of the image's shape, float32."""
    size = max(3, image.shape[0] // 2) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (size, size))
    closed = cv2.morphologyEx(image, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
    smooth = cv2.blur(closed, (size, size), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smooth, dtype=np.float32)


@dataclass(frozen=True)
class LineCut:
    """A straightened line and the way from its columns back to the page.

    Attributes:
        image: grey, uint8, of shape (H, W); row `above` is the baseline; outside the line's polygon
            it shows the local paper.
        feet: page points of the baseline under each column edge, of shape (W + 1, 2), float32.
        ups: unit vectors from the baseline to the top of the letters, same shape.
        above: rows over the baseline.
        below: rows under it.
    """

    image: GreyImage
    feet: NDArray[np.float32]
    ups: NDArray[np.float32]
    above: float
    below: float

    def outline(self, x0: float, x1: float) -> NDArray[np.float32]:
        """Polygon on the page of the columns x0 to x1, of shape (n, 2), clockwise from top left."""
        height = self.above + self.below
        n_steps = 2 + int(abs(x1 - x0) / (2 * height))
        columns = np.linspace(x0, x1, n_steps)
        feet = _at_columns(self.feet, columns)
        ups = _at_columns(self.ups, columns)
        tops = feet + ups * self.above
        bottoms = feet - ups * self.below
        return np.concatenate([tops, bottoms[::-1]]).astype(np.float32)


def cut(image: GreyImage, baseline: NDArray[np.float32], polygon: NDArray[np.float32]) -> LineCut:
    """Image of one line, straightened along its baseline, as high as the line on the page.

    It reaches as far above and below the baseline as the polygon does in 98 of 100 columns, and
    past the ends of the baseline where the polygon does.

    Args:
        image: the page, grey, uint8, (H, W).
        baseline: points (x, y) in writing direction, of shape (n, 2), n at least 2.
        polygon: outline of the line's ink, of shape (m, 2), m at least 3.

    Raises:
        InputError: the line has no length, or more columns than an image can have.
    """
    feet, ups = _sampled(_reaching(baseline, polygon), polygon)
    above, below = _reach(feet, ups, polygon)
    if not 1 <= len(feet) - 1 < _MAX_CUT_WIDTH or above + below >= _MAX_CUT_WIDTH:
        raise InputError(f"A line {len(feet) - 1} pixels long cannot be cut out.")
    middles, middle_ups = (feet[:-1] + feet[1:]) / 2, (ups[:-1] + ups[1:]) / 2
    rows = above - np.arange(max(1, math.ceil(above + below)), dtype=np.float32) - 0.5
    places = middles[None] + rows[:, None, None] * middle_ups[None] - 0.5  # (H, W, 2), to pixels
    pixels, inside = _straightened(image, places.astype(np.float32), polygon)
    first, last = _usual_rows(inside)
    paper = paper_brightness(pixels[first:last]).astype(np.uint8)
    pixels = np.where(inside[first:last], pixels[first:last], paper)
    return LineCut(pixels, feet, ups, above - first, last - above)


def whole(image: GreyImage) -> LineCut:
    """The cut of an image that is one line already: all of it, as it is.

    Where the letters stand is not known, so three quarters of the height count as above the
    baseline, which is near the truth for lines with long letters at both sides.
    """
    height, width = image.shape
    columns = np.arange(width + 1, dtype=np.float32)
    baseline = height * _ABOVE_SHARE
    feet = np.stack([columns, np.full_like(columns, baseline)], axis=1)
    ups = np.tile(np.array([0.0, -1.0], np.float32), (width + 1, 1))
    return LineCut(image, feet, ups, baseline, height - baseline)


def _reaching(baseline: NDArray[np.float32], polygon: NDArray[np.float32]) -> NDArray[np.float32]:
    """The baseline, lengthened straight on at both ends as far as the polygon reaches."""
    points = baseline.astype(np.float64)
    start, end = points[0], points[-1]
    direction = end - start
    length = float(np.hypot(*direction))
    if length < 1:
        raise InputError(f"A baseline from {tuple(start)} to {tuple(end)} has no length.")
    direction /= length
    along = (polygon - start) @ direction
    before, after = max(0.0, -along.min()), max(0.0, along.max() - length)
    return np.concatenate([[start - before * direction], points, [end + after * direction]]).astype(
        np.float32
    )


def _sampled(
    baseline: NDArray[np.float32], polygon: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Points one pixel apart along the baseline, and unit vectors up from it, both (W + 1, 2).

    Directions are averaged over about the line's height: at a bend of the polyline, columns would
    cross or leave a gap otherwise.
    """
    steps = np.hypot(*np.diff(baseline, axis=0).T)
    lengths = np.concatenate([[0.0], np.cumsum(steps)])
    n_columns = max(1, round(float(lengths[-1])))
    at = np.linspace(0, lengths[-1], n_columns + 1)
    feet = np.stack([np.interp(at, lengths, baseline[:, axis]) for axis in (0, 1)], axis=1)
    height = np.ptp(polygon @ _normal(baseline[-1] - baseline[0]))
    size = min(max(1, round(float(height))), max(1, n_columns)) | 1
    padded = np.pad(np.gradient(feet, axis=0), ((size // 2, size // 2), (0, 0)), mode="edge")
    kernel = np.full(size, 1 / size)
    tangents = np.stack([np.convolve(padded[:, axis], kernel, "valid") for axis in (0, 1)], axis=1)
    ups = np.stack([tangents[:, 1], -tangents[:, 0]], axis=1)
    ups /= np.maximum(np.linalg.norm(ups, axis=1, keepdims=True), 1e-6)
    return feet.astype(np.float32), ups.astype(np.float32)


def _normal(direction: NDArray[np.float32]) -> NDArray[np.float32]:
    x, y = direction / max(float(np.hypot(*direction)), 1e-6)
    return np.array([y, -x], np.float32)


def _reach(
    feet: NDArray[np.float32], ups: NDArray[np.float32], polygon: NDArray[np.float32]
) -> tuple[float, float]:
    """How far the polygon goes above and below the baseline, each at least half a pixel."""
    feet, ups = feet[::_REACH_STEP], ups[::_REACH_STEP]
    (x, y), (foot_x, foot_y) = polygon[:, :, None].swapaxes(0, 1), feet.T
    index = (np.abs(x - foot_x) + np.abs(y - foot_y)).argmin(axis=1)
    heights = ((polygon - feet[index]) * ups[index]).sum(axis=1)
    return max(0.5, float(heights.max())), max(0.5, float(-heights.min()))


def _straightened(
    image: GreyImage, places: NDArray[np.float32], polygon: NDArray[np.float32]
) -> tuple[GreyImage, NDArray[np.bool_]]:
    """Pixels at places (H, W, 2) of the page, and which of them lie inside of the polygon."""
    origin, part, mask = _surroundings(image, places, polygon)
    x, y = places[..., 0] - origin[0], places[..., 1] - origin[1]
    straight = np.asarray(
        cv2.remap(part, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8
    )
    inside = cv2.remap(mask, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
    return straight, np.asarray(inside) > 0


def _usual_rows(inside: NDArray[np.bool_]) -> tuple[int, int]:
    """First row, and one past the last, that the line needs in nearly all columns."""
    columns = inside[:, inside.any(axis=0)]
    if columns.size == 0:
        return 0, len(inside)
    firsts = columns.argmax(axis=0)
    lasts = len(inside) - columns[::-1].argmax(axis=0)
    first = int(np.percentile(firsts, 100 - _REACH_PERCENTILE, method="lower"))
    last = int(np.percentile(lasts, _REACH_PERCENTILE, method="higher"))
    return first, last


def _surroundings(
    image: GreyImage, places: NDArray[np.float32], polygon: NDArray[np.float32]
) -> tuple[tuple[int, int], GreyImage, GreyImage]:
    """Top left corner (x, y) and pixels of the part of the page around a line, and its mask."""
    height, width = image.shape
    edges = places[[0, -1]].reshape(-1, 2)
    low = np.floor(edges.min(axis=0)).astype(int)
    high = np.ceil(edges.max(axis=0)).astype(int) + 2
    x0, x1 = int(np.clip(low[0], 0, width - 1)), int(np.clip(high[0], 1, width))
    y0, y1 = int(np.clip(low[1], 0, height - 1)), int(np.clip(high[1], 1, height))
    part = np.ascontiguousarray(image[y0:y1, x0:x1])
    mask = np.zeros_like(part)
    shifted = np.round(polygon - np.array([x0, y0], np.float32)).astype(np.int32)
    cv2.fillPoly(mask, [shifted], 255)
    return (x0, y0), part, mask


def _at_columns(values: NDArray[np.float32], columns: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.arange(len(values))
    return np.stack([np.interp(columns, known, values[:, axis]) for axis in (0, 1)], axis=1)
