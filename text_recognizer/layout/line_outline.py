"""Draws baseline and outline around the ink that belongs to one line.

Knows nothing about other lines.
"""

import numpy as np
from numpy.typing import NDArray

from text_recognizer.layout.found_line import FoundLine
from text_recognizer.layout.line_tracing import Crest

_BIN = 0.35  # letter heights, between points of the outline
_CORE = 0.4  # letter heights, above and below the middle, where a line has no ink in a bin
_PADDING = 0.12  # letter heights, around the ink
_FOOT_DETAIL = 16  # steps a letter height, in looking for the baseline
_BASELINE_STEP = 1.5  # letter heights, between points of the baseline
_BENDS = (
    (20.0, 3),
    (8.0, 2),
    (0.0, 1),
)  # letter heights a line must span for a polynomial's degree
_SMALLEST = 0.4  # letter heights; what is lower or narrower is no line
_LEAST_INK = 0.08  # of a square of a letter's height

Pixels = tuple[NDArray[np.int64], NDArray[np.int64]]  # x and y of ink, by rising y


def outline(middle: Crest, pixels: Pixels, letter_height: float) -> FoundLine | None:
    """Line around some ink; None if the ink is too little for a line."""
    xs, ys = pixels
    if len(xs) < _LEAST_INK * letter_height**2:
        return None
    if min(np.ptp(xs), np.ptp(ys)) < _SMALLEST * letter_height:
        return None
    left, right = int(xs.min()), int(xs.max()) + 1
    curve = _smooth(middle, letter_height)
    foot = _foot(ys - curve(xs), letter_height)
    n_points = max(2, round((right - left) / (_BASELINE_STEP * letter_height)) + 1)
    feet_x = np.linspace(left, right, n_points)
    baseline = np.stack([feet_x, curve(feet_x) + foot], axis=1)
    return FoundLine(baseline.astype(np.float32), _polygon(pixels, curve, letter_height))


class _Curve:
    """A polynomial that goes straight on outside of the columns it was fitted to."""

    def __init__(self, x: NDArray[np.float64], y: NDArray[np.float64], degree: int) -> None:
        self._low, self._high = float(x[0]), float(x[-1])
        self._polynomial = np.polynomial.Polynomial.fit(x, y, degree)
        self._slope = self._polynomial.deriv()

    def __call__(self, x: NDArray[np.generic]) -> NDArray[np.float64]:
        inside = np.clip(x.astype(np.float64), self._low, self._high)
        beyond = x.astype(np.float64) - inside
        return np.asarray(self._polynomial(inside) + beyond * self._slope(inside))


def _smooth(middle: Crest, letter_height: float) -> _Curve:
    """Middle of the line without the bumps of single long letters."""
    step = max(1, round(letter_height / 4))
    x = np.arange(middle.x0, middle.x1, dtype=np.float64)[::step]
    y = middle.y[::step].astype(np.float64)
    if len(x) < 3:
        x, y = np.array([x[0], x[0] + 1]), np.array([y.mean()] * 2)
    span = (x[-1] - x[0]) / letter_height
    degree = min(len(x) - 1, next(d for length, d in _BENDS if span >= length))
    curve = _Curve(x, y, degree)
    misfit = np.abs(y - curve(x))
    near = misfit <= max(2.0 * float(np.median(misfit)), 0.1 * letter_height)
    return _Curve(x[near], y[near], degree) if near.sum() > 2 * degree + 2 else curve


def _foot(depths: NDArray[np.float64], letter_height: float) -> float:
    """Distance of the baseline under the middle: where the ink becomes less most quickly."""
    step = letter_height / _FOOT_DETAIL
    n_bins = 2 * _FOOT_DETAIL
    profile, edges = np.histogram(depths, bins=n_bins, range=(-0.5 * letter_height, n_bins * step))
    kernel = np.array([1, 2, 3, 2, 1]) / 9
    drop = -np.diff(np.convolve(profile, kernel, mode="same"))
    inner = edges[1:-1]
    allowed = (inner >= 0.1 * letter_height) & (inner <= 1.2 * letter_height)
    return float(inner[allowed][drop[allowed].argmax()])


def _polygon(pixels: Pixels, curve: _Curve, letter_height: float) -> NDArray[np.float32]:
    """Outline of ink, clockwise from the left: the highest and lowest ink in steps along the line.

    Each step takes in its two neighbours, so that the outline never cuts a slanted stroke.
    """
    xs, ys = pixels
    size = max(2.0, _BIN * letter_height)
    left, right = float(xs.min()), float(xs.max()) + 1
    n_bins = max(1, int(np.ceil((right - left) / size)))
    edges = np.linspace(left, right, n_bins + 1)
    bins = np.minimum(((xs - left) / (right - left) * n_bins).astype(np.int64), n_bins - 1)
    middle = curve((edges[:-1] + edges[1:]) / 2)
    tops, bottoms = middle - _CORE * letter_height, middle + _CORE * letter_height
    highest, lowest = np.full(n_bins, np.inf), np.full(n_bins, -np.inf)
    highest[bins[::-1]] = ys[::-1]  # rows rise, and the last value written to a bin stays
    lowest[bins] = ys + 1
    tops, bottoms = np.minimum(tops, highest), np.maximum(bottoms, lowest)
    padding = max(1.0, _PADDING * letter_height)
    tops = _at_edges(tops, np.minimum) - padding
    bottoms = _at_edges(bottoms, np.maximum) + padding
    edges[0] -= padding
    edges[-1] += padding
    upper = np.stack([edges, tops], axis=1)
    lower = np.stack([edges, bottoms], axis=1)[::-1]
    return np.concatenate([upper, lower]).astype(np.float32)


def _at_edges(values: NDArray[np.float64], furthest: np.ufunc) -> NDArray[np.float64]:
    """Value at each edge between bins: the furthest of the two bins on either side of it."""
    padded = np.pad(values, 2, mode="edge")
    pairs = [padded[k : k + len(values) + 1] for k in range(4)]
    return np.asarray(furthest.reduce(pairs), dtype=np.float64)
