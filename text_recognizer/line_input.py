"""The line network's input: from the grey image of one line to flat, evenly sized letters.

One function makes that input in training and in use, so the two cannot drift apart.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from text_recognizer.errors import InputError
from text_recognizer.grey_image import GreyImage
from text_recognizer.line_image import paper_brightness

INPUT_NORMALISATION = "paper-division-3"
FIXED_NORMALISATION = "paper-division-2"
PLAIN_NORMALISATION = "paper-division-plain-1"
INPUT_NORMALISATIONS = (FIXED_NORMALISATION, INPUT_NORMALISATION, PLAIN_NORMALISATION)
"""Those that models can be made for: of older models, of new ones, of networks of experiments."""
WIDTH_MULTIPLE = 64  # columns; every line is padded by itself to a multiple of this
MAX_WIDTH = 30_000  # columns of the normalised line; longer ones are refused, never squeezed

_SOFTNESS = 0.011  # of the height, a blur's standard deviation: docs/experiment-log.md
_INK_SHARE = 0.005  # of all pixels, that are full ink; thin pens cover a few percent of a line
_MIN_CONTRAST = 0.12  # of the paper's brightness; below it a line counts as blank, not as faint ink

_MEASURED_HEIGHT = 48  # rows in which the writing is measured, whatever the network's height
_STROKE_DARKNESS = 128  # of 255; what is darker belongs to a stroke
_BUSIEST_ROWS = 4  # their strokes are counted: rows through all small letters
_USUAL_BODY = 14  # rows at least half as busy; a writing with so many keeps its size
_USUAL_DENSITY = 3.07  # strokes in a width of one height; such a writing keeps its width
_FIXED_WIDENING = 1.1  # of the fixed normalisation
_ZOOM_LIMITS = (0.65, 1.25)
_WIDENING_LIMITS = (0.6, 1.8)


@dataclass(frozen=True)
class LetterSize:
    """What brings the letters of a line nearer to the usual size.

    Attributes:
        zoom: factor for the height of the letters, in a frame of the same height.
        widening: factor for their width.
        first_row: of the rows that stay in the frame, as a share of the height.
        last_row: likewise.
    """

    zoom: float = 1.0
    widening: float = 1.0
    first_row: float = 0.0
    last_row: float = 1.0


def normalise(image: GreyImage, height: int, name: str = INPUT_NORMALISATION) -> GreyImage:
    """Line image of the given height with paper 0, ink 255 and letters near the usual size.

    The line is softened a little, which makes thin pens and coarse scans look alike. The paper's
    brightness is estimated by a wide morphological closing, smoothed and divided out; what remains
    is stretched so that the darkest half percent of the pixels reaches 255. Letters are made higher
    or lower within the frame, narrower or wider, half of the way to the usual (`measure_letters`);
    the fixed normalisation makes all lines a tenth wider instead. The plain one softens nothing and
    keeps the letters as they are: what is black on white comes out as it was drawn.

    Args:
        image: grey image of shape (H, W), uint8, 0 black, dark ink on light paper.
        height: rows of the result.
        name: one of `INPUT_NORMALISATIONS`.

    Returns:
        Array of shape (height, W * widening * height / H rounded), uint8.

    Raises:
        InputError: the line is empty or would be wider than `MAX_WIDTH`.
    """
    if image.ndim != 2 or 0 in image.shape:
        raise InputError(f"A line image needs two dimensions and some pixels, not {image.shape}.")
    if name == PLAIN_NORMALISATION:
        return flatten(image, height)
    n_rows = image.shape[0]
    soft = cv2.GaussianBlur(image, (0, 0), _SOFTNESS * n_rows, borderType=cv2.BORDER_REPLICATE)
    if name == FIXED_NORMALISATION:
        size = LetterSize(widening=_FIXED_WIDENING)
    else:
        size = measure_letters(flatten(np.asarray(soft, dtype=np.uint8), _MEASURED_HEIGHT))
    first, last = round(size.first_row * n_rows), round(size.last_row * n_rows)
    used = np.asarray(soft[first : max(last, first + 1)], dtype=np.uint8)
    used_height = min(height, max(1, round(size.zoom * height * len(used) / n_rows)))
    relative = size.widening * (height / n_rows) / (used_height / len(used))
    flat = flatten(used, used_height, relative)
    above = (height - used_height) // 2
    return np.pad(flat, ((above, height - used_height - above), (0, 0)))


def measure_letters(flat: GreyImage) -> LetterSize:
    """How far a line's letters are from the usual size; half of the way, as a ratio, is corrected.

    Strokes are counted along each row. The rows at least half as busy as the busiest ones run
    through the body of the small letters, and their number stands for its height. The density of
    strokes in the busiest rows, gaps wider than the line is high left out, stands for the width.
    Enlarging cuts off no ink.

    Args:
        flat: line with paper 0 and ink 255, of shape (H, W), uint8.
    """
    ink = flat > _STROKE_DARKNESS
    columns = np.flatnonzero(ink.any(axis=0))
    if len(columns) < 2:
        return LetterSize()
    n_rows = len(flat)
    counts = (ink[:, 1:] & ~ink[:, :-1]).sum(axis=1)
    busiest = float(np.sort(counts)[-_BUSIEST_ROWS:].mean())
    body = np.count_nonzero(counts >= busiest / 2) * _MEASURED_HEIGHT / n_rows
    gaps = np.diff(columns)
    density = busiest * n_rows / max(float(gaps[gaps <= n_rows].sum()), 1.0)

    rows = np.flatnonzero(ink.any(axis=1))
    top, bottom = rows[0] / n_rows, (rows[-1] + 1) / n_rows
    zoom = _clipped(math.sqrt(_USUAL_BODY / max(body, 1.0)), _ZOOM_LIMITS)
    zoom = min(zoom, max(1.0, 1.0 / (bottom - top)))
    widening = _clipped(math.sqrt(zoom * density / _USUAL_DENSITY), _WIDENING_LIMITS)
    if zoom <= 1.0:
        return LetterSize(zoom, widening)
    first = min(max(0.5 - 0.5 / zoom, bottom - 1.0 / zoom), top)
    return LetterSize(zoom, widening, first, first + 1.0 / zoom)


def flatten(image: GreyImage, height: int, widening: float = 1.0) -> GreyImage:
    """The image scaled to the given height and made wider, with paper 0 and ink 255.

    Args:
        image: grey image of shape (H, W), uint8, dark ink on light paper.
        height: rows of the result.
        widening: factor for the width beside that for the height.

    Raises:
        InputError: it would be wider than `MAX_WIDTH`.
    """
    width = max(1, round(widening * image.shape[1] * height / image.shape[0]))
    if width > MAX_WIDTH:
        raise InputError(f"A line image {width} columns wide is over the limit of {MAX_WIDTH}.")
    shrinks = image.shape[0] > max(1.0, widening) * height
    kind = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    scaled = np.asarray(cv2.resize(image, (width, height), interpolation=kind), dtype=np.uint8)
    darkness = 1.0 - scaled / np.maximum(paper_brightness(scaled), 1.0)
    darkness = np.maximum(darkness, 0.0)
    rank = int((1.0 - _INK_SHARE) * (darkness.size - 1))
    contrast = max(float(np.partition(darkness, rank, axis=None)[rank]), _MIN_CONTRAST)
    return (np.minimum(darkness / contrast, 1.0) * 255.0 + 0.5).astype(np.uint8)


def pad_width(width: int) -> int:
    """Smallest multiple of 64 columns that holds `width`, at least 64."""
    return max(1, -(-width // WIDTH_MULTIPLE)) * WIDTH_MULTIPLE


def pad(image: GreyImage) -> GreyImage:
    """Normalised line image with paper added on the right up to `pad_width`."""
    missing = pad_width(image.shape[1]) - image.shape[1]
    return np.pad(image, ((0, 0), (0, missing)))


def _clipped(value: float, limits: tuple[float, float]) -> float:
    return min(max(value, limits[0]), limits[1])
