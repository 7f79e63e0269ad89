"""Line images of IAM on a canvas of one size, ink bright on black, as the lessons show them."""

import math
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from text_recognizer.data.image_variation import Chances, between, vary_each
from text_recognizer.grey_image import GreyImage

_STRETCH = (0.9, 1.1)
_BRIGHTNESS = (0.8, 1.6)
_ANGLE_DEG = (-1.0, 1.0)
_SHEAR_DEG = (-30.0, 20.0)  # over 0 leans to the right
_N_CHANCES = 4
_INK = 64  # of 255; brighter pixels are ink


@dataclass(frozen=True)
class IAMLineView:
    """Puts a line on a canvas, varied as in the lessons or as it is; see also `lines.LineView`.

    Attributes:
        height: rows; images are scaled to it.
        width: columns.
        left: black columns before a line, where there is room for them.
        varies: whether each call varies its image by its own chance, which comes from torch.
    """

    height: int
    width: int
    left: int = 0
    varies: bool = False

    def __call__(self, image: GreyImage) -> GreyImage:
        """Canvas (height, width) with a line on it.

        Args:
            image: grey, dark ink on light paper, of a size that `fits`.
        """
        vary = partial(self._vary, image)
        if self.varies:
            blank = self._blank()[None]
            varied = vary_each(blank, lambda _, chance: vary(chance), n_chances=_N_CHANCES)
            return np.asarray(varied[0], np.uint8)
        return self._place(image, self.scaled_width(*image.shape))

    def scaled_width(self, height: int, width: int) -> int:
        """Columns that an image takes when it is as high as the canvas."""
        return max(1, round(width * self.height / height))

    def fits(self, height: int, width: int) -> bool:
        """Whether an image is not too wide for the canvas."""
        return self.scaled_width(height, width) <= self.width

    def _blank(self) -> GreyImage:
        return np.zeros((self.height, self.width), np.uint8)

    def _place(self, image: GreyImage, width: int) -> GreyImage:
        scaled = scale_image(image, self.height, width)
        canvas = self._blank()
        left = min(self.left, self.width - width)
        canvas[:, left : left + width] = 255 - scaled
        return canvas

    def _vary(self, image: GreyImage, chance: Chances) -> GreyImage:
        """The ranges are those of the course of 2021; no ink leaves the canvas."""
        stretched = between(_STRETCH, chance[0]) * self.scaled_width(*image.shape)
        placed = self._place(image, min(max(1, round(stretched)), self.width))
        bright = cv2.convertScaleAbs(placed, alpha=between(_BRIGHTNESS, chance[1]))
        return lean_and_turn(
            np.asarray(bright, np.uint8),
            shear=math.tan(math.radians(between(_SHEAR_DEG, chance[2]))),
            angle=math.radians(between(_ANGLE_DEG, chance[3])),
        )


def scale_image(image: GreyImage, height: int, width: int) -> GreyImage:
    """Image of another size; a smaller one is averaged, a larger one interpolated."""
    is_smaller = height * width < image.size
    how = cv2.INTER_AREA if is_smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=how), np.uint8)


def lean_and_turn(image: GreyImage, *, shear: float, angle: float) -> GreyImage:
    """Image sheared and turned about the middle of its ink, less where ink would leave the image.

    Args:
        image: ink bright on black.
        shear: columns by rows, over 0 leans to the right.
        angle: in radians.
    """
    ink = image > _INK
    columns, rows = np.flatnonzero(ink.any(axis=0)), np.flatnonzero(ink.any(axis=1))
    if not len(columns):
        return image
    height, width = image.shape
    middle = np.array([(columns[0] + columns[-1]) / 2, (rows[0] + rows[-1]) / 2])
    half_width = (columns[-1] - columns[0]) / 2 + 1
    half_height = (rows[-1] - rows[0]) / 2 + 1
    free_columns = min(columns[0], width - 1 - columns[-1])
    free_rows = min(rows[0], height - 1 - rows[-1])
    steepest = free_rows / half_width
    angle = min(max(angle, -steepest), steepest)
    furthest = max(0.0, free_columns - abs(angle) * half_height) / half_height
    shear = min(max(shear, -furthest), furthest)
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]]) @ np.array([[1.0, -shear], [0.0, 1.0]])
    matrix = np.column_stack([turn, middle - turn @ middle])
    moved = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR)
    return np.asarray(moved, np.uint8)
