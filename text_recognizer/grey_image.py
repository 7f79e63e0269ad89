"""From any decoded picture to the one kind of image that the rest of the program knows.

That is grey, uint8, of shape (H, W), 0 black, with dark ink on light paper.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from text_recognizer.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

GreyImage = NDArray[np.uint8]

_LEAST_SURROUNDINGS = 24  # pixels, of a square that holds a stroke and what is around it
_FEW = 0.02  # share of a square; with less of one kind, the square shows no writing
_TWELVE_BITS = 4095  # scanners store 12 bits in 16 without saying so


def grey_from_picture(picture: "Image.Image") -> GreyImage:
    """Upright grey image of a Pillow image in any mode; transparent parts become white paper.

    The orientation that EXIF asks for is applied. Ink is made darker than paper.
    """
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(picture)
    if upright.mode in ("L", "1"):
        return with_dark_ink(np.asarray(upright.convert("L")))
    if upright.mode.startswith(("I", "F")):
        return with_dark_ink(_eight_bits(np.asarray(upright)))
    if upright.has_transparency_data:
        upright = _on_white(upright)
    return with_dark_ink(np.asarray(upright.convert("L")))


def grey_from_array(array: NDArray[Any]) -> GreyImage:
    """Grey image of an array (H, W), (H, W, 1), (H, W, 3) RGB or (H, W, 4) RGBA of any number type.

    Floating point values are taken as 0 to 1 if none is larger, else as 0 to 255.

    Raises:
        InputError: the shape is another one.
    """
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim == 2:
        return with_dark_ink(_eight_bits(array))
    if array.ndim == 3 and array.shape[2] in (3, 4):
        from PIL import Image

        return grey_from_picture(Image.fromarray(_eight_bits(array)))
    raise InputError(
        f"An image array must have the shape (H, W), (H, W, 3) or (H, W, 4), not {array.shape}."
    )


def with_dark_ink(image: GreyImage) -> GreyImage:
    """The image, inverted if its ink is brighter than its paper (chalk, white pens, negatives)."""
    return np.asarray(255 - image, dtype=np.uint8) if has_bright_ink(image) else image


def has_bright_ink(image: GreyImage) -> bool:
    """Whether bright strokes stand on dark ground.

    Where most pixels are bright they are paper. Where most are dark, either the ground is dark or
    a sheet lies on a dark desk: then the surroundings of strokes and edges decide, whether more of
    them is bright or dark.
    """
    import cv2

    if image.size == 0:
        return False
    step = max(1, max(image.shape) // 1000)
    small = np.ascontiguousarray(image[::step, ::step])
    threshold, bright = cv2.threshold(small, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    if np.median(small) > threshold:
        return False
    size = max(_LEAST_SURROUNDINGS, min(small.shape) // 12)
    shares = np.asarray(cv2.blur(np.asarray(bright, np.float32), (size, size)))
    mixed = shares[(shares > _FEW) & (shares < 1 - _FEW)]
    return mixed.size > 0 and float(mixed.mean()) < 0.5


def _on_white(picture: "Image.Image") -> "Image.Image":
    from PIL import Image

    coloured = picture.convert("RGBA")
    paper = Image.new("RGBA", coloured.size, "white")
    return Image.alpha_composite(paper, coloured)


def _eight_bits(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Values scaled to 0..255 by what the number type, and the values, can mean."""
    if array.dtype == np.uint8:
        return array
    values = np.nan_to_num(array.astype(np.float32), posinf=0.0, neginf=0.0)
    highest = float(values.max(initial=0.0))
    if array.dtype == np.bool_ or (array.dtype.kind == "f" and highest <= 1.0):
        white = 1.0
    elif highest <= 255.0:
        white = 255.0
    elif highest <= _TWELVE_BITS:
        white = float(_TWELVE_BITS)
    else:
        white = max(65535.0, highest)
    return (values.clip(min=0.0) * (255.0 / white) + 0.5).astype(np.uint8)
