"""From the maps of odd and even lines that a line detector draws to lines.

The project of 2019 took the outer contours of each map. Here the middle of each line's band is
traced, so that lines that touch are told apart, and a line goes on where a map is faint or where
odd and even change places; a map without writing has no lines. Knows nothing about networks.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from text_recognizer.grey_image import GreyImage
from text_recognizer.layout.found_line import FoundLine
from text_recognizer.layout.line_tracing import LineMaps, trace_lines
from text_recognizer.layout.page_input import normalise_page

FloatImage = NDArray[np.float32]

_LIKELY = 0.3  # of a class, from which a pixel is part of a band
_ACROSS, _ALONG = 0.3, 1.0  # of a band's height, standard deviation of the smoothing
_ABOVE, _BELOW = 1.0, 0.4  # of a band's height, that letters reach over its foot and under it
_SHORTEST = 0.02  # of the shorter side of the image; shorter lines are specks
_SMALLEST_SIDE = 8  # pixels; there is no line in less


def detector_input(image: GreyImage, long_side: int) -> FloatImage:
    """A page (H, W), uint8, as line detectors take it: paper 0, ink 1, `long_side` pixels long.

    The width keeps its ratio to the height.
    """
    scale = long_side / max(image.shape)
    size = [max(1, round(scale * side)) for side in image.shape[::-1]]
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(normalise_page(image), size, interpolation=kind)
    return np.asarray(small, dtype=np.float32) / np.float32(255)


def lines_of_masks(odd: FloatImage, even: FloatImage, size: tuple[int, int]) -> list[FoundLine]:
    """Lines from top to bottom, in pixels of the page; the baseline is the foot of a line's band.

    Args:
        odd: probability of lines 1, 3, 5, ... of shape (h, w), of any size.
        even: that of lines 2, 4, 6, ..., of the same shape.
        size: (height, width) of the page.
    """
    height = _band_height(odd, even)
    if height is None or min(odd.shape) < _SMALLEST_SIDE:
        return []
    ridge = np.maximum(_smooth(odd, height), _smooth(even, height))
    above, below = (np.full_like(ridge, share * height) for share in (_ABOVE, _BELOW))
    found = trace_lines(LineMaps(ridge, np.zeros_like(ridge), above, below))
    factor = np.array([size[1] / odd.shape[1], size[0] / odd.shape[0]], np.float32)
    foot = np.array([0.5, (height + 1) / 2], np.float32)  # from the middle of a pixel
    limits = np.array(size[::-1], np.float32)
    return [
        FoundLine((line.baseline + foot) * factor, ((line.polygon + foot) * factor).clip(0, limits))
        for line in found
        if np.ptp(line.baseline[:, 0]) >= _SHORTEST * min(odd.shape)
    ]


def _band_height(odd: FloatImage, even: FloatImage) -> float | None:
    """Height of a band in which the middle pixel of all bands lies; None without a band."""
    runs = np.concatenate([_run_lengths(odd > _LIKELY), _run_lengths(even > _LIKELY)])
    if not len(runs):
        return None
    runs = np.sort(runs)
    share = np.cumsum(runs) / runs.sum()
    return float(runs[np.searchsorted(share, 0.5)])


def _run_lengths(is_band: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Lengths of the vertical runs of a mask."""
    columns = np.pad(is_band, ((1, 1), (0, 0))).T.astype(np.int8)
    steps = np.diff(columns.ravel())
    return np.flatnonzero(steps < 0) - np.flatnonzero(steps > 0)


def _smooth(values: FloatImage, height: float) -> FloatImage:
    """A map whose crests are the middles of bands of a height."""
    kernel = (0, 0)
    smooth = cv2.GaussianBlur(values, kernel, sigmaX=_ALONG * height, sigmaY=_ACROSS * height)
    return np.asarray(smooth, dtype=np.float32)
