"""Compares the lines found on a page with those of its reference, by their baselines.

Reference polygons follow conventions that differ from one data set to the next; baselines hardly
do. Knows nothing about images or texts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_TOLERANCE = 0.25  # of the local line gap, that two baselines of one line are apart at most
_COVERED = 0.75  # share of each baseline's length that must be so near to the other
_FAR = 0.5  # of the local line gap; what is further from every reference line is not judged
_WIDEST = 1.5  # of the page's median gap; a line that stands alone has no wider one
_STEP = 0.1  # of the line gap, between the points at which baselines are compared
_MOST_POINTS = 400  # of one baseline

Baseline = NDArray[np.floating]


@dataclass(frozen=True)
class FindingCounts:
    """Lines of one or more pages.

    Attributes:
        n_reference: lines of the reference.
        n_found: lines found, those not judged among them.
        n_matched: pairs of a found and a reference line.
        n_ignored: found lines not judged: writing that the reference leaves out, such as stamps.
    """

    n_reference: int = 0
    n_found: int = 0
    n_matched: int = 0
    n_ignored: int = 0

    def __add__(self, other: "FindingCounts") -> "FindingCounts":
        return FindingCounts(
            self.n_reference + other.n_reference,
            self.n_found + other.n_found,
            self.n_matched + other.n_matched,
            self.n_ignored + other.n_ignored,
        )

    @property
    def recall(self) -> float | None:
        """Share of the reference lines that were found; None without reference."""
        return self.n_matched / self.n_reference if self.n_reference else None

    @property
    def precision(self) -> float | None:
        """Share of the judged lines that are in the reference; None if none was judged."""
        n_judged = self.n_found - self.n_ignored
        return self.n_matched / n_judged if n_judged else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of recall and precision, 0 if nothing matched; None without reference."""
        if self.recall is None:
            return None
        both = self.recall + (self.precision or 0.0)
        return 2 * self.recall * (self.precision or 0.0) / both if both else 0.0


@dataclass(frozen=True)
class LineMatch:
    """Which found line is which reference line.

    Attributes:
        pairs: (index of the reference line, index of the found line), each index at most once.
        ignored: indices of found lines that are not judged.
    """

    pairs: tuple[tuple[int, int], ...]
    ignored: tuple[int, ...]


def sum_findings(counts: Iterable[FindingCounts]) -> FindingCounts:
    """Counts of several pages."""
    return sum(counts, start=FindingCounts())


def match_lines(
    reference: Sequence[Baseline], found: Sequence[Baseline], *, lone_gap: float
) -> LineMatch:
    """Pairs of lines whose baselines run close beside each other, one to one, the closest first.

    A pair lies within a quarter of the reference's local line gap over three quarters of the length
    of either baseline, so halves of a line and two lines taken for one are errors. A found line is
    not judged if more than half of it is over half a gap away from every reference line.

    Args:
        reference: points (x, y) of each baseline, of shape (n, 2), n at least 2.
        found: the same of the found lines.
        lone_gap: line gap of a page with a single line.
    """
    gaps = local_gaps(reference, lone_gap=lone_gap)
    shares = np.zeros((len(reference), len(found)))
    is_far = np.ones(len(found), bool)
    spacing = _STEP * float(np.median(gaps)) if len(gaps) else lone_gap
    points = [resample(line, spacing) for line in found]
    for i, (line, gap) in enumerate(zip(reference, gaps, strict=True)):
        own = resample(line, spacing)
        for j, other in enumerate(found):
            distances = distance_to_line(points[j], line)
            is_far[j] &= bool((distances > _FAR * gap).mean() > 0.5)
            there = (distances <= _TOLERANCE * gap).mean()
            if there >= _COVERED:
                back = (distance_to_line(own, other) <= _TOLERANCE * gap).mean()
                shares[i, j] = min(there, back)
    pairs = _pair_up(shares)
    taken = {j for _, j in pairs}
    return LineMatch(pairs, tuple(j for j in np.flatnonzero(is_far).tolist() if j not in taken))


def _pair_up(shares: NDArray[np.float64]) -> tuple[tuple[int, int], ...]:
    pairs = []
    shares = shares.copy()
    while shares.size and shares.max() >= _COVERED:
        i, j = (int(k) for k in np.unravel_index(shares.argmax(), shares.shape))
        pairs.append((i, j))
        shares[i], shares[:, j] = 0.0, 0.0
    return tuple(sorted(pairs))


def local_gaps(baselines: Sequence[Baseline], *, lone_gap: float) -> NDArray[np.float64]:
    """Distance from each line to its nearest neighbour, the median along the line.

    It is at most one and a half times the median of the page; `lone_gap` for a single line.
    """
    if len(baselines) < 2:
        return np.full(len(baselines), float(lone_gap))
    gaps = []
    for i, line in enumerate(baselines):
        points = resample(line, max(1.0, _length(line) / 40))
        others = [distance_to_line(points, other) for j, other in enumerate(baselines) if j != i]
        gaps.append(float(np.median(np.min(others, axis=0))))
    return np.clip(gaps, 1.0, max(1.0, _WIDEST * float(np.median(gaps))))


def resample(line: Baseline, spacing: float) -> NDArray[np.float64]:
    """Points on a polyline at equal distances, its ends among them, at most 400; shape (n, 2)."""
    line = np.asarray(line, np.float64)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    n_points = int(np.clip(np.ceil(along[-1] / max(spacing, 1e-6)) + 1, 2, _MOST_POINTS))
    places = np.linspace(0.0, along[-1], n_points)
    return np.stack([np.interp(places, along, line[:, axis]) for axis in (0, 1)], axis=1)


def distance_to_line(points: NDArray[np.float64], line: Baseline) -> NDArray[np.float64]:
    """Distance of each point (x, y) of shape (n, 2) to the nearest place of a polyline."""
    line = np.asarray(line, np.float64)
    starts, steps = line[:-1], np.diff(line, axis=0)
    squares = np.maximum((steps**2).sum(axis=1), 1e-12)
    away = points[:, None] - starts[None]
    along = np.clip((away * steps[None]).sum(axis=2) / squares, 0.0, 1.0)
    nearest = away - along[..., None] * steps[None]
    distances: NDArray[np.float64] = np.sqrt((nearest**2).sum(axis=2)).min(axis=1)
    return distances


def _length(line: Baseline) -> float:
    return float(np.hypot(*np.diff(np.asarray(line, np.float64), axis=0).T).sum())
