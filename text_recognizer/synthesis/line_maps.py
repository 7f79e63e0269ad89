"""What a line finder should answer: the lines of a page, drawn as maps.

Not the reference polygons: their conventions differ too much from one data set to the next. Ridges
along the baselines, discs at their ends, and two heights say the same in a way that can be learnt.
Knows nothing about networks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from text_recognizer.layout.found_line import FoundLine
from text_recognizer.layout.page_input import MAP_STRIDE
from text_recognizer.synthesis.arrays import Floats, GreyImage

_RIDGE = 0.08  # of the line gap, standard deviation across a ridge
_LEAST_RIDGE = 0.7  # pixels of the maps
_END = 0.12  # of the line gap, radius of the disc at an end
_ON_RIDGE = 0.3  # of a ridge's crest, from which its heights are learnt
_LOWEST_MARK, _HIGHEST_MARK = 0.15, 3.0  # of the line gap; rules are lower, rims of sheets higher
_SUBPIXEL = 4  # bits of OpenCV's fixed-point coordinates


@dataclass(frozen=True, eq=False)
class SizedLine:
    """A line and its measures.

    Attributes:
        place: baseline and outline, in pixels of the image.
        gap: distance to the next line, in the same pixels.
        above: how far its letters reach over the baseline, in the same pixels.
        below: how far they reach under it.
    """

    place: FoundLine
    gap: float
    above: float
    below: float


@dataclass(frozen=True, eq=False)
class LineMaps:
    """Maps of shape (H / 2, W / 2) of an image (H, W), float32.

    Attributes:
        ridge: 1 on baselines, falling off across them.
        ends: 1 in discs at the ends of baselines.
        above: natural logarithm of the height over the baseline in pixels of the image.
        below: that of the depth under it.
        area: 1 inside of outlines.
        on_ridge: 1 where `above` and `below` say something.
    """

    ridge: Floats
    ends: Floats
    above: Floats
    below: Floats
    area: Floats
    on_ridge: Floats


def draw_maps(lines: Sequence[SizedLine], shape: tuple[int, int]) -> LineMaps:
    """Maps of the lines of an image of shape (H, W); lines may stand out of it."""
    size = (shape[0] // MAP_STRIDE, shape[1] // MAP_STRIDE)
    ridge, ends, above, below, area, on_ridge = np.zeros((6, *size), np.float32)
    filled = np.zeros(size, np.uint8)
    for line in lines:
        baseline = line.place.baseline / np.float32(MAP_STRIDE)
        gap = line.gap / MAP_STRIDE
        cv2.fillPoly(
            filled, [_fixed(line.place.polygon / np.float32(MAP_STRIDE))], 1, shift=_SUBPIXEL
        )
        sigma = max(_LEAST_RIDGE, _RIDGE * gap)
        part, crest = _crest(baseline, sigma, size)
        if part is None:
            continue
        is_higher = crest > ridge[part]
        ridge[part] = np.maximum(ridge[part], crest)
        chosen = is_higher & (crest > _ON_RIDGE)
        above[part][chosen] = np.log(max(1.0, line.above))
        below[part][chosen] = np.log(max(1.0, line.below))
        on_ridge[part][chosen] = 1.0
        radius = max(1, round(_END * gap * (1 << _SUBPIXEL)))
        for end in _fixed(baseline[[0, -1]]):
            cv2.circle(ends, end.tolist(), radius, 1.0, -1, cv2.LINE_8, _SUBPIXEL)
    area[:] = filled
    return LineMaps(ridge, ends, above, below, area, on_ridge)


def _crest(
    baseline: Floats, sigma: float, size: tuple[int, int]
) -> tuple[tuple[slice, slice] | None, Floats]:
    """Part of the maps around a baseline, and the ridge in it; None if it lies outside."""
    reach = 3 * sigma + 1
    x0, y0 = np.floor(baseline.min(axis=0) - reach).astype(int)
    x1, y1 = np.ceil(baseline.max(axis=0) + reach).astype(int) + 1
    x0, y0, x1, y1 = max(0, x0), max(0, y0), min(size[1], x1), min(size[0], y1)
    if x0 >= x1 or y0 >= y1:
        return None, np.zeros((0, 0), np.float32)
    away = np.full((y1 - y0, x1 - x0), 255, np.uint8)
    points = _fixed(baseline - np.array([x0, y0], np.float32))
    cv2.polylines(away, [points], False, (0,), 1, cv2.LINE_8, _SUBPIXEL)
    distance = cv2.distanceTransform(away, cv2.DIST_L2, 5)
    crest = np.exp(-0.5 * (np.minimum(distance, 10 * sigma) / sigma) ** 2)
    return np.s_[y0:y1, x0:x1], np.asarray(crest, dtype=np.float32)


def measure_heights(place: FoundLine) -> tuple[float, float]:
    """Median reach of a line's outline over and under its baseline, each at least a pixel.

    Reference outlines differ from column to column; the median along the line does not care.
    """
    start, end = place.baseline[0], place.baseline[-1]
    angle = np.arctan2(end[1] - start[1], end[0] - start[0])
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
    baseline, polygon = (place.baseline - start) @ turn.T, (place.polygon - start) @ turn.T
    low, high = np.floor(polygon.min(axis=0)), np.ceil(polygon.max(axis=0))
    mask = np.zeros((int(high[1] - low[1]) + 1, int(high[0] - low[0]) + 1), np.uint8)
    cv2.fillPoly(mask, [_fixed(polygon - low)], 1, shift=_SUBPIXEL)
    columns = np.flatnonzero(mask.any(axis=0))
    order = np.argsort(baseline[:, 0], kind="stable")
    foot = np.interp(columns + low[0], baseline[order, 0], baseline[order, 1]) - low[1]
    tops = mask[:, columns].argmax(axis=0)
    bottoms = len(mask) - mask[::-1, columns].argmax(axis=0)
    above, below = float(np.median(foot - tops)), float(np.median(bottoms - foot))
    return max(1.0, above), max(1.0, below)


def foreign_ink(image: GreyImage, lines: Sequence[SizedLine]) -> GreyImage:
    """1 on dark marks that lie further than half a gap from every line, else 0, of shape (H, W).

    References leave out stamps, printed heads and pencilled notes, which are writing all the same:
    there, a finder is neither right nor wrong. Rules and the rims of sheets are not writing.
    """
    near = np.zeros(image.shape, np.uint8)
    for line in lines:
        cv2.fillPoly(near, [np.round(line.place.polygon).astype(np.int32)], 1)
        points = np.round(line.place.baseline).astype(np.int32)
        cv2.polylines(near, [points], False, (1,), max(1, round(line.gap)))
    size = max(15, max(image.shape) // 40) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (size, size))
    paper = cv2.morphologyEx(image, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
    dark = (image < 0.85 * paper.astype(np.float32)).astype(np.uint8)
    n, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    gap = float(np.median([line.gap for line in lines])) if lines else float(size)
    inside = np.bincount(labels.ravel(), weights=near.ravel(), minlength=n)
    height = stats[:, cv2.CC_STAT_HEIGHT]
    is_like_writing = (height >= _LOWEST_MARK * gap) & (height <= _HIGHEST_MARK * gap)
    is_foreign = is_like_writing & (inside < 0.5 * stats[:, cv2.CC_STAT_AREA])
    is_foreign[0] = False
    marks = is_foreign[labels].astype(np.uint8)
    spread = max(1, round(gap / 3)) | 1
    wide = cv2.dilate(marks, np.ones((spread, spread), np.uint8))
    return np.asarray(np.where(near > 0, 0, wide), dtype=np.uint8)


def _fixed(points: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    return np.round(points * (1 << _SUBPIXEL)).astype(np.int32)
