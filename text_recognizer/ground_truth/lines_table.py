"""Reads `lines.tsv` and the line images beside it, from a folder or from a zip file.

The table has a header and the columns id, split, writer_or_document, text and language, separated
by tabs, in UTF-8, without quoting. The image of a line is `ID.webp`, or `ID` with another suffix.
"""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from text_recognizer.errors import InputError
from text_recognizer.ground_truth.image_files import IMAGE_SUFFIXES, read_grey
from text_recognizer.ground_truth.samples import SPLITS, LineSample, check_split, split_name
from text_recognizer.ground_truth.zip_members import list_members, read_member, read_member_image

TABLE_NAME = "lines.tsv"

_COLUMNS = ("id", "split", "writer_or_document", "text", "language")
_MAX_TABLE_BYTES = 1 << 28


@dataclass(frozen=True)
class LineRow:
    """One row of a table of lines, its split by its long name and its text in NFC."""

    id: str
    split: str
    document: str
    text: str
    language: str


def has_lines_table(path: Path) -> bool:
    """True for a folder or zip file with a `lines.tsv`."""
    if path.is_dir():
        return (path / TABLE_NAME).is_file()
    return TABLE_NAME in list_members(path)


def read_lines_table(path: Path, *, split: str | None = None) -> list[LineSample]:
    """Line samples of a folder or zip file with `lines.tsv`, in the order of the table.

    Args:
        path: the folder or zip file; its name without suffix becomes the source.
        split: keep only `train`, `validation` or `test`; None keeps all three.

    Raises:
        InputError: the table or an image is missing, or the table is not well formed.
        OptionError: there is no such split.
    """
    wanted = check_split(split)
    if path.is_dir():
        data = _read_plain_table(path / TABLE_NAME)
        names = _by_id(p.name for p in path.iterdir())
        source = path.resolve().name
    else:
        data = read_member(path, TABLE_NAME, max_bytes=_MAX_TABLE_BYTES)
        names = _by_id(list_members(path))
        source = path.stem
    rows = [row for row in parse_rows(data, path) if wanted in (None, row.split)]
    return [
        LineSample(
            row.id,
            row.text,
            source,
            row.document,
            row.language,
            row.split,
            read_image=_image_reader(path, row.id, names),
        )
        for row in rows
    ]


def parse_rows(data: bytes, path: Path) -> list[LineRow]:
    """Rows of a table of lines; `path` is the file that errors name.

    Raises:
        InputError: the table is not UTF-8, lacks a column, or has a row of another length, an
            unknown split or an id that stands twice.
    """
    try:
        lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise InputError(f"The table of lines of {path} is not UTF-8: {error}.") from error
    header = lines[0].rstrip("\r").split("\t")
    missing = [name for name in _COLUMNS if name not in header]
    if missing:
        raise InputError(f"The table of lines of {path} has no column {', '.join(missing)}.")
    order = [header.index(name) for name in _COLUMNS]
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        cells = line.rstrip("\r").split("\t")
        if cells == [""]:
            continue
        if len(cells) != len(header):
            raise InputError(
                f"Row {number} of the table of lines of {path} has {len(cells)} cells, "
                f"not {len(header)}."
            )
        rows.append(_row([cells[index] for index in order], path, number))
    _check_ids(rows, path)
    return rows


def _row(cells: list[str], path: Path, number: int) -> LineRow:
    sample_id, split, document, text, language = cells
    name = split_name(split)
    if name is None:
        raise InputError(
            f"Row {number} of the table of lines of {path} has the split {split!r}; "
            f"there are {', '.join(SPLITS)}."
        )
    return LineRow(sample_id, name, document, unicodedata.normalize("NFC", text), language)


def _check_ids(rows: list[LineRow], path: Path) -> None:
    seen: set[str] = set()
    for row in rows:
        if row.id in seen:
            raise InputError(f"The table of lines of {path} has the id {row.id!r} twice.")
        seen.add(row.id)


def _read_plain_table(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_TABLE_BYTES:
            raise InputError(f"{path} is larger than {_MAX_TABLE_BYTES >> 20} MiB.")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error}.") from error


def _by_id(names: Iterable[str]) -> dict[str, str]:
    """Names of the images in one folder, not below it, by their line ids."""
    parts = ((name, *name.rpartition(".")) for name in names if "/" not in name)
    return {stem: name for name, stem, _, suffix in parts if f".{suffix.lower()}" in IMAGE_SUFFIXES}


def _image_reader(
    path: Path, sample_id: str, names: dict[str, str]
) -> Callable[[], NDArray[np.uint8]]:
    name = names.get(sample_id)
    if name is None:
        raise InputError(f"{path} has no image of the line {sample_id!r}.")
    if path.is_dir():
        return partial(read_grey, path / name)
    return partial(read_member_image, path, name)
