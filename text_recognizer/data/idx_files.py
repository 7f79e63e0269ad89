"""Arrays in idx files, the format in which MNIST and EMNIST are published; gzip or not.

An idx file is a header of big-endian numbers (two zero bytes, the type of the values, the number
of axes, the length of each axis) and the values. Only bytes without sign are read here.
"""

import gzip
import math
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from text_recognizer.errors import InputError

_UNSIGNED_BYTES = 8
_MAX_VALUES = 1 << 30
_GZIP = b"\x1f\x8b"


def read_idx(path: Path) -> NDArray[np.uint8]:
    """The array of an idx file, uint8, of the shape that its header gives.

    Args:
        path: the file; gzip is recognised by content, not by name.

    Raises:
        InputError: the file cannot be read, is no idx file of bytes, or ends too early or too late.
    """
    try:
        with path.open("rb") as file:
            start = file.read(2)
            file.seek(0)
            if start != _GZIP:
                return _read(file, path)
            with gzip.GzipFile(fileobj=file) as unpacked:
                return _read(unpacked, path)  # type: ignore[arg-type]
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error


def find_idx(folder: Path, name: str) -> Path | None:
    """File `name` or `name`.gz of a folder, or None; a dot in place of the last dash is accepted.

    Some copies of MNIST are called `train-images.idx3-ubyte`, most `train-images-idx3-ubyte`.
    """
    for spelling in (name, name.replace("-idx", ".idx")):
        for path in (folder / spelling, folder / f"{spelling}.gz"):
            if path.is_file():
                return path
    return None


def read_images_and_labels(
    images: Path, labels: Path
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images of shape (N, H, W), uint8, and as many labels of shape (N,), int64.

    Raises:
        InputError: a file cannot be read, or the two do not belong together.
    """
    image_array, label_array = read_idx(images), read_idx(labels)
    if image_array.ndim != 3 or label_array.ndim != 1 or len(image_array) != len(label_array):
        raise InputError(
            f"{images.name} holds an array of shape {image_array.shape} and {labels.name} one of "
            f"shape {label_array.shape}: images and labels do not belong together."
        )
    return image_array, label_array.astype(np.int64)


def _read(file: BinaryIO, path: Path) -> NDArray[np.uint8]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] != _UNSIGNED_BYTES or not magic[3]:
        raise InputError(f"{path} is not an idx file of bytes.")
    header = file.read(4 * magic[3])
    shape = tuple(int(n) for n in np.frombuffer(header[: len(header) // 4 * 4], ">u4"))
    n_values = math.prod(shape)
    if len(shape) < magic[3] or n_values > _MAX_VALUES:
        raise InputError(f"{path} has a header that makes no sense.")
    values = file.read(n_values + 1)
    if len(values) != n_values:
        problem = "ends too early" if len(values) < n_values else "goes on after the last value"
        raise InputError(f"{path} {problem}: its header says {n_values} values.")
    return np.frombuffer(values, np.uint8).reshape(shape)
