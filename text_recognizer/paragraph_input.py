"""The image of a paragraph as a network for paragraphs wants it, in training and in use."""

import cv2
import numpy as np

from text_recognizer.errors import InputError
from text_recognizer.grey_image import GreyImage
from text_recognizer.layout.page_input import normalise_page

PARAGRAPH_NORMALISATION = "paragraph-division-1"
PARAGRAPH_HEIGHT, PARAGRAPH_WIDTH = 576, 640
"""Rows and columns that the networks of 2021 see."""

Canvas = tuple[int, int]
"""Rows and columns of a network's image."""


def paragraph_input(image: GreyImage, canvas: Canvas) -> GreyImage:
    """A whole paragraph, scaled down if it is too large, in the middle of the canvas.

    Args:
        image: grey image of shape (H, W), uint8, dark ink on light paper.
        canvas: rows and columns of the result.

    Returns:
        Ink bright on black, uint8.

    Raises:
        InputError: the image has no pixels.
    """
    return place(ink_at_scale(image, fitting_scale(image.shape, canvas)), canvas)


def fitting_scale(shape: tuple[int, ...], canvas: Canvas, *, largest: float = 1.0) -> float:
    """Largest factor up to `largest` by which an image of a shape (H, W) fits on the canvas.

    Raises:
        InputError: the image has no pixels.
    """
    if len(shape) != 2 or 0 in shape:
        raise InputError(f"A paragraph needs two dimensions and some pixels, not {shape}.")
    return min(largest, canvas[0] / shape[0], canvas[1] / shape[1])


def ink_at_scale(image: GreyImage, scale: float) -> GreyImage:
    """The image scaled by a factor, at least a pixel high and wide, with paper 0 and ink 255."""
    return normalise_page(resized(image, scaled_shape(image.shape, scale)))


def scaled_shape(shape: tuple[int, ...], scale: float) -> Canvas:
    """Rows and columns of an image of a shape (H, W) scaled by a factor, rounded down."""
    # What is a whole number but for its last bit must not lose a pixel.
    height, width = (max(1, int(side * scale + 1e-6)) for side in shape)
    return height, width


def resized(image: GreyImage, shape: Canvas) -> GreyImage:
    """The image with so many rows and columns."""
    kind = cv2.INTER_AREA if shape[0] <= image.shape[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, shape[::-1], interpolation=kind), np.uint8)


def place(ink: GreyImage, canvas: Canvas, *, down: float = 0.5, right: float = 0.5) -> GreyImage:
    """Ink on a black canvas at a share of the free rows and columns, by default in the middle.

    Raises:
        InputError: it is larger than the canvas: nothing is ever cut.
    """
    free_y, free_x = canvas[0] - ink.shape[0], canvas[1] - ink.shape[1]
    if free_y < 0 or free_x < 0:
        raise InputError(f"An image of {ink.shape} does not fit on a canvas of {canvas}.")
    top, left = round(down * free_y), round(right * free_x)
    return np.pad(ink, ((top, free_y - top), (left, free_x - left)))
