"""Separates ink from paper and finds out how large the writing is.

Knows nothing about lines: it gives a black and white image without borders, rules and specks.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from text_recognizer.grey_image import GreyImage

_PAPER_PART = 40  # the closing that finds the paper spans this part of the long side
_MIN_DARKNESS, _MAX_DARKNESS = 0.10, 0.6  # of the paper's brightness, where ink may begin
_TOO_MUCH = 0.15  # share of the pixels; writing covers less
_RULE_PART = 10  # a straight stroke longer than this part of the width is a ruled line
_THICKEST_RULE = 7  # pixels
_MIN_LETTER_PX = 6

Mask = NDArray[np.uint8]  # 1 where there is ink, else 0


@dataclass(frozen=True, eq=False)
class Ink:
    """Ink of a page, in components.

    Attributes:
        labels: number of the component at each pixel, 0 for paper, int32, (H, W).
        boxes: left, top, width, height and area of each component, int32, (n + 1, 5); row 0 is the
            paper.
        letter_height: typical height of a component of letters, in pixels; 0 without ink.
    """

    labels: NDArray[np.int32]
    boxes: NDArray[np.int32]
    letter_height: float


def find_ink(image: GreyImage) -> Ink:
    """Ink of a grey image with dark ink; rules, borders and specks are left out."""
    mask = _without_rules(_threshold(image))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    boxes = np.asarray(stats, dtype=np.int32)
    keep = _can_be_letters(boxes, (image.shape[0], image.shape[1]))
    letter_height = _letter_height(boxes[keep])
    width, height, area = boxes[:, 2], boxes[:, 3], boxes[:, 4]
    is_rule = (width > 1.5 * letter_height) & (height < 0.25 * letter_height)
    keep &= (area >= 0.01 * letter_height**2) & (height <= 8 * letter_height) & ~is_rule
    numbers = np.cumsum(keep, dtype=np.int32) * keep
    kept = np.concatenate([boxes[:1], boxes[keep]])
    return Ink(numbers[labels].astype(np.int32), kept, letter_height)


def _threshold(image: GreyImage) -> Mask:
    """1 where a pixel is clearly darker than the paper around it, else 0."""
    size = max(15, max(image.shape) // _PAPER_PART) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (size, size))
    closed = cv2.morphologyEx(image, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
    paper = cv2.blur(closed, (size, size), borderType=cv2.BORDER_REPLICATE)
    bright = np.asarray(cv2.divide(image, paper, scale=255), dtype=np.uint8)
    darkest = _between_classes(bright.ravel())
    mask = bright < darkest
    if mask.mean() > _TOO_MUCH:  # the weave of the paper, or ink from the other side
        mask = bright < _between_classes(bright[mask])
    return mask.astype(np.uint8)


def _between_classes(bright: NDArray[np.uint8]) -> float:
    """Brightness, of a paper of 255, under which a pixel is ink rather than paper."""
    otsu, _ = cv2.threshold(bright, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return 255 * (1 - float(np.clip(1 - otsu / 255, _MIN_DARKNESS, _MAX_DARKNESS)))


def _without_rules(mask: Mask) -> Mask:
    """The mask without long straight strokes, level or upright; letters that cross them stay."""
    length = max(25, mask.shape[1] // _RULE_PART)
    for is_level in (True, False):
        rules = _opened(mask, _turned(length, 1, is_level))
        if rules.any():
            around = np.ones(_turned(1, 5, is_level)[::-1], np.uint8)
            near = np.asarray(cv2.dilate(rules, around), dtype=np.uint8)
            crossing = _opened(mask, _turned(1, _THICKEST_RULE, is_level))
            mask = np.where((near > 0) & (crossing == 0), 0, mask).astype(np.uint8)
    return mask


def _turned(along: int, across: int, is_level: bool) -> tuple[int, int]:
    """(width, height) of a box that lies along a rule."""
    return (along, across) if is_level else (across, along)


def _opened(mask: Mask, size: tuple[int, int]) -> Mask:
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, size)
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel), dtype=np.uint8)


def _can_be_letters(boxes: NDArray[np.int32], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Which components are neither paper, specks, nor borders of the sheet."""
    height, width = shape
    left, top, w, h, area = boxes.T
    touches = (left <= 1) | (top <= 1) | (left + w >= width - 1) | (top + h >= height - 1)
    is_upright_border = (h > 0.3 * height) & (h > 2 * w)
    is_level_border = (area > 0.5 * w * h) & (w > 0.1 * width)
    keep = (area >= 4) & ~(touches & (is_upright_border | is_level_border)) & (w < 0.98 * width)
    keep[0] = False
    return np.asarray(keep, dtype=np.bool_)


def _letter_height(boxes: NDArray[np.int32]) -> float:
    """Median height of the components, weighted by the root of their ink; 0 without ink."""
    large = boxes[boxes[:, 3] >= _MIN_LETTER_PX]
    if not len(large):
        return 0.0
    large = large[np.argsort(large[:, 3])]
    total = np.cumsum(np.sqrt(large[:, 4]))
    return float(large[np.searchsorted(total, total[-1] / 2), 3])
