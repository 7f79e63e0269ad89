"""From ink to a finished line image: what stands around it, the paper, the scanner."""

import cv2
import numpy as np

from text_recognizer.synthesis.arrays import Floats, GreyImage, Ink
from text_recognizer.synthesis.degrade import degrade
from text_recognizer.synthesis.geometry import LineWarp, warp_line
from text_recognizer.synthesis.paper import make_paper
from text_recognizer.synthesis.stroke_style import StrokeStyle
from text_recognizer.synthesis.surroundings import add_bleed_through, add_neighbours

_INK_LEVEL = 40  # darkness from which a pixel counts as written


def finish_line(
    ink: Ink,
    rng: np.random.Generator,
    style: StrokeStyle,
    *,
    baseline: float,
    texture: Floats | None = None,
) -> GreyImage:
    """Line image of the ink's shape: neighbours and bleed-through, paper, scanner or camera.

    Args:
        ink: darkness of the line's own ink, of shape (H, W).
        rng: source of all chance.
        style: paper, neighbours, bleed and strength are used.
        baseline: row on which the letters stand.
        texture: piece of real paper from `paper.cut_paper`, or None.
    """
    if style.neighbours > 0:
        top, bottom = ink_rows(ink)
        ink = add_neighbours(ink, rng, reach=style.neighbours, top=top, bottom=bottom)
    if style.bleed > 0:
        ink = add_bleed_through(ink, rng, darkness=style.bleed)
    size = (ink.shape[0], ink.shape[1])
    paper = make_paper(size, style.paper, rng, baseline=baseline, texture=texture)
    image = cv2.multiply(paper, cv2.bitwise_not(ink), scale=1 / 255)
    return degrade(np.asarray(image, dtype=np.uint8), rng, style.strength)


def warp_ink(ink: Ink, rng: np.random.Generator, style: StrokeStyle, *, scale: float = 1.0) -> Ink:
    """Ink of any size, times `scale`, laid into the style's frame: stretch, slant, slope, warp."""
    warp = LineWarp(
        stretch=style.stretch * scale,
        tall=scale,
        slant=style.slant,
        slope=style.slope,
        bend=style.bend,
        shake=style.warp,
        cell=1.6 * style.x_height,
        place=style.place,
        margin=(round(style.margin[0]) + 2, round(style.margin[1]) + 2),
    )
    return warp_line(ink, warp, rng, ink_rows=ink_rows(ink), border=0, height=style.height)


def ink_rows(ink: Ink) -> tuple[int, int]:
    """First row with ink and the row after the last; the whole height where there is none."""
    rows = np.flatnonzero(ink.max(axis=1) > _INK_LEVEL)
    if len(rows) == 0:
        return 0, ink.shape[0]
    return int(rows[0]), int(rows[-1]) + 1


def find_baseline(ink: Ink) -> float:
    """Row below which the ink of a line thins out most: where most letters stand."""
    profile = cv2.blur(ink.sum(axis=1, dtype=np.float32)[:, None], (1, 3))[:, 0]
    fall = profile[:-3] - profile[3:]
    return float(np.argmax(fall)) + 2.0 if len(fall) else float(ink.shape[0])
