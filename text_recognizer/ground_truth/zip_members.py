"""Reads members of a zip file by name, never more than limits allow, and extracts nothing.

Open archives are kept for each process: a forked loader worker opens its own, so that two processes
never move one file position.
"""

import os
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from text_recognizer.errors import InputError
from text_recognizer.ground_truth.image_files import decode_grey

_MAX_MEMBERS = 200_000
_MAX_IMAGE_BYTES = 1 << 26
ZIP_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    zlib.error,
    zipfile.BadZipFile,
)
"""What a damaged zip file, or a member of one, may raise."""


def list_members(path: Path) -> frozenset[str]:
    """Names of the members of a zip file.

    Raises:
        InputError: the file is missing, is no zip file, or holds too many members.
    """
    return _open(path)[1]


def read_member(path: Path, name: str, *, max_bytes: int) -> bytes:
    """Bytes of one member of a zip file.

    Raises:
        InputError: the member is missing, damaged, encrypted, or larger than `max_bytes`.
    """
    archive, names = _open(path)
    if name not in names:
        raise InputError(f"{path} has no member {name!r}.")
    try:
        with archive.open(name) as member:
            data = member.read(max_bytes + 1)
    except ZIP_DAMAGE as error:
        raise InputError(f"{name!r} in {path} cannot be read: {error}.") from error
    if len(data) > max_bytes:
        raise InputError(f"{name!r} in {path} is larger than {max_bytes} bytes.")
    return data


def read_member_image(path: Path, name: str) -> NDArray[np.uint8]:
    """Grey image (H, W), uint8, of one member of a zip file.

    Raises:
        InputError: the member cannot be read or is not an image.
    """
    return decode_grey(read_member(path, name, max_bytes=_MAX_IMAGE_BYTES), f"{name!r} in {path}")


def _open(path: Path) -> tuple[zipfile.ZipFile, frozenset[str]]:
    try:
        state = path.stat()
        return _open_once(path, state.st_mtime_ns, state.st_size, os.getpid())
    except ZIP_DAMAGE as error:
        raise InputError(f"{path} is not a zip file that can be read: {error}.") from error


@lru_cache(maxsize=16)
def _open_once(
    path: Path, changed_ns: int, size: int, process: int
) -> tuple[zipfile.ZipFile, frozenset[str]]:
    """An archive and its member names; a changed file or a new process opens it again."""
    archive = zipfile.ZipFile(path)
    names = frozenset(archive.namelist())
    if len(names) > _MAX_MEMBERS:
        archive.close()
        raise InputError(f"{path} holds {len(names)} members, over the limit of {_MAX_MEMBERS}.")
    return archive, names
