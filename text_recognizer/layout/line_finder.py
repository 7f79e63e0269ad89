"""Finds the lines of a page by the profile of its ink.

Good enough for clean pages: ink is separated from paper, the middles of the lines are traced, each
piece of ink goes to a line, and baseline and polygon are drawn around what a line was given. Knows
nothing about reading order.
"""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from text_recognizer.grey_image import GreyImage
from text_recognizer.layout.found_line import FoundLine
from text_recognizer.layout.ink import Ink, find_ink
from text_recognizer.layout.line_outline import outline
from text_recognizer.layout.line_tracing import Crest, line_gap, trace_lines

SMALLEST_SIDE = 8  # pixels; no line can be read in less
_WORKING_SIDE = 1600  # longer images are reduced to this to be looked at
_TRACED_LETTER = 8.0  # pixels; letter height of the image that lines are traced in
_TALL = 0.35  # of a letter's height; lower pieces are dots, dashes and rests of rules
_OWNED = 0.7  # share of a piece of ink from which all of it belongs to one line
_WIDE, _LOW = 3.0, 6.0  # a single line's image: width over height, height over that of letters
_FRAGMENT = 0.6  # of the longest line's length; shorter ones are no second line in such an image
_REACH = 0.85  # of the line gap, from the middle of a line to the ends of its long letters


def find_lines(image: GreyImage) -> list[FoundLine]:
    """Lines of a grey image (H, W), from top to bottom; none on a blank or tiny image.

    An image of one line, wide and hardly higher than its letters, gives one line.
    """
    if min(image.shape) < SMALLEST_SIDE:
        return []
    scale = min(1.0, _WORKING_SIDE / max(image.shape))
    small = _resized(image, scale) if scale < 1 else image
    ink = find_ink(small)
    if ink.letter_height == 0:
        return []
    lines = _lines(ink)
    if len(lines) > 1 and _is_one_line(lines, ink):
        lines = [_together(lines)]
    limits = np.array([image.shape[1], image.shape[0]], np.float32)
    found = [
        FoundLine(line.baseline / scale, (line.polygon / scale).clip(0, limits)) for line in lines
    ]
    return sorted(found, key=lambda line: float(line.baseline[:, 1].mean()))


def _is_one_line(lines: list[FoundLine], ink: Ink) -> bool:
    """Whether an image is wide and low, and only one of its lines is more than a fragment."""
    height, width = ink.labels.shape
    if width < _WIDE * height or height > _LOW * ink.letter_height:
        return False
    lengths = sorted(right - left for left, _, right, _ in (line.box for line in lines))
    return lengths[-2] < _FRAGMENT * lengths[-1]


def _together(lines: list[FoundLine]) -> FoundLine:
    """One line around all, on the baseline of the longest."""
    boxes = np.array([line.box for line in lines])
    left, top = boxes[:, :2].min(axis=0)
    right, bottom = boxes[:, 2:].max(axis=0)
    longest = lines[int((boxes[:, 2] - boxes[:, 0]).argmax())]
    rectangle = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    return FoundLine(longest.baseline, rectangle)


def _lines(ink: Ink) -> list[FoundLine]:
    """Lines of some ink, in its pixels."""
    scale = _TRACED_LETTER / ink.letter_height
    is_tall = ink.boxes[:, 3] >= _TALL * ink.letter_height
    is_tall[0] = False
    tall = is_tall[ink.labels].astype(np.uint8) * np.uint8(255)
    small = _resized(tall, scale).astype(np.float32) / np.float32(255)
    traced = trace_lines(small, _TRACED_LETTER)
    reach = _REACH * line_gap(traced, _TRACED_LETTER)
    nearest = _nearest(traced, (small.shape[0], small.shape[1]), reach)
    xs, ys, owners = _owned_pixels(ink, nearest)
    ends = np.searchsorted(owners, np.arange(1, len(traced) + 2))
    lines = []
    for crest, start, end in zip(traced, ends[:-1], ends[1:], strict=True):
        middle = _enlarged(crest, ink.labels.shape[1] / small.shape[1])
        line = outline(middle, (xs[start:end], ys[start:end]), ink.letter_height)
        if line is not None:
            lines.append(line)
    return lines


def _nearest(crests: list[Crest], shape: tuple[int, int], reach: float) -> NDArray[np.int32]:
    """Number, from 1, of the crest within reach that is nearest in height; 0 where none is."""
    height, width = shape
    rows = np.arange(height, dtype=np.float32)[:, None]
    numbers = np.zeros(shape, np.int32)
    distances = np.full(shape, reach, np.float32)
    for number, crest in enumerate(crests, start=1):
        low = max(0, math.floor(float(crest.y.min()) - reach))
        high = min(height, math.ceil(float(crest.y.max()) + reach) + 1)
        part = np.s_[low:high, crest.x0 : crest.x1]
        distance = np.abs(rows[low:high] - crest.y)
        is_nearer = distance < distances[part]
        numbers[part][is_nearer] = number
        distances[part][is_nearer] = distance[is_nearer]
    return numbers


def _owned_pixels(
    ink: Ink, nearest: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Columns, rows and line number of each pixel of ink that a line owns, sorted by line.

    A component goes to one line if most of it is nearest to that line. Others join two lines, by a
    long letter that touches the next line: they are cut half way between.
    """
    ys, xs = np.nonzero(ink.labels)
    components = ink.labels[ys, xs]
    scale_y = nearest.shape[0] / ink.labels.shape[0]
    scale_x = nearest.shape[1] / ink.labels.shape[1]
    lines = nearest[(ys * scale_y).astype(np.int64), (xs * scale_x).astype(np.int64)]
    n_lines = int(nearest.max(initial=0))
    pairs = components.astype(np.int64) * (n_lines + 1) + lines
    counts = np.bincount(pairs, minlength=len(ink.boxes) * (n_lines + 1))
    counts = counts.reshape(len(ink.boxes), n_lines + 1)
    owner = counts.argmax(axis=1)
    is_owned = counts.max(axis=1) >= _OWNED * counts.sum(axis=1)
    lines = np.where(is_owned[components], owner[components], lines)
    order = np.argsort(lines, kind="stable")
    return xs[order], ys[order], lines[order]


def _enlarged(crest: Crest, factor: float) -> Crest:
    """The crest in an image that is `factor` times as wide and high."""
    x0, x1 = round(crest.x0 * factor), max(round(crest.x1 * factor), round(crest.x0 * factor) + 2)
    at = np.linspace(0, len(crest.y) - 1, x1 - x0)
    known = np.arange(len(crest.y))
    y = (np.interp(at, known, crest.y) + 0.5) * factor - 0.5
    strength = np.interp(at, known, crest.strength)
    return Crest(x0, y.astype(np.float32), strength.astype(np.float32))


def _resized(image: NDArray[Any], scale: float) -> NDArray[Any]:
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
