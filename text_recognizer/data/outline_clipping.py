"""Outlines and baselines without what lies beyond their page.

Source: Sutherland and Hodgman, "Reentrant polygon clipping", 1974. Where an outline leaves the page
and comes back, it runs along the edge.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from text_recognizer.ground_truth import PageSample
from text_recognizer.ground_truth.samples import Point

_LEAST_POINTS, _LEAST_PX = 3, 2
_FURTHEST_PX = 1e7  # from the page's corner; what is further is taken to be there


def clip_lines(page: PageSample) -> PageSample:
    """The page with outlines and baselines inside it; empty ones where nothing is inside."""
    lines = tuple(
        replace(
            line,
            polygon=clip_outline(line.polygon, page.width, page.height),
            baseline=clip_baseline(line.baseline, page.width, page.height),
        )
        for line in page.lines
    )
    return replace(page, lines=lines)


def clip_outline(outline: Sequence[Point], width: int, height: int) -> tuple[Point, ...]:
    """The part of an outline on a page, points that are no numbers left out.

    It is empty if less than 2 pixels across or down are enclosed.
    """
    clipped = _clip(outline, (width, height), is_closed=True)
    extent = np.ptp(clipped, axis=0) if len(clipped) >= _LEAST_POINTS else np.zeros(2)
    return clipped if extent.min() >= _LEAST_PX else ()


def clip_baseline(baseline: Sequence[Point], width: int, height: int) -> tuple[Point, ...]:
    """The part of a baseline on a page, points that are no numbers left out.

    It is empty if it is shorter than 2 pixels.
    """
    clipped = _clip(baseline, (width, height), is_closed=False)
    extent = np.ptp(clipped, axis=0) if len(clipped) > 1 else np.zeros(2)
    return clipped if extent.max() >= _LEAST_PX else ()


def _clip(points: Sequence[Point], size: tuple[int, int], *, is_closed: bool) -> tuple[Point, ...]:
    numbers = np.asarray(points, np.float64).reshape(-1, 2)
    numbers = numbers[np.isfinite(numbers).all(axis=1)].clip(-_FURTHEST_PX, _FURTHEST_PX)
    clipped: list[Point] = [(x, y) for x, y in numbers.tolist()]
    for axis in (0, 1):
        clipped = _cut_off(clipped, axis, 0.0, sign=1, is_closed=is_closed)
        clipped = _cut_off(clipped, axis, float(size[axis]), sign=-1, is_closed=is_closed)
    return tuple(clipped)


def _cut_off(
    points: list[Point], axis: int, limit: float, *, sign: int, is_closed: bool
) -> list[Point]:
    """What is not beyond a limit on an axis: below it for a sign of 1, above it for -1."""
    kept: list[Point] = []
    before = points[-1] if is_closed and points else None
    for point in points:
        room = sign * (point[axis] - limit)
        if before is not None and room * sign * (before[axis] - limit) < 0:
            kept.append(_at(before, point, axis, limit))
        if room >= 0:
            kept.append(point)
        before = point
    return kept


def _at(start: Point, end: Point, axis: int, limit: float) -> Point:
    """Where a line from a point on either side meets the limit on an axis."""
    share = (limit - start[axis]) / (end[axis] - start[axis])
    other = start[1 - axis] + share * (end[1 - axis] - start[1 - axis])
    return (limit, other) if axis == 0 else (other, limit)
