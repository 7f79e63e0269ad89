"""Ink that is not the line's own: the lines above and below it and the writing on the back."""

import cv2
import numpy as np

from text_recognizer.synthesis.arrays import Ink

_MAX_PIECE = 4  # at most a quarter of a line's height is seen of its neighbours


def add_neighbours(
    ink: Ink, rng: np.random.Generator, *, reach: float, top: int, bottom: int
) -> Ink:
    """Ink with pieces of other lines at its upper and lower edge, as a crop of a page has them.

    The other lines are made of this line's own ink, moved along. They enter where the line leaves
    room and at most two rows further.

    Args:
        ink: of shape (H, W), darkness 0 to 255.
        rng: source of all chance.
        reach: how far the pieces come in at most, a share of the height.
        top: first row with ink of the line.
        bottom: row after its last ink.

    Returns:
        Array of the same shape.
    """
    height, width = ink.shape
    result = ink.copy()
    depth = round(reach * height)
    for is_above in (True, False):
        room = top if is_above else height - bottom
        rows = min(depth, room + 2, (bottom - top) // _MAX_PIECE)
        if rows < 2 or rng.random() < 0.25:
            continue
        moved = np.roll(ink, int(rng.integers(width)), axis=1)
        piece = moved[bottom - rows : bottom] if is_above else moved[top : top + rows]
        piece = piece * _windows(width, rng)
        part = result[:rows] if is_above else result[height - rows :]
        np.maximum(part, piece, out=part)
    return result


def _windows(width: int, rng: np.random.Generator) -> Ink:
    """1 in the stretches of columns that the mask lets through and 0 in others, shape (width,)."""
    n_windows = max(1, round(width / 150))
    is_open = rng.random(n_windows) < rng.uniform(0.4, 1.0)
    places = np.minimum(np.arange(width) * n_windows // max(width, 1), n_windows - 1)
    return is_open[places].astype(np.uint8)


def add_bleed_through(ink: Ink, rng: np.random.Generator, *, darkness: float) -> Ink:
    """Ink with mirrored, blurred writing under it, `darkness` times as dark as the line."""
    height, width = ink.shape
    back = cv2.GaussianBlur(ink[:, ::-1], (0, 0), float(rng.uniform(0.8, 2.2)))
    shift = (int(rng.integers(-height // 3, height // 3 + 1)), int(rng.integers(width)))
    back = np.roll(back, shift, axis=(0, 1))
    return np.asarray(cv2.addWeighted(ink, 1.0, back, darkness, 0), dtype=np.uint8)
