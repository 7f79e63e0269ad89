"""Images varied one by one, each by its own chance, which comes from torch: loaders seed it."""

from collections.abc import Callable

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from text_recognizer.data.array_dataset import Images

_THICK_SHARE, _SOFT_SHARE = 0.25, 0.25
_BRIGHTNESS = (0.7, 1.3)
_SQUARE = np.ones((2, 2), np.uint8)

Chances = NDArray[np.float64]
"""Numbers from 0 to 1, of shape (n,)."""


def vary_each(images: Images, vary: Callable[[Images, Chances], Images], n_chances: int) -> Images:
    """Every image as `vary` makes it of the image and so many numbers from 0 to 1.

    Args:
        images: of shape (N, H, W).
        vary: gives an image (H, W), uint8.
        n_chances: numbers for each image.
    """
    chances = torch.rand(len(images), n_chances).numpy().astype(np.float64)
    varied = np.empty_like(images)
    for image, chance, result in zip(images, chances, varied, strict=True):
        result[:] = vary(image, chance)
    return varied


def vary_pen(image: Images, chance: Chances) -> Images:
    """An image (H, W) with ink that may be thicker, softer, and brighter or darker.

    Args:
        image: uint8, ink bright on black.
        chance: three numbers from 0 to 1.
    """
    if chance[0] < _THICK_SHARE:
        image = np.asarray(cv2.dilate(image, _SQUARE), np.uint8)
    if chance[1] < _SOFT_SHARE:
        image = np.asarray(cv2.GaussianBlur(image, (3, 3), 0), np.uint8)
    alpha = between(_BRIGHTNESS, chance[2])
    return np.asarray(cv2.convertScaleAbs(image, alpha=alpha), np.uint8)


def between(limits: tuple[float, float], chance: float) -> float:
    """The value at a share of the way from one limit to the other."""
    return limits[0] + (limits[1] - limits[0]) * float(chance)
