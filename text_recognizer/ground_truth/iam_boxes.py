"""Boxes of IAM's lines in pixels of the images that a copy has of its forms, of any size."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from text_recognizer.errors import InputError
from text_recognizer.ground_truth.iam_forms import Box, IamForm
from text_recognizer.ground_truth.image_files import read_grey_page

_PAD_PX = 16  # of the full scan: 8 of the course's half-size forms
_MOST_STRETCH = 0.01  # by how much the scales of both axes may differ


def form_scales(form: IamForm, size: tuple[int, int]) -> tuple[float, float]:
    """Image pixels by pixels of the full scan, across and down: measured, as copies differ.

    Raises:
        InputError: the XML says no size, or image and form do not have one shape.
    """
    if not form.width or not form.height:
        raise InputError(f"The XML of the form {form.id} does not say the size of its scan.")
    x_scale, y_scale = size[0] / form.width, size[1] / form.height
    if abs(x_scale - y_scale) > _MOST_STRETCH * x_scale:
        raise InputError(
            f"The form {form.id} is {size[0]} by {size[1]} pixels and its XML says {form.width} by "
            f"{form.height}: its boxes do not fit."
        )
    return x_scale, y_scale


def line_boxes(form: IamForm, size: tuple[int, int]) -> list[Box | None]:
    """Boxes to cut the lines of a form by, in pixels of an image of (width, height).

    Each is the box of the line's ink and paper around it: 8 pixels of a half-size form at most, up
    and down no more than half of the gap to the next line. It is None for a line of unknown place,
    or outside of the image.

    Raises:
        InputError: form and image do not have one shape.
    """
    x_scale, y_scale = form_scales(form, size)
    known = [line.box for line in form.lines if line.box is not None]
    boxes: list[Box | None] = []
    for line in form.lines:
        if line.box is None:
            boxes.append(None)
            continue
        above, below = _gaps(line.box, known)
        box = Box(
            max(0.0, (line.box.left - _PAD_PX) * x_scale),
            max(0.0, (line.box.top - min(_PAD_PX, above / 2)) * y_scale),
            min(float(size[0]), (line.box.right + _PAD_PX) * x_scale),
            min(float(size[1]), (line.box.bottom + min(_PAD_PX, below / 2)) * y_scale),
        )
        is_inside = box.left < box.right and box.top < box.bottom
        boxes.append(box if is_inside else None)
    return boxes


def read_box(path: Path, box: Box) -> NDArray[np.uint8]:
    """The part of a form's image inside a box of its pixels.

    Raises:
        InputError: the image cannot be read, or the box is outside of it.
    """
    page = read_grey_page(path)
    top, bottom = int(box.top), int(np.ceil(box.bottom))
    cut = page[top:bottom, int(box.left) : int(np.ceil(box.right))]
    if not cut.size:
        raise InputError(f"{path} has no pixels where its XML has a line.")
    return cut.copy()


def _gaps(box: Box, others: Sequence[Box]) -> tuple[float, float]:
    """Pixels to the nearest line above and below; 0 where lines reach into each other."""
    middle = box.top + box.bottom
    above = [o.bottom for o in others if o.top + o.bottom < middle]
    below = [o.top for o in others if o.top + o.bottom > middle]
    free = 2.0 * _PAD_PX
    return (
        max(0.0, box.top - max(above, default=box.top - free)),
        max(0.0, min(below, default=box.bottom + free) - box.bottom),
    )
