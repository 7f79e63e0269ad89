"""Drawn lines of which every part leans, shifts and grows in its own way: other hands write so.

`line_variation.vary_lines` changes a line as a whole; here each glyph changes by itself, smoothly
from one to the next, so that a network cannot learn the lines of a small data set by heart.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from text_recognizer.data.array_dataset import Images
from text_recognizer.data.glyph_lines import GLYPH_PX
from text_recognizer.data.image_variation import Chances, vary_each, vary_pen

_SHIFT_PX = (-3.0, 3.0)  # sideways; glyphs 28 columns apart may come 6 closer
_RISE_PX = (-2.0, 2.0)
_LEAN = (-0.35, 0.35)  # columns by rows
_HEIGHT = (0.8, 1.1)
_N_FIELDS, _N_WHOLE = 4, 3


def vary_glyphs(images: Images) -> Images:
    """Lines whose parts are varied, each by its own chance, which comes from torch.

    Args:
        images: of shape (N, H, W), ink bright on black.
    """
    n_knots = _n_knots(images.shape[2])
    return vary_each(images, _vary, n_chances=_N_FIELDS * n_knots + _N_WHOLE)


def _n_knots(width: int) -> int:
    return width // GLYPH_PX + 2


def _vary(image: Images, chance: Chances) -> Images:
    height, width = image.shape
    knots = chance[_N_WHOLE:].reshape(_N_FIELDS, _n_knots(width))
    columns = np.arange(width)
    shift = _field(_SHIFT_PX, knots[0], columns)
    rise = _field(_RISE_PX, knots[1], columns)
    lean = _field(_LEAN, knots[2], columns)
    size = _field(_HEIGHT, knots[3], columns)
    rows = np.arange(height)[:, None] - (height - 1) / 2
    from_x = (columns + shift + lean * rows).astype(np.float32)
    from_y = ((rows - rise) / size + (height - 1) / 2).astype(np.float32)
    drawn = cv2.remap(image, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return vary_pen(np.asarray(drawn, np.uint8), chance[:_N_WHOLE])


def _field(
    limits: tuple[float, float], chances: Chances, columns: NDArray[np.int64]
) -> NDArray[np.float64]:
    """A value for each column, straight from one knot, a glyph's width apart, to the next."""
    low, high = limits
    knots = np.arange(len(chances)) * GLYPH_PX
    return np.interp(columns, knots, low + (high - low) * chances)
