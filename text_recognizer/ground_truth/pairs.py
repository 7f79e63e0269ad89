"""Reads line images with a text file of the same name beside each: `x.png` and `x.gt.txt`.

The layout that OCR tools exchange lines in. The folder of a line is its document. A folder called
`train`, `val`, `validation` or `test` above it is its split; lines of which no folder says it count
as test lines: nothing is trained on by accident.
"""

import unicodedata
from functools import partial
from pathlib import Path

from text_recognizer.errors import InputError
from text_recognizer.ground_truth.image_files import IMAGE_SUFFIXES, read_grey
from text_recognizer.ground_truth.samples import LineSample, check_split, split_from_folders

TEXT_SUFFIX = ".gt.txt"

_MAX_TEXT_BYTES = 1 << 16


def has_pairs(folder: Path) -> bool:
    """True for a folder with a `.gt.txt` file in it or below it."""
    return next(folder.rglob("*" + TEXT_SUFFIX), None) is not None


def read_pairs(folder: Path, *, split: str | None = None) -> list[LineSample]:
    """Line samples of the pairs in a folder and below it, in order of their paths.

    Args:
        folder: the folder; its name becomes the source.
        split: keep only `train`, `validation` or `test`; None keeps all three.

    Raises:
        InputError: a text has no image, is not UTF-8, or has more than one line.
        OptionError: there is no such split.
    """
    wanted = check_split(split)
    texts = sorted(folder.rglob("*" + TEXT_SUFFIX))
    with_split = [(path, split_from_folders(path, folder)) for path in texts]
    return [_sample(p, folder, name) for p, name in with_split if wanted in (None, name)]


def _sample(path: Path, folder: Path, split: str) -> LineSample:
    stem = path.name.removesuffix(TEXT_SUFFIX)
    place = path.parent.relative_to(folder)
    image = _find_image(path.parent, stem)
    return LineSample(
        id=(place / stem).as_posix(),
        text=_read_text(path),
        source=folder.resolve().name,
        document=place.as_posix() if place.parts else folder.resolve().name,
        language="und",
        split=split,
        read_image=partial(read_grey, image),
    )


def _find_image(folder: Path, stem: str) -> Path:
    for suffix in sorted(IMAGE_SUFFIXES):
        for name in (stem + suffix, stem + suffix.upper()):
            if (folder / name).is_file():
                return folder / name
    raise InputError(f"{folder / (stem + TEXT_SUFFIX)} has no image called {stem} beside it.")


def _read_text(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_TEXT_BYTES:
            raise InputError(f"{path} is larger than {_MAX_TEXT_BYTES >> 10} KiB.")
        text = path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    if len(text.splitlines()) > 1:
        raise InputError(f"{path} holds more than one line; a pair is one line image and its text.")
    return unicodedata.normalize("NFC", text)
