"""Reads folders of PAGE XML files with their images, as pages and as lines cut by their polygons.

Where a page belongs is said by `pages.tsv` in the folder (columns page, split, source, document,
language; more are allowed), else by a folder called `train`, `val`, `validation` or `test` above
the file. Pages of which nothing is said count as test pages: nothing is trained on by accident.
A page that the table does not name is a document of its own, called after its path in the folder.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from text_recognizer.errors import InputError
from text_recognizer.ground_truth.iam import read_iam_pages
from text_recognizer.ground_truth.iam_files import is_iam
from text_recognizer.ground_truth.image_files import IMAGE_SUFFIXES, read_grey_page
from text_recognizer.ground_truth.page_xml import is_page_xml, read_page_xml
from text_recognizer.ground_truth.samples import (
    SPLITS,
    LineSample,
    PageSample,
    Point,
    check_split,
    split_from_folders,
    split_name,
)

PAGES_TABLE = "pages.tsv"

_COLUMNS = ("page", "split", "source", "document", "language")
_MAX_TABLE_BYTES = 1 << 26
_RIM = 0.06  # paper added on every side of a line cut from a page, in heights of the line


@dataclass(frozen=True)
class PageFile:
    """A PAGE XML file, the id of its page, and where it belongs."""

    path: Path
    id: str
    source: str
    document: str
    language: str
    split: str


def read_pages(path: str | Path, *, split: str | None = None) -> list[PageSample]:
    """Pages of a PAGE XML file or of a folder of them, in order of their paths; or those of IAM.

    Args:
        path: the file or folder; folders below it are searched too. Or a copy of IAM.
        split: keep only `train`, `validation` or `test`; None keeps all three.

    Raises:
        InputError: there are no pages, or a file or its image is missing or damaged.
        OptionError: there is no such split.
    """
    wanted = check_split(split)
    if is_iam(Path(path)):
        return read_iam_pages(Path(path), split=wanted)
    files = find_page_files(Path(path))
    if not files:
        raise InputError(f"{path} holds no PAGE XML files.")
    return [_read_page(file) for file in files if wanted in (None, file.split)]


def read_page_lines(files: Sequence[PageFile], *, split: str | None = None) -> list[LineSample]:
    """The transcribed lines of pages; images are cut from the page when they are read.

    Raises:
        InputError: a file or its image is missing or damaged.
    """
    samples = []
    for file in files:
        if split not in (None, file.split):
            continue
        page = _read_page(file)
        size = (page.height, page.width)
        samples += [
            LineSample(
                f"{page.id}-{line.id}",
                line.text,
                page.source,
                page.document,
                page.language,
                page.split,
                read_image=partial(_read_cut, page.image_path, size, line.polygon),
            )
            for line in page.lines
            if line.text
        ]
    return samples


def find_page_files(path: Path) -> list[PageFile]:
    """PAGE XML files at a path or below it, sorted; other XML files are left out.

    Raises:
        InputError: an XML file is empty, or `pages.tsv` is damaged or names a page twice.
    """
    root = path if path.is_dir() else path.parent
    found = sorted(path.rglob("*.xml")) if path.is_dir() else [path]
    table = _read_table(root / PAGES_TABLE)
    files = []
    for xml in found:
        if not is_page_xml(xml):
            continue
        if xml.stem in table:
            split, source, document, language = table[xml.stem]
            files.append(PageFile(xml, xml.stem, source, document, language, split))
        else:
            place = xml.relative_to(root).with_suffix("").as_posix()
            split = split_from_folders(xml, root)
            files.append(PageFile(xml, place, root.resolve().name, place, "und", split))
    return files


def cut_polygon(image: NDArray[np.uint8], polygon: Sequence[Point]) -> NDArray[np.uint8]:
    """The part of a page inside a polygon, with even paper around it and a rim of the same.

    Args:
        image: grey page of shape (H, W), uint8.
        polygon: points (x, y) in pixels; what lies outside the page is cut off.

    Returns:
        Grey image, uint8. The paper is the median of what is inside: most of a line is paper.

    Raises:
        InputError: less than two by two pixels of the page are inside the polygon.
    """
    height, width = image.shape
    points = np.rint(np.asarray(polygon, dtype=np.float64).reshape(-1, 2)).astype(np.int32)
    points = points.clip((0, 0), (width - 1, height - 1)).astype(np.int32)
    left, top = points.min(axis=0).tolist()
    right, bottom = points.max(axis=0).tolist()
    if right == left or bottom == top:
        raise InputError("The polygon of a line encloses no part of its page.")
    cut = image[top : bottom + 1, left : right + 1].copy()
    inside = np.zeros(cut.shape, np.uint8)
    cv2.fillPoly(inside, [points - np.array((left, top), np.int32)], 1)
    paper = np.uint8(np.median(cut[inside == 1]))
    cut[inside == 0] = paper
    rim = round(_RIM * cut.shape[0])
    return np.pad(cut, rim, constant_values=paper)


def _read_page(file: PageFile) -> PageSample:
    content = read_page_xml(file.path)
    return PageSample(
        id=file.id,
        source=file.source,
        document=file.document,
        language=file.language,
        split=file.split,
        image_path=_find_image(file.path, content.image_name),
        width=content.width,
        height=content.height,
        lines=content.lines,
    )


def _find_image(xml: Path, image_name: str) -> Path:
    """The page's image: as named or by the name of the XML file, beside it or above `page/`."""
    folders = [xml.parent] + ([xml.parent.parent] if xml.parent.name == "page" else [])
    named = Path(image_name.replace("\\", "/")).name  # a file name only, never a path elsewhere
    names = [named, *(xml.stem + suffix for suffix in sorted(IMAGE_SUFFIXES))]
    for folder in folders:
        for name in names:
            is_image = Path(name).suffix.lower() in IMAGE_SUFFIXES
            if is_image and os.path.isfile(folder / name):  # names that are too long are no files
                return folder / name
    raise InputError(f"{xml} has no image: {named or xml.stem} is not beside it.")


def _read_cut(path: Path, size: tuple[int, int], polygon: Sequence[Point]) -> NDArray[np.uint8]:
    """Image of one line of a page of the given (height, width)."""
    page = read_grey_page(path)
    if page.shape != size:
        raise InputError(
            f"{path} is {page.shape[1]} by {page.shape[0]} pixels and its PAGE file says "
            f"{size[1]} by {size[0]}; the polygons do not fit."
        )
    return cut_polygon(page, polygon)


def _read_table(path: Path) -> dict[str, tuple[str, str, str, str]]:
    """(split, source, document, language) by page name; empty if there is no table."""
    if not path.is_file():
        return {}
    try:
        if path.stat().st_size > _MAX_TABLE_BYTES:
            raise InputError(f"{path} is larger than {_MAX_TABLE_BYTES >> 20} MiB.")
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    missing = [name for name in _COLUMNS if not rows or name not in rows[0]]
    if missing:
        raise InputError(f"{path} has no column {', '.join(missing)}.")
    order = [rows[0].index(name) for name in _COLUMNS]
    table: dict[str, tuple[str, str, str, str]] = {}
    for number, cells in enumerate(rows[1:], start=2):
        if len(cells) != len(rows[0]):
            raise InputError(f"Row {number} of {path} has {len(cells)} cells, not {len(rows[0])}.")
        page, split, source, document, language = (cells[index] for index in order)
        known = split_name(split)
        if known is None or page in table:
            raise InputError(
                f"Row {number} of {path} names the page {page!r} twice or a split that is none of "
                f"{', '.join(SPLITS)}."
            )
        table[page] = (known, source, document, language)
    return table
