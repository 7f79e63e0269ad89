"""The image of a page as the line finder wants it, in training and in use."""

import cv2
import numpy as np

from text_recognizer.grey_image import GreyImage

PAGE_NORMALISATION = "page-division-1"
MAP_STRIDE = 2  # pixels of the network's input a pixel of its maps, along and across
PAGE_MULTIPLE = 32  # rows and columns of the network's input are padded to a multiple of this
_PAPER_PX = 41  # pixels; the closing that finds the paper, wider than any stroke
_INK_PERCENTILE = 98.5
_LEAST_CONTRAST = 0.15  # of the paper's brightness


def normalise_page(image: GreyImage) -> GreyImage:
    """Page image with paper 0 and ink 255, of the same shape (H, W), uint8.

    The brightness of the paper is estimated by a closing, smoothed, and divided out, so that
    shadows and the darker rim of a photograph go; what is left is stretched.

    Args:
        image: grey page of shape (H, W), uint8, dark ink on light paper, as large as the finder
            takes it.
    """
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (_PAPER_PX, _PAPER_PX))
    closed = cv2.morphologyEx(image, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
    paper = cv2.blur(closed, (_PAPER_PX, _PAPER_PX), borderType=cv2.BORDER_REPLICATE)
    bright = np.asarray(cv2.divide(image, paper, scale=255), dtype=np.uint8)
    darkest = float(np.percentile(bright[::2, ::2], 100 - _INK_PERCENTILE))
    contrast = max(1.0 - darkest / 255.0, _LEAST_CONTRAST)
    darkness = (255.0 - bright.astype(np.float32)) / contrast
    return np.asarray(np.minimum(darkness, 255.0) + 0.5, dtype=np.uint8)


def pad_page(page: GreyImage) -> GreyImage:
    """Normalised page with paper added at the right and at the foot, up to a multiple of 32."""
    height, width = page.shape
    return np.pad(page, ((0, -height % PAGE_MULTIPLE), (0, -width % PAGE_MULTIPLE)))
