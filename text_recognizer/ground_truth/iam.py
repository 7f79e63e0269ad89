"""Reads lines and pages of IAM, from a user's copy in any layout (see `iam_files`).

Marti and Bunke, "The IAM-database: an English sentence database for offline handwriting
recognition", 2002. Images of lines are taken where the copy has them, else cut out of the forms.
"""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from text_recognizer.errors import InputError
from text_recognizer.ground_truth.iam_files import IamFiles, is_iam, new_folder
from text_recognizer.ground_truth.iam_forms import Box, IamForm, IamLine, read_forms
from text_recognizer.ground_truth.iam_parquet import (
    find_parquet,
    read_parquet_lines,
    unpack_parquet,
)
from text_recognizer.ground_truth.iam_splits import AACHEN, IamSplits, check_split_kind, split_forms
from text_recognizer.ground_truth.image_files import (
    image_size,
    read_grey,
    read_grey_page,
    write_png,
)
from text_recognizer.ground_truth.samples import LineSample, PageLine, PageSample, check_split

_LOG = logging.getLogger(__name__)

SOURCE = "iam"
LANGUAGE = "eng"

_PAD_PX = 16  # of the full scan: 8 of the course's half-size forms
_MOST_STRETCH = 0.01  # by how much the scales of both axes may differ
_N_NAMED = 5
_CUT_VERSION = 1

ReadImage = Callable[[], NDArray[np.uint8]]


@dataclass(frozen=True)
class IamCopy:
    """A user's copy: its forms, where their images are, and what is for what."""

    files: IamFiles
    forms: tuple[IamForm, ...]
    splits: IamSplits

    def in_split(self, split: str | None) -> Iterator[tuple[IamForm, str]]:
        """Forms of a split, or of all three, and their splits."""
        for form in self.forms:
            own = self.splits.forms.get(form.id)
            if own is not None and split in (None, own):
                yield form, own

    def shared_writers(self) -> tuple[str, ...]:
        """Writers of forms in several splits, sorted; a good split has none."""
        splits: dict[str, set[str]] = defaultdict(set)
        for form, split in self.in_split(None):
            splits[form.writer].add(split)
        return tuple(sorted(writer for writer, own in splits.items() if len(own) > 1))


def holds_iam_lines(path: Path) -> bool:
    """Whether `read_iam_lines` can read a path; nothing is unpacked."""
    return is_iam(path) or bool(find_parquet(path))


def open_iam(
    path: Path, *, kind: str = AACHEN, cache: Path | None = None, seed: int = 42
) -> IamCopy:
    """The copy at a path, its transcriptions read and split.

    Raises:
        InputError: there is no copy, or a file of it is damaged.
        OptionError: there is no such split.
    """
    files = IamFiles(Path(path), cache)
    forms = tuple(read_forms(files))
    return IamCopy(files, forms, split_forms(forms, files, kind=kind, seed=seed))


def read_iam_pages(
    path: Path,
    *,
    split: str | None = None,
    kind: str = AACHEN,
    cache: Path | None = None,
    seed: int = 42,
) -> list[PageSample]:
    """Pages of IAM with the boxes of their written lines, by the ids of their forms.

    Image, sizes and boxes are those of the stored image; the text printed above is no line. A form
    of which a line has no box is left out, and a warning names it.

    Args:
        path: the copy.
        split: keep only `train`, `validation` or `test`; None keeps all three.
        kind: `aachen`, `official` or `fsdl`. All lines of a page are kept, those of `official` that
            its lists leave out as well.
        cache: folder for what is taken out of archives; None is one in the user's cache folder.
        seed: of the validation part of `fsdl`.

    Raises:
        InputError: there is no copy or it has no forms, or a file of it is damaged.
        OptionError: there is no such split.
    """
    wanted = check_split(split)
    copy = open_iam(path, kind=kind, cache=cache, seed=seed)
    images = copy.files.find("forms")
    if not images:
        raise InputError(
            f"{path} holds no forms of IAM: forms/, or formsA-D.tgz, formsE-H.tgz and formsI-Z.tgz,"
            " must be there."
        )
    pages, left_out = [], []
    for form, own in copy.in_split(wanted):
        if form.id in images and form.lines and all(line.box for line in form.lines):
            pages.append(_page(form, own, images[form.id]))
        else:
            left_out.append(form.id)
    _warn(left_out, "forms without an image, or with a line without ink,")
    return pages


def read_iam_lines(
    path: Path,
    *,
    split: str | None = None,
    kind: str = AACHEN,
    cache: Path | None = None,
    seed: int = 42,
    keep_err: bool = True,
    line_images: Mapping[str, Path] | None = None,
) -> list[LineSample]:
    """Lines of IAM, by form and in order; a line of which there is no image is named in a warning.

    Args:
        path: the copy, or a folder with the Parquet files of Teklia/IAM-line.
        split: keep only `train`, `validation` or `test`; None keeps all three.
        kind: `aachen`, `official` or `fsdl`.
        cache: folder for what is taken out of archives; None is one in the user's cache folder.
        seed: of the validation part of `fsdl`.
        keep_err: whether lines stay whose segmentation into words IAM calls wrong (`err`).
        line_images: what `find_line_images` gave; None takes images where they are.

    Raises:
        InputError: there is no copy, or a file of it is damaged.
        OptionError: there is no such split.
    """
    wanted = check_split(split)
    parquet = find_parquet(Path(path))
    if parquet:
        check_split_kind(kind)
        return read_parquet_lines(parquet, IamFiles(Path(path), cache), split=wanted, kind=kind)
    copy = open_iam(path, kind=kind, cache=cache, seed=seed)
    samples, left_out = [], []
    for form, line, read_image in _with_images(copy, wanted, line_images):
        own = copy.splits.of_line(line.id, form.id)
        if own is None or not (line.is_ok or keep_err):
            continue
        if read_image is None or not line.text:
            left_out.append(line.id)
            continue
        samples.append(
            LineSample(line.id, line.text, SOURCE, form.writer, LANGUAGE, own, read_image)
        )
    _warn(left_out, "lines without an image or a text")
    return samples


def find_line_images(path: Path, *, cache: Path | None = None) -> dict[str, Path]:
    """Image files of the lines by their ids, for training, which reads them in any order.

    They are those of the copy, or of its Parquet files; else all lines are cut out of the forms
    once, into the cache folder.

    Raises:
        InputError: there is no copy, or a file of it is damaged.
    """
    files = IamFiles(Path(path), cache)
    parquet = find_parquet(files.path)
    if parquet:
        return unpack_parquet(parquet, files)
    return files.find("lines") or _cut_lines(files)


def _cut_lines(files: IamFiles) -> dict[str, Path]:
    images, xml = find_forms(files), files.find("xml")
    states = [
        (p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in (*images.values(), *xml.values())
    ]
    key = hashlib.sha256(repr((_CUT_VERSION, states)).encode()).hexdigest()[:16]
    folder = files.cache_folder / f"cut-lines-{key}"
    if not folder.is_dir():
        _LOG.info("Cutting the lines of %d forms once, into %s.", len(images), folder)
        with new_folder(folder) as aside:
            for form in read_forms(files):
                if form.id in images:
                    _cut_form(form, images[form.id], aside)
    return {path.stem: path for path in sorted(folder.glob("*.png"))}


def _cut_form(form: IamForm, image: Path, folder: Path) -> None:
    for line, box in zip(form.lines, line_boxes(form, image_size(image)), strict=True):
        if box is not None:
            write_png(folder / f"{line.id}.png", read_box(image, box))


def find_forms(files: IamFiles) -> dict[str, Path]:
    """Images of the forms by their ids.

    Raises:
        InputError: the copy has none.
    """
    forms = files.find("forms")
    if not forms:
        raise InputError(
            f"{files.path} holds no images of IAM: lines/ or lines.tgz, or forms/ or the three"
            " archives of forms, must be there."
        )
    return forms


def line_boxes(form: IamForm, size: tuple[int, int]) -> list[Box | None]:
    """Boxes to cut the lines of a form by, in pixels of an image of (width, height).

    Each is the box of the line's ink and paper around it: 8 pixels of a half-size form at most, up
    and down no more than half of the gap to the next line.

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
        boxes.append(
            Box(
                max(0.0, (line.box.left - _PAD_PX) * x_scale),
                max(0.0, (line.box.top - min(_PAD_PX, above / 2)) * y_scale),
                min(float(size[0]), (line.box.right + _PAD_PX) * x_scale),
                min(float(size[1]), (line.box.bottom + min(_PAD_PX, below / 2)) * y_scale),
            )
        )
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


def _with_images(
    copy: IamCopy, split: str | None, line_images: Mapping[str, Path] | None
) -> Iterator[tuple[IamForm, IamLine, ReadImage | None]]:
    """Lines of the forms of a split, and what reads their images."""
    lines = copy.files.find("lines") if line_images is None else line_images
    forms = {} if lines else find_forms(copy.files)
    for form, _ in copy.in_split(split):
        boxes: Sequence[Box | None] = [None] * len(form.lines)
        if form.id in forms:
            boxes = line_boxes(form, image_size(forms[form.id]))
        for line, box in zip(form.lines, boxes, strict=True):
            if line.id in lines:
                yield form, line, partial(read_grey, lines[line.id])
            else:
                yield form, line, None if box is None else partial(read_box, forms[form.id], box)


def _page(form: IamForm, split: str, image: Path) -> PageSample:
    width, height = image_size(image)
    scales = form_scales(form, (width, height))
    lines = tuple(
        PageLine(line.id, line.text, (), _corners(line.box, scales))
        for line in form.lines
        if line.box is not None
    )
    return PageSample(form.id, SOURCE, form.writer, LANGUAGE, split, image, width, height, lines)


def _corners(box: Box, scales: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    x, y = scales
    left, right = box.left * x, box.right * x
    top, bottom = box.top * y, box.bottom * y
    return ((left, top), (right, top), (right, bottom), (left, bottom))


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


def _warn(ids: Sequence[str], what: str) -> None:
    if ids:
        more = f" and {len(ids) - _N_NAMED} more" if len(ids) > _N_NAMED else ""
        _LOG.warning(
            "IAM: %d %s are left out: %s%s.", len(ids), what, ", ".join(ids[:_N_NAMED]), more
        )
