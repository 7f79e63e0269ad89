"""What every ground truth reader yields: lines, pen strokes and pages with their true text.

Pixels are read only when asked for, so a list of many thousand samples is cheap to make, to filter
and to send to loader workers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from text_recognizer.errors import OptionError

SPLITS = ("train", "validation", "test")
_SPLIT_NAMES = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}

Point = tuple[float, float]


@dataclass(frozen=True)
class LineSample:
    """One text line and its transcription.

    Attributes:
        id: unique within its source.
        text: the transcription as stored, in NFC.
        source: name of the data set that the line comes from.
        document: the document, or the writer, that splits and intervals go by.
        language: ISO 639-3 code, `und` where it is not known.
        split: `train`, `validation` or `test`.
        read_image: returns the grey line image (H, W), uint8, dark ink on light paper. It can be
            pickled, keeps no open file that a forked process would share, and raises InputError.
    """

    id: str
    text: str
    source: str
    document: str
    language: str
    split: str
    read_image: Callable[[], NDArray[np.uint8]]


@dataclass(frozen=True, eq=False)
class StrokeSample:
    """Pen strokes of one line or word and their transcription; compared by identity.

    Attributes:
        strokes: arrays of shape (n, 2), float32: points (x, y) in units of which the ink is about
            112 high, y down, origin at the top left of the ink.
    """

    id: str
    text: str
    source: str
    document: str
    language: str
    split: str
    strokes: tuple[NDArray[np.float32], ...]


@dataclass(frozen=True)
class PageLine:
    """One line of a page: text, baseline and outline in pixels of the page, points (x, y).

    An empty `text` means that nobody transcribed the line; an empty `baseline` that none is stored.
    """

    id: str
    text: str
    baseline: tuple[Point, ...]
    polygon: tuple[Point, ...]


@dataclass(frozen=True)
class PageSample:
    """One page and its lines in reading order; `width` and `height` as its ground truth says."""

    id: str
    source: str
    document: str
    language: str
    split: str
    image_path: Path
    width: int
    height: int
    lines: tuple[PageLine, ...]


def split_name(name: str) -> str | None:
    """`train`, `validation` or `test` for a name found in data (`val` too), None for others."""
    return _SPLIT_NAMES.get(name.strip().lower())


def split_from_folders(path: Path, root: Path) -> str:
    """Split that the nearest folder above `path` is named after, `test` if none is.

    Folders are looked at from the file up to `root`, that one included.
    """
    folders = [*path.parent.relative_to(root).parts[::-1], root.resolve().name]
    return next((name for name in map(split_name, folders) if name), "test")


def check_split(split: str | None) -> str | None:
    """The split to keep, None for all.

    Raises:
        OptionError: there is no such split.
    """
    if split is None:
        return None
    name = split_name(split)
    if name is None:
        raise OptionError(f"No split is called {split!r}; there are {', '.join(SPLITS)}.")
    return name
