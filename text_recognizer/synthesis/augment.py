"""New versions of a real line: other geometry, other pen, other scanner, the same text."""

import cv2
import numpy as np

from text_recognizer.synthesis.arrays import GreyImage
from text_recognizer.synthesis.degrade import degrade
from text_recognizer.synthesis.geometry import LineWarp, warp_line

_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
_SQUARE = np.ones((2, 2), np.uint8)


def augment_line(image: GreyImage, rng: np.random.Generator, strength: float) -> GreyImage:
    """Line image with the same height and text, changed in shape and grey levels.

    Nothing written is cut off: rows with ink stay inside the frame, and the image grows where
    letters lean out of it. Widths change by a factor between 0.75 and 1.3.

    Args:
        image: line image of shape (H, W), uint8, dark ink on light paper.
        rng: source of all chance.
        strength: 0 returns the image as it is, 1 is the most that still reads well.

    Returns:
        Array of shape (H, W'), uint8.
    """
    if strength <= 0 or min(image.shape) < 4:
        return image
    paper = int(np.percentile(image[::4, ::8], 75))
    warp = _sample_warp(image.shape[0], rng, strength)
    image = warp_line(image, warp, rng, ink_rows=_ink_rows(image, paper), border=paper)
    if rng.random() < 0.3:
        image = _change_pen(image, rng, strength)
    return degrade(image, rng, strength, often=0.5)


def _sample_warp(height: int, rng: np.random.Generator, strength: float) -> LineWarp:
    unit = height / 64
    shake = strength * rng.uniform(0.0, 1.3)
    widest = strength * 12 * unit if rng.random() < 0.5 else 0.0
    return LineWarp(
        stretch=float(np.exp(strength * rng.uniform(-0.28, 0.26))),
        tall=1.0 - strength * rng.uniform(-0.05, 0.25),
        slant=strength * rng.uniform(-0.35, 0.35),
        slope=float(np.tan(np.deg2rad(strength * rng.uniform(-1.5, 1.5)))),
        bend=strength * rng.uniform(0.0, 0.04) * height if rng.random() < 0.5 else 0.0,
        shake=shake * unit if shake > 0.2 else 0.0,
        cell=rng.uniform(16.0, 40.0) * unit,
        place=0.5 + 0.5 * strength * rng.uniform(-1.0, 1.0),
        margin=(round(rng.uniform(0.0, widest)), round(rng.uniform(0.0, widest))),
    )


def _ink_rows(image: GreyImage, paper: int) -> tuple[float, float]:
    """First row with ink and the row after the last; the whole height for a blank line."""
    darkest = image.min(axis=1).astype(np.int64)
    level = paper - max(12, (paper - int(darkest.min())) // 4)
    rows = np.flatnonzero(darkest < level)
    if len(rows) == 0:
        return 0.0, float(image.shape[0])
    return max(0.0, rows[0] - 1.0), min(float(image.shape[0]), rows[-1] + 2.0)


def _change_pen(image: GreyImage, rng: np.random.Generator, strength: float) -> GreyImage:
    """Thicker or thinner strokes: the image mixed with its darkest or brightest neighbours."""
    kernel = _SQUARE if rng.random() < 0.5 else _CROSS
    thicker = rng.random() < 0.6
    other = cv2.erode(image, kernel) if thicker else cv2.dilate(image, kernel)
    share = strength * rng.uniform(0.2, 1.0 if thicker else 0.6)
    return np.asarray(cv2.addWeighted(image, 1.0 - share, other, share, 0), dtype=np.uint8)
