"""The character network's input: from the grey image of one character to 28 x 28 pixels of ink.

The form of EMNIST and its like: ink bright on black, its longer side of one length, its centre of
mass in the middle. One function makes it of photographs and of data sets alike.
"""

import cv2
import numpy as np

from text_recognizer.errors import InputError
from text_recognizer.grey_image import GreyImage
from text_recognizer.line_input import flatten

CHARACTER_NORMALISATION = "ink-box-1"
SIDE_PX = 28

_BOX_PX = 22  # EMNIST and its like put the middle of the pen in a box of 20
_WORKING_PX = 112  # rows in which the ink is looked for: four pixels to one of the result
_LONGEST_PX = 4 * _WORKING_PX  # of the ink; a whole line would take long to thicken
_INK = 128  # of 255; what is brighter in the flattened image is ink
_FULL_INK = 330  # cut at 255, so that the middle of a stroke is full ink, as in those data sets
_STROKE_PX = (2.2, 3.4)  # of the result; thinner pens are thickened, dots are not blown up


def normalise_character(image: GreyImage) -> GreyImage | None:
    """Ink of one character, of shape (28, 28), uint8, 255 the strongest; None if there is none.

    Args:
        image: grey image of shape (H, W), uint8, dark ink on light paper.

    Raises:
        InputError: the image is empty, or far wider than it is high.
    """
    if image.ndim != 2 or 0 in image.shape:
        raise InputError(f"A character's image has two dimensions and pixels, not {image.shape}.")
    flat = flatten(image, _WORKING_PX)
    rows, columns = np.nonzero(flat >= _INK)
    if not len(rows):
        return None
    ink = flat[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return _centred(_scaled(np.pad(ink, 1)))


def _scaled(ink: GreyImage) -> GreyImage:
    """The ink as large as the box, its strokes neither thinner nor thicker than pens make them."""
    ink = _shortened(ink)
    stroke = _stroke_width(ink)
    thinnest, thickest = _STROKE_PX
    scale = min(_BOX_PX / (max(ink.shape) - 2), thickest / stroke)
    missing = round((thinnest / scale - stroke) / 2)
    if missing > 0:
        ink = np.asarray(cv2.dilate(np.pad(ink, missing), _disc(missing)), np.uint8)
    size = [max(1, min(SIDE_PX, round(scale * side))) for side in ink.shape[::-1]]
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(ink, size, interpolation=kind).astype(np.float32)
    full = np.minimum(small * (_FULL_INK / float(small.max())), 255.0)
    return np.asarray(full.round(), np.uint8)


def _shortened(ink: GreyImage) -> GreyImage:
    """The ink with every n-th pixel of its strokes if it is far longer than a character."""
    step = -(-max(ink.shape) // _LONGEST_PX)
    if step == 1:
        return ink
    thick = cv2.dilate(ink, np.ones((step, step), np.uint8))  # so that no stroke falls through
    return np.pad(thick[::step, ::step], 1)


def _stroke_width(ink: GreyImage) -> float:
    """Width of the strokes in pixels, by the mean distance of their pixels to the paper."""
    is_ink = (ink >= _INK).astype(np.uint8)
    distances = cv2.distanceTransform(is_ink, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # Across a stroke of width w the distance rises from 0 to w / 2 and falls again.
    return max(1.0, 4 * float(distances[is_ink > 0].mean()) - 2)


def _disc(radius: int) -> GreyImage:
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _centred(ink: GreyImage) -> GreyImage:
    """The ink with its centre of mass in the middle of 28 x 28 pixels, as far as it fits."""
    canvas = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    weights = ink.astype(np.float64)
    starts = []
    for axis, side in enumerate(ink.shape):
        mass = weights.sum(axis=1 - axis)
        middle = float((np.arange(side) + 0.5) @ mass / mass.sum())
        starts.append(min(max(round(SIDE_PX / 2 - middle), 0), SIDE_PX - side))
    top, left = starts
    canvas[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return canvas
