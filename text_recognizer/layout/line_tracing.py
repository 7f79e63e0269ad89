"""From the maps of the line finder to lines: crests of ridges, joined where they belong together.

Coordinates are pixels of the maps until the very end. Knows nothing about ink, networks or reading
order.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from text_recognizer.layout.found_line import FoundLine

FloatImage = NDArray[np.float32]

_THRESHOLD = 0.3  # of a ridge
_SHORTEST = 1.0  # of a line's height; shorter crests are specks
_MOST_PIECES = 2_000  # of crests; the weakest of more are left
_LONGEST_HOLE = 2.0  # heights, between pieces of one line
_SAME_ROW = 0.35  # heights, that the pieces may be apart
_END = 0.8  # of the map of line ends, from which a hole is the end of a line
_TOO_CLOSE = 0.4  # heights; the weaker of two crests so close goes
_POINT_EVERY = 0.5  # heights, between the points of a baseline
_SMOOTH = 0.5  # heights, over which a baseline is smoothed
_RIM = 1.6  # heights above and below that a polygon takes in; long letters reach far
_BEYOND = 0.4  # heights, that a polygon reaches past the ends of the baseline
_TAIL = 12  # columns that tell the height of a crest's end


@dataclass(frozen=True, eq=False)
class LineMaps:
    """What the finder says about an image, each of shape (h, w), float32.

    Attributes:
        ridge: probability of a baseline.
        ends: probability of a line's end.
        above: height of letters over the baseline, in pixels of the maps; of use on ridges.
        below: depth of letters under it, likewise.
    """

    ridge: FloatImage
    ends: FloatImage
    above: FloatImage
    below: FloatImage


@dataclass(frozen=True, eq=False)
class Crest:
    """A piece of a baseline.

    Attributes:
        x0: first column.
        y: its row in each column from `x0` on, float32.
        strength: of the ridge in each column, 0 to 1; 0 in holes between joined pieces.
        above: median height over it.
        below: median depth under it.
    """

    x0: int
    y: FloatImage
    strength: FloatImage
    above: float
    below: float

    @property
    def x1(self) -> int:
        """One past the last column."""
        return self.x0 + len(self.y)

    @property
    def height(self) -> float:
        """From the lowest to the highest ink of the line."""
        return self.above + self.below

    @property
    def weight(self) -> float:
        """Length, by certainty."""
        return float(self.strength.sum())


def trace_lines(maps: LineMaps) -> list[FoundLine]:
    """Lines in pixels of the maps, from top to bottom; writing within 45 degrees of level."""
    crests = _without_echoes(_joined(_without_echoes(_crests(maps)), maps.ends))
    crests = [crest for crest in crests if crest.weight >= _SHORTEST * crest.height]
    lines = [_line(crest, crests) for crest in crests]
    return sorted(lines, key=lambda line: float(line.baseline[:, 1].mean()))


def _crests(maps: LineMaps) -> list[Crest]:
    """Connected pieces of the ridges' crests."""
    padded = np.pad(maps.ridge, ((1, 1), (0, 0)))
    is_top = (maps.ridge > padded[:-2]) & (maps.ridge >= padded[2:]) & (maps.ridge > _THRESHOLD)
    _, labels = cv2.connectedComponents(is_top.astype(np.uint8), connectivity=8)
    ys, xs = np.nonzero(labels)
    numbers = labels[ys, xs]
    order = np.lexsort((xs, numbers))
    ys, xs, numbers = ys[order], xs[order], numbers[order]
    starts = np.flatnonzero(np.diff(numbers, prepend=0))
    pieces = zip(np.split(xs, starts[1:]), np.split(ys, starts[1:]), strict=True)
    found = [_crest(x, y, maps) for x, y in pieces if len(x) > 1]
    return sorted(found, key=lambda crest: crest.weight)[-_MOST_PIECES:]


def _crest(xs: NDArray[np.int64], ys: NDArray[np.int64], maps: LineMaps) -> Crest:
    """A crest through the strongest pixel of each column; columns without one are bridged."""
    strength = maps.ridge[ys, xs]
    order = np.lexsort((-strength, xs))
    columns, first = np.unique(xs[order], return_index=True)
    rows, strength = ys[order][first], strength[order][first]
    fine = rows + _offset(maps.ridge, rows, columns)
    x = np.arange(columns[0], columns[-1] + 1)
    return Crest(
        int(columns[0]),
        np.interp(x, columns, fine).astype(np.float32),
        np.interp(x, columns, strength).astype(np.float32),
        float(np.median(maps.above[rows, columns])),
        float(np.median(maps.below[rows, columns])),
    )


def _offset(
    ridge: FloatImage, rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.float64]:
    """How far below a pixel the top of the parabola through it and its neighbours lies."""
    padded = np.pad(ridge, ((1, 1), (0, 0)), mode="edge").astype(np.float64)
    before, here, after = (padded[rows + k, columns] for k in range(3))
    bend = before - 2 * here + after
    flat = np.abs(bend) < 1e-6
    offset = 0.5 * (before - after) / np.where(flat, 1.0, bend)
    return np.where(flat, 0.0, np.clip(offset, -0.5, 0.5))


def _without_echoes(crests: list[Crest]) -> list[Crest]:
    """Crests without those that run close beside a stronger one over half of their length."""
    kept: list[Crest] = []
    for crest in sorted(crests, key=lambda c: c.weight, reverse=True):
        covered = np.zeros(len(crest.y), bool)
        for other in kept:
            x0, x1 = max(crest.x0, other.x0), min(crest.x1, other.x1)
            if x0 < x1:
                here = slice(x0 - crest.x0, x1 - crest.x0)
                apart = crest.y[here] - other.y[x0 - other.x0 : x1 - other.x0]
                covered[here] |= np.abs(apart) < _TOO_CLOSE * min(crest.height, other.height)
        if covered.mean() < 0.5:
            kept.append(crest)
    return kept


def _joined(crests: list[Crest], ends: FloatImage) -> list[Crest]:
    """Crests with the pieces of one line put together, the smallest hole first."""
    crests = list(crests)
    while len(crests) > 1:
        costs = _costs(crests, ends)
        i, j = (int(k) for k in np.unravel_index(costs.argmin(), costs.shape))
        if not np.isfinite(costs[i, j]):
            break
        joined = _join(crests[i], crests[j])
        crests = [crest for k, crest in enumerate(crests) if k not in (i, j)] + [joined]
    return crests


def _costs(crests: list[Crest], ends: FloatImage) -> NDArray[np.float64]:
    """Cost of going on from the end of crest i to the start of crest j; infinite if they differ."""
    left = np.array([(c.x1 - 1, c.y[-_TAIL:].mean(), _slope(c.y[-_TAIL:])) for c in crests])
    right = np.array([(c.x0, c.y[:_TAIL].mean(), _slope(c.y[:_TAIL])) for c in crests])
    heights = np.array([crest.height for crest in crests])
    height = np.minimum(heights[:, None], heights[None, :])
    holes = right[None, :, 0] - left[:, None, 0]
    slopes = (left[:, None, 2] + right[None, :, 2]) / 2
    misfits = np.abs(right[None, :, 1] - left[:, None, 1] - slopes * np.maximum(holes, 0))
    fits = (holes > -0.5 * height) & (holes <= _LONGEST_HOLE * height)
    fits &= misfits <= _SAME_ROW * height
    np.fill_diagonal(fits, False)
    costs = np.where(fits, np.maximum(holes, 0) + 2 * misfits, np.inf)
    for i, j in np.argwhere(fits):
        if _has_end(ends, crests[i], crests[j]):
            costs[i, j] = np.inf
    return costs


def _slope(y: FloatImage) -> float:
    return float((y[-1] - y[0]) / max(1, len(y) - 1))


def _has_end(ends: FloatImage, left: Crest, right: Crest) -> bool:
    """Whether a line's end lies between two crests."""
    n = max(2, right.x0 - left.x1 + 2)
    x = np.linspace(left.x1 - 1, right.x0, n)
    y = np.linspace(left.y[-1], right.y[0], n)
    columns = np.clip(np.round(x).astype(np.int64), 0, ends.shape[1] - 1)
    rows = np.clip(np.round(y).astype(np.int64), 0, ends.shape[0] - 1)
    return bool(ends[rows, columns].max() > _END)


def _join(left: Crest, right: Crest) -> Crest:
    x0, x1 = min(left.x0, right.x0), max(left.x1, right.x1)
    x = np.arange(x0, x1)
    known_x = np.concatenate([np.arange(left.x0, left.x1), np.arange(right.x0, right.x1)])
    order = np.argsort(known_x, kind="stable")
    y = np.interp(x, known_x[order], np.concatenate([left.y, right.y])[order])
    strength = np.interp(x, known_x[order], np.concatenate([left.strength, right.strength])[order])
    strength[max(0, left.x1 - x0) : max(0, right.x0 - x0)] = 0
    heavier = left if left.weight >= right.weight else right
    joined = Crest(x0, y.astype(np.float32), strength.astype(np.float32), 0.0, 0.0)
    return replace(joined, above=heavier.above, below=heavier.below)


def _line(crest: Crest, crests: list[Crest]) -> FoundLine:
    """Baseline and polygon; the polygon ends half way to the lines above and below."""
    width = max(1, round(_SMOOTH * crest.height)) | 1
    padded = np.pad(crest.y, width // 2, mode="edge")
    smooth = np.convolve(padded, np.full(width, 1 / width), mode="valid")
    n_points = max(2, round(len(smooth) / max(1.0, _POINT_EVERY * crest.height)) + 1)
    at = np.linspace(0, len(smooth) - 1, n_points)
    x = crest.x0 + at
    y = np.interp(at, np.arange(len(smooth)), smooth)
    top, bottom = y - _RIM * crest.above, y + _RIM * crest.below
    for other in crests:
        if other is crest or other.x1 <= crest.x0 or other.x0 >= crest.x1:
            continue
        beside = np.interp(x, np.arange(other.x0, other.x1), other.y, left=np.nan, right=np.nan)
        foot, head = beside + other.below, beside - other.above
        is_above, is_below = beside < y, beside > y
        top = np.where(is_above, np.fmax(top, np.fmin((foot + y - crest.above) / 2, y - 1)), top)
        bottom = np.where(
            is_below, np.fmin(bottom, np.fmax((head + y + crest.below) / 2, y + 1)), bottom
        )
    baseline = np.stack([x, y], axis=1)
    spread = x.copy()
    spread[[0, -1]] += np.array([-_BEYOND, _BEYOND]) * crest.height
    polygon = np.concatenate([np.stack([spread, top], 1), np.stack([spread, bottom], 1)[::-1]])
    return FoundLine(baseline.astype(np.float32), polygon.astype(np.float32))
