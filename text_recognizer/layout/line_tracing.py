"""Traces the middle of each line through the ink of a page, as one height for each column.

Ink is smeared along the writing direction until the letters of a line flow together; the crests of
what results are the lines. Knows nothing about polygons or reading order.
"""

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]

_SMEAR_ALONG, _SMEAR_ACROSS = 1.8, 0.42  # standard deviations, in letter heights
_STEEPEST = 0.21  # rows for each column; 12 degrees
_INK = 0.2  # share of ink from which a pixel is looked at for the slope
_FEW_PIXELS, _MANY_PIXELS = 200, 20_000
_FAINTEST = 0.12  # of a strong crest; lower ones are dirt
_STRONG_PERCENTILE = 80
_MOST_PIECES = 600  # of crests; a page with more is a picture, not writing
_SHORTEST = 0.8  # letter heights, of a crest
_SAME_ROW = 0.3  # of the line gap, that pieces of one line may be apart in height
_LONGEST_HOLE = 5.0  # letter heights, between pieces of one line
_END = 12  # columns that tell the height of a crest's end
_TOO_CLOSE = 0.55  # of the line gap; the fainter of two crests so close goes


@dataclass(frozen=True, eq=False)
class Crest:
    """The middle of one line.

    Attributes:
        x0: first column.
        y: height in each column from `x0` on, float32.
        strength: ink under the crest in each column, in the same unit on the whole page.
    """

    x0: int
    y: FloatImage
    strength: FloatImage

    @property
    def x1(self) -> int:
        """One past the last column."""
        return self.x0 + len(self.y)

    @property
    def weight(self) -> float:
        """Ink under the whole crest."""
        return float(self.strength.sum())


def trace_lines(ink: FloatImage, letter_height: float) -> list[Crest]:
    """Middles of the lines, in no order.

    Args:
        ink: share of ink in each pixel, 0 to 1, (H, W); lines within 12 degrees of level.
        letter_height: of a typical letter, in pixels; 6 to 10 gives good results in little time.
    """
    slope = _slope(ink)
    crests = _crests(_smeared(_sheared(ink, slope), letter_height), _SHORTEST * letter_height)
    if not crests:
        return []
    gap = line_gap(crests, letter_height)
    crests = _without_echoes(crests, _TOO_CLOSE * gap)
    crests = _joined(crests, _SAME_ROW * gap, _LONGEST_HOLE * letter_height)
    crests = _without_echoes(crests, _TOO_CLOSE * gap)
    return [replace(c, y=c.y + slope * np.arange(c.x0, c.x1, dtype=np.float32)) for c in crests]


def _slope(ink: FloatImage) -> float:
    """Rise of the lines, rows down for each column right; 0 unless another one is clearly better.

    Rows of ink are sharpest when summed along the writing: the sum of their squared differences
    is largest there (Postl, "Detection of linear oblique structures", ICPR 1986).
    """
    ys, xs = np.nonzero(ink > _INK)
    if len(ys) < _FEW_PIXELS:
        return 0.0
    chosen = slice(None, None, max(1, len(ys) // _MANY_PIXELS))
    ys, xs = ys[chosen], xs[chosen] - ink.shape[1] / 2
    lowest = math.floor(-_STEEPEST * ink.shape[1] / 2) - 1

    def sharpness(slope: float) -> float:
        rows = np.floor(ys - slope * xs).astype(np.int64) - lowest
        return float((np.diff(np.bincount(rows).astype(np.float64)) ** 2).sum())

    slopes = np.arange(-_STEEPEST, _STEEPEST + 0.001, _STEEPEST / 28)
    best = max(slopes, key=sharpness)
    is_clear = sharpness(best) > 1.1 * sharpness(0.0)
    return float(best) if is_clear else 0.0


def _sheared(ink: FloatImage, slope: float) -> FloatImage:
    """The image with each column moved up by `slope` for each column right; ink can leave it."""
    if slope == 0:
        return ink
    height, width = ink.shape
    matrix = np.array([[1, 0, 0], [-slope, 1, 0]], np.float32)
    return np.asarray(cv2.warpAffine(ink, matrix, (width, height)), dtype=np.float32)


def _smeared(ink: FloatImage, letter_height: float) -> FloatImage:
    along, across = _SMEAR_ALONG * letter_height, _SMEAR_ACROSS * letter_height
    smeared = cv2.GaussianBlur(ink, (0, 0), along, sigmaY=across, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(smeared, dtype=np.float32)


def _crests(smeared: FloatImage, shortest: float) -> list[Crest]:
    """The strongest pieces of the crests of an image, at least `shortest` columns long."""
    padded = np.pad(smeared, ((1, 1), (0, 0)))
    is_top = (smeared > padded[:-2]) & (smeared >= padded[2:])
    if not is_top.any():
        return []
    strong = float(np.percentile(smeared[is_top & (smeared > 1e-3)], _STRONG_PERCENTILE))
    is_top &= smeared > _FAINTEST * strong
    _, labels = cv2.connectedComponents(is_top.astype(np.uint8), connectivity=8)
    ys, xs = np.nonzero(labels)
    numbers = labels[ys, xs]
    order = np.lexsort((xs, numbers))
    ys, xs, numbers = ys[order], xs[order], numbers[order]
    starts = np.flatnonzero(np.diff(numbers, prepend=0))
    crests = []
    pieces = zip(np.split(xs, starts[1:]), np.split(ys, starts[1:]), strict=True)
    for piece_x, piece_y in pieces:
        if np.ptp(piece_x) + 1 >= shortest:
            columns, first = np.unique(piece_x, return_index=True)
            y = piece_y[first]
            crests.append(Crest(int(columns[0]), y.astype(np.float32), smeared[y, columns]))
    return sorted(crests, key=lambda crest: crest.weight)[-_MOST_PIECES:]


def line_gap(crests: list[Crest], letter_height: float) -> float:
    """Median distance from one crest to the next below it, weighted by ink; 1.2 to 4 letters."""
    width = max((crest.x1 for crest in crests), default=0)
    distances: list[float] = []
    weights: list[float] = []
    for x in range(0, width, max(1, round(letter_height))):
        column = sorted(
            (float(c.y[x - c.x0]), float(c.strength[x - c.x0])) for c in crests if c.x0 <= x < c.x1
        )
        for (y, strength), (below, other) in pairwise(column):
            distances.append(below - y)
            weights.append(min(strength, other))
    if not distances:
        return 2 * letter_height
    order = np.argsort(distances)
    total = np.cumsum(np.array(weights)[order])
    middle = float(np.array(distances)[order][np.searchsorted(total, total[-1] / 2)])
    return float(np.clip(middle, 1.2 * letter_height, 4 * letter_height))


def _without_echoes(crests: list[Crest], too_close: float) -> list[Crest]:
    """Crests without those that run close beside a stronger one over half of their length."""
    kept: list[Crest] = []
    for crest in sorted(crests, key=lambda c: c.weight, reverse=True):
        covered = np.zeros(len(crest.y), bool)
        for other in kept:
            x0, x1 = max(crest.x0, other.x0), min(crest.x1, other.x1)
            if x0 < x1:
                here = slice(x0 - crest.x0, x1 - crest.x0)
                apart = crest.y[here] - other.y[x0 - other.x0 : x1 - other.x0]
                covered[here] |= np.abs(apart) < too_close
        if covered.mean() < 0.5:
            kept.append(crest)
    return kept


def _joined(crests: list[Crest], same_row: float, longest_hole: float) -> list[Crest]:
    """Crests with the pieces of one line put together, the smallest hole first."""
    crests = list(crests)
    while len(crests) > 1:
        ends = np.array([(c.x0, c.x1, c.y[:_END].mean(), c.y[-_END:].mean()) for c in crests])
        holes = ends[None, :, 0] - ends[:, None, 1]  # from the end of row i to the start of j
        misfits = np.abs(ends[None, :, 2] - ends[:, None, 3])
        fits = (holes >= -same_row) & (holes <= longest_hole) & (misfits <= same_row)
        np.fill_diagonal(fits, False)
        if not fits.any():
            break
        costs = np.where(fits, holes + misfits, np.inf)
        i, j = (int(k) for k in np.unravel_index(costs.argmin(), costs.shape))
        joined = _join(crests[i], crests[j])
        crests = [crest for k, crest in enumerate(crests) if k not in (i, j)] + [joined]
    return crests


def _join(left: Crest, right: Crest) -> Crest:
    x0, x1 = left.x0, right.x1
    x = np.arange(x0, x1)
    known_x = np.concatenate([np.arange(left.x0, left.x1), np.arange(right.x0, right.x1)])
    known_y = np.concatenate([left.y, right.y])
    known_strength = np.concatenate([left.strength, right.strength])
    order = np.argsort(known_x, kind="stable")
    y = np.interp(x, known_x[order], known_y[order])
    strength = np.interp(x, known_x[order], known_strength[order])
    hole = slice(max(0, left.x1 - x0), max(0, right.x0 - x0))
    strength[hole] = 0
    return Crest(x0, y.astype(np.float32), strength.astype(np.float32))
