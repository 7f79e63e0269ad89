"""Finds the lines of a page with a network that draws them: `LineFinder`, read it first.

    page_input      grey page to the network's input
    (network)       maps of ridges along baselines, of line ends and of heights
    line_tracing    lines of the maps

The page is looked at reduced, and once more at another size if its writing is much larger or
smaller than the network is used to. Knows nothing about reading order.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from text_recognizer.grey_image import GreyImage
from text_recognizer.layout.found_line import FoundLine
from text_recognizer.layout.line_tracing import LineMaps, trace_lines
from text_recognizer.layout.page_input import (
    MAP_STRIDE,
    PAGE_NORMALISATION,
    normalise_page,
    pad_page,
)

if TYPE_CHECKING:
    from text_recognizer.bundle import Bundle

SMALLEST_SIDE = 8  # pixels; no line can be read in less
_LONG_SIDE = 900  # pixels of the page as it is looked at first
_SHORT_SIDE = 64  # pixels; a long strip is looked at larger, so that it keeps so many
_MOST_PIXELS = 3_000_000  # of the page as it is looked at again
_HEIGHTS = (14.0, 56.0)  # pixels, of the lines; a page with others is looked at again
_USUAL_HEIGHT = 30.0  # pixels, then
_WIDE, _LOW = 3.0, 1.8  # a single line's image: width over height, height over that of the line
_FRAGMENT = 0.6  # of the longest line's length; shorter ones are no second line in such an image

DrawsMaps = Callable[[GreyImage], NDArray[np.float32]]
"""From a normalised, padded page (H, W) to maps (4, H / 2, W / 2): see `LineMaps`."""


class LineFinder:
    """Finds lines with the network of a finder bundle.

    Args:
        bundle: a model of the task `finder`.
        n_threads: threads of the network; None lets onnxruntime choose.

    Raises:
        BundleError: the model cannot be run, or wants other input.
        OptionError: `n_threads` is below 1.
    """

    def __init__(self, bundle: "Bundle", *, n_threads: int | None = None) -> None:
        from text_recognizer.network_session import open_session

        self.bundle = bundle
        self._session = open_session(
            bundle,
            task="finder",
            normalisations=(PAGE_NORMALISATION,),
            inputs={"image": (None, 1, None, None)},
            outputs={"maps": (None, 4, None, None)},
            n_threads=n_threads,
        )

    def find(self, image: GreyImage) -> list[FoundLine]:
        """Lines of a grey image (H, W), from top to bottom; none on a blank or tiny image."""
        return find_lines(image, self._maps)

    def _maps(self, page: GreyImage) -> NDArray[np.float32]:
        values = page.astype(np.float32)[None, None] / np.float32(255)
        (maps,) = self._session.run(["maps"], {"image": values})
        return np.asarray(maps[0], dtype=np.float32)


def load_finder(model: str | Path | None = None, *, n_threads: int | None = None) -> LineFinder:
    """The finder of a bundle, by name or folder; None takes the one that comes with the package.

    Raises:
        BundleError: the model is missing, damaged or not for finding lines.
        OptionError: `n_threads` is below 1.
    """
    from text_recognizer.bundle import DEFAULT_FINDER, load_bundle

    bundle = load_bundle(model or DEFAULT_FINDER, task="finder")
    return LineFinder(bundle, n_threads=n_threads)


def find_lines(image: GreyImage, draw_maps: DrawsMaps) -> list[FoundLine]:
    """Lines of a grey image (H, W), from top to bottom; none on a blank or tiny image.

    Args:
        image: the page.
        draw_maps: the network.
    """
    if min(image.shape) < SMALLEST_SIDE:
        return []
    scale = min(1.0, max(_LONG_SIDE / max(image.shape), _SHORT_SIDE / min(image.shape)))
    lines = _lines_at(scale, image, draw_maps)
    if lines:
        height = scale * float(np.median([line.height for line in lines]))
        if not _HEIGHTS[0] <= height <= _HEIGHTS[1]:
            other = scale * _USUAL_HEIGHT / height
            other = min(other, (_MOST_PIXELS / image.size) ** 0.5)
            lines = _lines_at(other, image, draw_maps) or lines
    if len(lines) > 1 and _is_one_line(lines, image.shape):
        lines = [_together(lines)]
    return lines


def _is_one_line(lines: list[FoundLine], shape: tuple[int, ...]) -> bool:
    """Whether an image is wide and low, and only one of its lines is more than a fragment."""
    height, width = shape
    lengths = sorted((float(np.ptp(line.baseline[:, 0])), line.height) for line in lines)
    (second, _), (longest, line_height) = lengths[-2:]
    is_low = height <= _LOW * line_height and width >= _WIDE * height
    return is_low and second < _FRAGMENT * longest


def _together(lines: list[FoundLine]) -> FoundLine:
    """One line around all, on the baseline of the longest."""
    boxes = np.array([line.box for line in lines])
    left, top = boxes[:, :2].min(axis=0)
    right, bottom = boxes[:, 2:].max(axis=0)
    longest = lines[int((boxes[:, 2] - boxes[:, 0]).argmax())]
    rectangle = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    return FoundLine(longest.baseline, rectangle)


def _lines_at(scale: float, image: GreyImage, draw_maps: DrawsMaps) -> list[FoundLine]:
    """Lines of an image from top to bottom, found in a copy of another size, in its own pixels."""
    height, width = image.shape
    size = max(SMALLEST_SIDE, round(width * scale)), max(SMALLEST_SIDE, round(height * scale))
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(image, size, interpolation=kind), dtype=np.uint8)
    page = normalise_page(small)
    rows, columns = -(-size[1] // MAP_STRIDE), -(-size[0] // MAP_STRIDE)
    ridge, ends, above, below = draw_maps(pad_page(page))[:, :rows, :columns]
    found = trace_lines(LineMaps(ridge, ends, above / MAP_STRIDE, below / MAP_STRIDE))
    factor = np.array([width / size[0], height / size[1]], np.float32) * MAP_STRIDE
    limits = np.array([width, height], np.float32)
    return [
        FoundLine(line.baseline * factor, (line.polygon * factor).clip(0, limits)) for line in found
    ]
