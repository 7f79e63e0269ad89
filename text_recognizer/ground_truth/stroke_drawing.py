"""The one drawing of pen strokes that scores are measured on.

It is frozen: a change of any constant or step changes published error rates, and a test compares
its pixels with a stored checksum. Training draws strokes in many other ways, elsewhere.

The rules: one unit is 46/112 pixel, whatever the height of the ink; the ink is centred in 64 rows
(ink of 112 units leaves 9 px above and below, flatter ink of very wide lines more); 9 px of paper
left and right; paper 255, ink 0; one round pen of 2.6 units; no noise. Lines are drawn in black on
a canvas 8 times as large and averaged, with integers only after the points are placed.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from text_recognizer.errors import InputError

LINE_HEIGHT_PX = 64
MARGIN_PX = 9
PX_PER_UNIT = 46 / 112
PEN_UNITS = 2.6

_FINE = 8  # canvas pixels a pixel of the result
_PEN_FINE_PX = 7  # the nearest to 2.6 units: OpenCV draws 7 as 8.9 canvas pixels, a dot as 7.9
_SHIFT = 4  # bits of a canvas pixel that OpenCV places points by
_MAX_INK_HEIGHT = 140  # units; more would touch the edges of the 64 rows
_MAX_INK_WIDTH = 40_000  # units


def draw_strokes(strokes: Sequence[NDArray[np.float32]]) -> NDArray[np.uint8]:
    """Line image of shape (64, W), uint8, paper 255 and ink 0, of pen strokes.

    Args:
        strokes: arrays of points (x, y) of shape (n, 2), in units of which full ink is 112 high,
            y down. A stroke of one point is a dot.

    Raises:
        InputError: there is no ink, or more of it than a line can hold.
    """
    points = [np.asarray(stroke, dtype=np.float64) for stroke in strokes if len(stroke)]
    if not points:
        raise InputError("A stroke sample has no points, so there is nothing to draw.")
    everything = np.concatenate(points)
    start = everything.min(axis=0)
    width, height = (everything.max(axis=0) - start).tolist()
    if not (height <= _MAX_INK_HEIGHT and width <= _MAX_INK_WIDTH):
        raise InputError(
            f"A stroke sample of {width:.0f} by {height:.0f} units is larger than a line may be, "
            f"{_MAX_INK_WIDTH} by {_MAX_INK_HEIGHT}."
        )
    n_columns = int(np.ceil(width * PX_PER_UNIT)) + 2 * MARGIN_PX
    top = (LINE_HEIGHT_PX - height * PX_PER_UNIT) / 2
    placed = [(stroke - start) * PX_PER_UNIT + (MARGIN_PX, top) for stroke in points]
    return _average(_ink(placed, n_columns))


def _ink(placed: Sequence[NDArray[np.float64]], n_columns: int) -> NDArray[np.uint8]:
    """Canvas of shape (64 * 8, n_columns * 8), 1 where there is ink; points in result pixels."""
    canvas = np.zeros((LINE_HEIGHT_PX * _FINE, n_columns * _FINE), np.uint8)
    lines = []
    for stroke in placed:
        fine = (stroke * _FINE - 0.5) * (1 << _SHIFT)  # pixel centres lie at whole numbers
        line = np.floor(fine + 0.5).astype(np.int32).reshape(-1, 1, 2)
        lines.append(np.concatenate([line, line]) if len(line) == 1 else line)
    cv2.polylines(
        canvas, lines, False, 1, thickness=_PEN_FINE_PX, lineType=cv2.LINE_8, shift=_SHIFT
    )
    return canvas


def _average(canvas: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey image of a canvas of ones and zeros, reduced 8 times in both directions."""
    rows, columns = canvas.shape[0] // _FINE, canvas.shape[1] // _FINE
    in_columns = canvas.reshape(rows, _FINE, -1).sum(axis=1, dtype=np.uint8)
    counts = in_columns.reshape(rows, columns, _FINE).sum(axis=2, dtype=np.int32)
    full = _FINE * _FINE
    grey: NDArray[np.uint8] = (255 - (counts * 255 + full // 2) // full).astype(np.uint8)
    return grey
