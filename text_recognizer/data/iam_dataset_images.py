"""What the CNN-BiLSTM notebook makes of images and texts of IAM: dark ink on white."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from text_recognizer.data.iam_line_view import scale_image
from text_recognizer.errors import OptionError
from text_recognizer.grey_image import GreyImage
from text_recognizer.ground_truth.iam_forms import Box

ALPHABET = " !\"#&\\'()*+,-./0123456789:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""The 80 symbols of the notebook; the backslash is in it by an oversight, and in no text."""
LABEL_LENGTH = 160
MEAN, DEVIATION = 0.942532484060557, 0.15926149044640417

_WHITE_FROM = 230
_SHIFT, _SCALE, _SHEAR_RAD, _GAMMA = 0.03, (0.9, 1.1), 0.7, (0.001, 2.0)


def fit_canvas(
    image: GreyImage, size: tuple[int, int]
) -> tuple[GreyImage, Callable[[Box], tuple[float, float, float, float]]]:
    """Image in the middle of white paper of (height, width), shrunk if it is larger, never grown.

    Returns:
        The canvas, and what makes fractions of the canvas (x, y, width, height) of a box in pixels
        of the image.
    """
    height, width = size
    scale = min(1.0, height / image.shape[0], width / image.shape[1])
    rows = max(1, min(height, round(image.shape[0] * scale)))
    columns = max(1, min(width, round(image.shape[1] * scale)))
    small = image if scale == 1.0 else scale_image(image, rows, columns)
    top, left = (height - rows) // 2, (width - columns) // 2
    canvas = np.full(size, max(int(small[0, 0]), _WHITE_FROM), np.uint8)
    canvas[top : top + rows, left : left + columns] = small
    canvas[canvas >= _WHITE_FROM] = 255

    def place(box: Box) -> tuple[float, float, float, float]:
        return (
            (left + box.left * scale) / width,
            (top + box.top * scale) / height,
            (box.right - box.left) * scale / width,
            (box.bottom - box.top) * scale / height,
        )

    return canvas, place


def normalise(image: GreyImage) -> NDArray[np.float32]:
    """Values of shape (1, H, W), float32, by the mean and deviation of the notebook."""
    values: NDArray[np.float32] = (image.astype(np.float32) / 255.0 - MEAN) / DEVIATION
    return values[None].astype(np.float32)


def encode_text(text: str) -> NDArray[np.float32]:
    """Labels of a text by `ALPHABET`, of shape (160,), float32, filled up with -1.

    Raises:
        OptionError: it holds other characters, or more of them.
    """
    unknown = sorted(set(text) - set(ALPHABET))
    if unknown or len(text) > LABEL_LENGTH:
        problem = f"it holds {' '.join(unknown)}" if unknown else f"it has {len(text)} characters"
        raise OptionError(f"{text!r} cannot be labelled: {problem}.")
    labels = np.full(LABEL_LENGTH, -1.0, np.float32)
    labels[: len(text)] = [ALPHABET.index(character) for character in text]
    return labels


def vary_image(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Image shifted, scaled, sheared and of another gamma, in the ranges of the notebook.

    What moves in is white. As there, ink may leave the image.
    """
    height, width = image.shape
    shift = rng.uniform(-_SHIFT, _SHIFT, 2) * (width, height)
    x_scale, y_scale = rng.uniform(*_SCALE, 2)
    shear = np.tan(rng.uniform(-_SHEAR_RAD, _SHEAR_RAD))
    turn = np.array([[x_scale, -shear], [0.0, y_scale]])
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    matrix = np.column_stack([turn, middle - turn @ middle + shift])
    moved = cv2.warpAffine(image, matrix, (width, height), borderValue=255)
    bright = (np.asarray(moved, np.float32) / 255.0) ** rng.uniform(*_GAMMA) * 255.0
    return np.asarray(np.rint(bright), np.uint8)
