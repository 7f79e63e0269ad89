"""Lines and paragraphs of ink varied as a whole; no ink ever leaves the image.

The image becomes a quadrangle on the canvas: leaning, turned, seen from the side, at any place.
Where the quadrangle would stand out of the canvas it is made smaller, or changed less.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from text_recognizer.data.image_variation import Chances, between
from text_recognizer.grey_image import GreyImage
from text_recognizer.paragraph_input import Canvas

N_CHANCES = 20
_STRENGTHS = (1.0, 0.5, 0.25, 0.0)
_LEAST_FIT = 0.9  # a change that needs a smaller image than that is made weaker
_BLUR_SIGMA = (0.1, 1.0)

Points = NDArray[np.float64]


@dataclass(frozen=True)
class InkRanges:
    """How far images are changed; pairs are the limits of a value drawn evenly.

    Attributes:
        angle_deg: of a turn.
        shear_deg: over 0 leans to the right.
        scale: factor for both sides.
        stretch: factor for the width beside that.
        perspective: share of half a side by which corners move inwards at most.
        perspective_share: of the images that it happens to.
        brightness: factor for the ink.
        contrast: factor for the distance from the mean.
        blur_share: share of the images that are blurred.
        furthest_px: columns left of the image at most; None lets it be anywhere.
    """

    angle_deg: tuple[float, float]
    shear_deg: tuple[float, float]
    scale: tuple[float, float] = (1.0, 1.0)
    stretch: tuple[float, float] = (1.0, 1.0)
    perspective: float = 0.0
    perspective_share: float = 0.0
    brightness: tuple[float, float] = (1.0, 1.0)
    contrast: tuple[float, float] = (1.0, 1.0)
    blur_share: float = 0.0
    furthest_px: float | None = None


PARAGRAPH_RANGES = InkRanges(
    angle_deg=(-3.0, 3.0),
    shear_deg=(-6.0, 6.0),
    scale=(0.8, 1.0),  # readers show text smaller that has more paper around it
    perspective=0.2,
    perspective_share=0.5,
    brightness=(0.6, 1.4),
    contrast=(0.6, 1.4),
    blur_share=0.5,
)
LINE_RANGES = InkRanges(
    angle_deg=(-1.0, 1.0),
    shear_deg=(-20.0, 30.0),
    scale=(0.85, 1.0),
    stretch=(0.9, 1.1),
    brightness=(0.8, 1.6),
    blur_share=0.25,
    furthest_px=28.0,
)


def vary_ink(ink: GreyImage, canvas: Canvas, ranges: InkRanges, chance: Chances) -> GreyImage:
    """The image changed and placed anywhere on the canvas.

    Args:
        ink: ink bright on black, of shape (H, W), not larger than the canvas.
        canvas: rows and columns of the result.
        ranges: how far it is changed.
        chance: `N_CHANCES` numbers from 0 to 1.
    """
    corners = _corners(ink.shape)
    for strength in _STRENGTHS:
        changed = _changed(corners, ranges, chance, strength)
        extent = np.ptp(changed, axis=0)
        fit = min(1.0, canvas[1] / extent[0], canvas[0] / extent[1])
        if fit >= _LEAST_FIT:
            break
    changed *= fit
    low = changed.min(axis=0)
    free = np.maximum(np.array(canvas[::-1]) - np.ptp(changed, axis=0), 0.0)
    if ranges.furthest_px is not None:
        free[0] = min(free[0], ranges.furthest_px)
    changed += free * chance[0:2] - low
    matrix = cv2.getPerspectiveTransform(
        (corners - 0.5).astype(np.float32), (changed - 0.5).astype(np.float32)
    )  # pixel i covers i to i + 1
    moved = cv2.warpPerspective(ink, matrix, canvas[::-1], flags=cv2.INTER_LINEAR)
    return _toned(np.asarray(moved, np.uint8), ranges, chance)


def _corners(shape: tuple[int, ...]) -> Points:
    height, width = shape
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)


def _changed(corners: Points, ranges: InkRanges, chance: Chances, strength: float) -> Points:
    """Corners after perspective, shear, turn and scale, weaker by a factor."""
    centre = corners.mean(axis=0)
    quad = corners - centre
    if chance[2] < ranges.perspective_share:
        inwards = strength * ranges.perspective * chance[3:11].reshape(4, 2)
        quad = quad * (1.0 - inwards)
    shear = math.tan(math.radians(strength * between(ranges.shear_deg, chance[11])))
    angle = math.radians(strength * between(ranges.angle_deg, chance[12]))
    scale = between(ranges.scale, chance[13])
    stretch = 1.0 + strength * (between(ranges.stretch, chance[14]) - 1.0)
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    lean = np.array([[stretch, -shear], [0.0, 1.0]])
    changed: Points = quad @ (np.array([[cos, -sin], [sin, cos]]) @ lean).T
    return changed


def _toned(image: GreyImage, ranges: InkRanges, chance: Chances) -> GreyImage:
    """Ink brighter or darker, of more or less contrast, blurred or not."""
    if chance[15] < ranges.blur_share:
        image = np.asarray(
            cv2.GaussianBlur(image, (3, 3), between(_BLUR_SIGMA, chance[16])), np.uint8
        )
    brightness = between(ranges.brightness, chance[17])
    contrast = between(ranges.contrast, chance[18])
    mean = brightness * float(image.mean())
    toned = cv2.convertScaleAbs(
        np.maximum(image * np.float32(brightness * contrast) + np.float32(mean * (1 - contrast)), 0)
    )
    return np.asarray(toned, np.uint8)
