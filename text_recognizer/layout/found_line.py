"""A line that was found on a page and not read yet."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class FoundLine:
    """Where a line is, in pixels of the page.

    Attributes:
        baseline: points (x, y) in writing direction, float32, of shape (n, 2), n at least 2.
        polygon: outline of its ink, clockwise from the left, float32, of shape (m, 2).
    """

    baseline: NDArray[np.float32]
    polygon: NDArray[np.float32]

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the polygon."""
        left, top = self.polygon.min(axis=0)
        right, bottom = self.polygon.max(axis=0)
        return float(left), float(top), float(right), float(bottom)

    @cached_property
    def height(self) -> float:
        """Median height of the polygon above one another: its area over its width."""
        x, y = self.polygon.astype(np.float64).T
        area = abs(float(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))) / 2
        return area / max(1.0, float(np.ptp(x)))
