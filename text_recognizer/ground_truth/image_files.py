"""Reads the grey pixels of one image file or of its bytes, within limits.

Formats go by content and come from a list; sizes are checked before pixels are decoded. Unlike the
loading of a stranger's page, ground truth is taken as it is: dark ink on light paper, one image a
file.
"""

import io
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from text_recognizer.errors import InputError

IMAGE_SUFFIXES = frozenset({".webp", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"})

_FORMATS = ("WEBP", "PNG", "JPEG", "TIFF", "BMP")
_UNKNOWN = "is not an image in a known format (PNG, JPEG, TIFF, WebP, BMP)"
_MAX_BYTES = 1 << 28
_MAX_PIXELS = 200_000_000


def read_grey(path: Path) -> NDArray[np.uint8]:
    """Grey image (H, W), uint8, of a file, turned as its EXIF orientation says.

    Raises:
        InputError: the file is missing, too large, or not an image in a known format.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{path} is larger than {_MAX_BYTES >> 20} MiB.")
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    return decode_grey(data, str(path))


def read_grey_page(path: Path) -> NDArray[np.uint8]:
    """`read_grey`, the last pages kept in memory for the next lines of the same page.

    Raises:
        InputError: the file is missing, too large, or not an image in a known format.
    """
    try:
        changed_ns = path.stat().st_mtime_ns
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    return _read_kept(path, changed_ns)


@lru_cache(maxsize=4)
def _read_kept(path: Path, changed_ns: int) -> NDArray[np.uint8]:
    return read_grey(path)


def image_size(path: Path) -> tuple[int, int]:
    """(width, height) of an image file as its header says; no pixel is decoded.

    Raises:
        InputError: the file is missing or not an image in a known format.
    """
    try:
        with Image.open(path, formats=_FORMATS) as header:
            return header.size
    except UnidentifiedImageError as error:
        raise InputError(f"{path} {_UNKNOWN}.") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise InputError(f"{path} cannot be read as an image: {error}.") from error
    except Image.DecompressionBombError as error:
        raise InputError(f"{path} has too many pixels: {error}") from error


def write_png(path: Path, image: NDArray[np.uint8]) -> None:
    """Write a grey image (H, W), uint8."""
    path.write_bytes(cv2.imencode(".png", image)[1].tobytes())


def decode_grey(data: bytes, name: str) -> NDArray[np.uint8]:
    """Grey image (H, W), uint8, of the bytes of an image file; errors call it `name`.

    Raises:
        InputError: the bytes are not an image in a known format, or too large a one.
    """
    width, height = _size(data, name)
    if width * height > _MAX_PIXELS:
        raise InputError(f"{name} has {width} by {height} pixels, over the limit of {_MAX_PIXELS}.")
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise InputError(f"{name} is a damaged image.")
    return np.asarray(image, dtype=np.uint8)


def _size(data: bytes, name: str) -> tuple[int, int]:
    """(width, height) as the header says, before any turning."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as header:
            return header.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise InputError(f"{name} {_UNKNOWN}.") from error
    except Image.DecompressionBombError as error:
        raise InputError(f"{name} has too many pixels: {error}") from error
