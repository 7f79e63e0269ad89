"""Pages that lie on their side or upside down: upright copies, and the way back to the page."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from text_recognizer.grey_image import GreyImage


@dataclass(frozen=True)
class Turn:
    """A turn by quarters that makes a page upright.

    Attributes:
        quarters: counter-clockwise, 0 to 3.
        size: (width, height) of the page as it lies.
    """

    quarters: int
    size: tuple[int, int]

    @property
    def clockwise_degrees(self) -> int:
        """The same turn as `Page.turned` says it."""
        return -90 * self.quarters % 360

    def upright(self, image: GreyImage) -> GreyImage:
        """The page (H, W) turned; of shape (W, H) after an odd number of quarters."""
        return np.ascontiguousarray(np.rot90(image, self.quarters))

    def to_page(self, points: NDArray[np.floating]) -> NDArray[np.floating]:
        """Points (x, y) of the upright page, of shape (n, 2), as points of the page as it lies."""
        width, height = self.size
        x, y = points.T
        places = ((x, y), (width - y, x), (width - x, height - y), (y, height - x))
        return np.stack(places[self.quarters], axis=1)
