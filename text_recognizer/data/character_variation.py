"""Single characters turned, leaning, scaled, shifted, thickened and dimmed: others may write so.

Ranges were chosen by looking at sheets of samples: a class must stay its own.
"""

import math

import cv2
import numpy as np

from text_recognizer.data.array_dataset import Images
from text_recognizer.data.image_variation import Chances, between, vary_each, vary_pen

_ANGLE_DEG = (-12.0, 12.0)
_SHEAR = (-0.25, 0.25)
_SCALE = (0.85, 1.15)  # of each side
_SHIFT_PX = (-1.5, 1.5)


def vary_characters(images: Images) -> Images:
    """The characters, each varied by its own chance, which comes from torch.

    Args:
        images: of shape (N, H, W), ink bright on black.
    """
    return vary_each(images, _vary, n_chances=9)


def _vary(image: Images, chance: Chances) -> Images:
    height, width = image.shape
    angle = math.radians(between(_ANGLE_DEG, chance[0]))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    lean = np.array([[1.0, between(_SHEAR, chance[1])], [0.0, 1.0]])
    size = np.diag([between(_SCALE, chance[2]), between(_SCALE, chance[3])])
    shift = [between(_SHIFT_PX, chance[4]), between(_SHIFT_PX, chance[5])]
    matrix = turn @ lean @ size
    middle = np.array([width - 1, height - 1]) / 2
    moved = np.column_stack([matrix, middle + shift - matrix @ middle])
    drawn = cv2.warpAffine(image, moved, (width, height), flags=cv2.INTER_LINEAR)
    return vary_pen(np.asarray(drawn, np.uint8), chance[6:])
