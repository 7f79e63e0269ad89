"""Drawn lines leaning, turned, scaled, shifted and dimmed as a whole."""

import math

import cv2
import numpy as np

from text_recognizer.data.array_dataset import Images
from text_recognizer.data.glyph_lines import GLYPH_PX
from text_recognizer.data.image_variation import Chances, between, vary_each

_BRIGHTNESS = (0.5, 1.0)
_ANGLE_DEG = (-3.0, 3.0)
_SHIFT = (-0.05, 0.05)  # of the height
_SCALE = (0.4, 1.1)
_SHEAR_DEG = (-40.0, 50.0)  # over 0 leans to the right


def vary_lines(images: Images) -> Images:
    """Lines leaning, turned, scaled, shifted and dimmed, each by its own chance.

    The ranges are those of the course of 2021, but what a line would lose at the border bounds
    them: no ink leaves the image. Chance comes from torch, which loader processes seed.

    Args:
        images: of shape (N, H, W), the glyphs in a row at half the height.
    """
    return vary_each(images, _vary, n_chances=5)


def _vary(image: Images, chance: Chances) -> Images:
    columns = np.flatnonzero(image.any(axis=0))
    if not len(columns):
        return image
    height, width = image.shape
    half = (columns[-1] + 1 - columns[0]) / 2
    centre = columns[0] + half
    shear = math.tan(math.radians(between(_SHEAR_DEG, chance[0])))
    reach = half + abs(shear) * GLYPH_PX / 2  # of the ink, to either side
    scale = min(between(_SCALE, chance[1]), width / (2 * reach))
    shift = between(_SHIFT, chance[2]) * height
    free = height / 2 - abs(shift) - scale * GLYPH_PX / 2
    steepest = math.asin(min(1.0, free / (scale * reach)))
    angle = min(max(math.radians(between(_ANGLE_DEG, chance[3])), -steepest), steepest)
    new_centre = width / 2 + scale * (centre - width / 2)
    new_centre = min(max(new_centre, scale * reach), width - scale * reach)
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]]) @ np.array([[1.0, -shear], [0.0, 1.0]])
    middle = np.array([centre, height / 2]) - 0.5  # pixel i covers i to i + 1
    offset = np.array([new_centre, height / 2 + shift]) - 0.5 - turn @ middle
    matrix = np.column_stack([turn, offset])
    moved = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR)
    return np.asarray(cv2.convertScaleAbs(moved, alpha=between(_BRIGHTNESS, chance[4])), np.uint8)
