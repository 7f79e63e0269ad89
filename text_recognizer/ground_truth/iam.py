"""Reads lines and pages of IAM, from a user's copy in any layout (see `iam_files`).

Marti and Bunke, "The IAM-database: an English sentence database for offline handwriting
recognition", 2002. Images of lines are taken where the copy has them, else cut out of the forms.
"""

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from text_recognizer.errors import InputError
from text_recognizer.ground_truth.iam_boxes import form_scales, line_boxes, read_box
from text_recognizer.ground_truth.iam_files import IamFiles, is_iam, new_folder
from text_recognizer.ground_truth.iam_forms import Box, IamForm, IamLine, read_forms
from text_recognizer.ground_truth.iam_left_out import LeftOutForms, warn_left_out
from text_recognizer.ground_truth.iam_parquet import (
    find_parquet,
    read_parquet_lines,
    unpack_parquet,
)
from text_recognizer.ground_truth.iam_splits import AACHEN, IamSplits, check_split_kind, split_forms
from text_recognizer.ground_truth.image_files import image_size, read_grey, write_png
from text_recognizer.ground_truth.samples import LineSample, PageLine, PageSample, check_split

_LOG = logging.getLogger(__name__)

SOURCE = "iam"
LANGUAGE = "eng"

_CUT_VERSION = 2
_REASONS = "left-out.json"  # beside the lines that were cut: why forms have none

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
    """The copy at a path, its transcriptions read and split; lines of odd ids are warned of.

    Raises:
        InputError: there is no copy, or a file of its transcriptions is damaged.
        OptionError: there is no such split.
    """
    files = IamFiles(Path(path), cache)
    forms = tuple(read_forms(files))
    odd = [f"{name!r} of {form.id}" for form in forms for name in form.left_out]
    warn_left_out(odd, "lines whose id is not that of a line of their form, or comes twice,")
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
    of which a line has no box or no id of its own, or whose image is damaged or of another shape,
    is left out, and a warning names it.

    Args:
        path: the copy.
        split: keep only `train`, `validation` or `test`; None keeps all three.
        kind: `aachen`, `official` or `fsdl`. All lines of a page are kept, those of `official` that
            its lists leave out as well.
        cache: folder for what is taken out of archives; None is one in the user's cache folder.
        seed: of the validation part of `fsdl`.

    Raises:
        InputError: there is no copy or it has no forms, a file of its transcriptions is damaged, or
            all images are.
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
    _check_sizes(copy.files)
    pages, incomplete, left_out = [], [], LeftOutForms(copy.files)
    for form, own in copy.in_split(wanted):
        if form.id not in images or not form.is_complete:
            incomplete.append(form.id)
            continue
        with left_out.noting(form.id, images[form.id]):
            pages.append(_page(form, own, images[form.id]))
    warn_left_out(incomplete, "forms without an image, or with a line without ink or its own id,")
    left_out.check(is_all=not pages)
    left_out.warn()
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
    """Lines of IAM, by form and in order; what has no good image is left out, with a warning.

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
    samples, imageless, left_out = [], [], LeftOutForms(copy.files)
    for form, line, read_image in _with_images(copy, wanted, line_images, left_out):
        own = copy.splits.of_line(line.id, form.id)
        if own is None or not (line.is_ok or keep_err):
            continue
        if read_image is None or not line.text:
            imageless.append(line.id)
            continue
        samples.append(
            LineSample(line.id, line.text, SOURCE, form.writer, LANGUAGE, own, read_image)
        )
    warn_left_out(imageless, "lines without an image or a text")
    left_out.check(is_all=not samples)
    left_out.warn()
    return samples


def find_line_images(path: Path, *, cache: Path | None = None) -> dict[str, Path]:
    """Image files of the lines by their ids, for training, which reads them in any order.

    They are those of the copy, or of its Parquet files; else all lines are cut out of the forms
    once, into the cache folder. A warning names forms that are damaged or of another shape.

    Raises:
        InputError: there is no copy, a file of its transcriptions is damaged, or all forms are.
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
            _cut_forms(files, images, aside)
    left_out = LeftOutForms(files)
    left_out.reasons = json.loads((folder / _REASONS).read_text(encoding="utf-8"))
    left_out.warn()
    return {path.stem: path for path in sorted(folder.glob("*.png"))}


def _cut_forms(files: IamFiles, images: Mapping[str, Path], folder: Path) -> None:
    """Write the lines of all forms, and why forms have none."""
    left_out = LeftOutForms(files)
    for form in read_forms(files):
        if form.id in images:
            with left_out.noting(form.id, images[form.id]):
                _cut_form(form, images[form.id], folder)
    left_out.check(is_all=not any(folder.iterdir()))
    (folder / _REASONS).write_text(json.dumps(left_out.reasons), encoding="utf-8")


def _cut_form(form: IamForm, image: Path, folder: Path) -> None:
    """Write the lines of a form, none if one of them cannot be read."""
    boxes = line_boxes(form, image_size(image))
    cut = {
        line.id: read_box(image, box)
        for line, box in zip(form.lines, boxes, strict=True)
        if box is not None
    }
    for name, pixels in cut.items():
        write_png(folder / f"{name}.png", pixels)


def find_forms(files: IamFiles) -> dict[str, Path]:
    """Images of the forms by their ids, to cut lines out of them.

    Raises:
        InputError: the copy has none, or no XML.
    """
    forms = files.find("forms")
    if not forms:
        raise InputError(
            f"{files.path} holds no images of IAM: lines/ or lines.tgz, or forms/ or the three"
            " archives of forms, must be there."
        )
    _check_sizes(files)
    return forms


def _check_sizes(files: IamFiles) -> None:
    if not files.find("xml"):
        raise InputError(
            f"{files.path} holds no XML of IAM: xml or xml.tgz must be there, as the ASCII files do"
            " not say the size of the scans that their boxes are of."
        )


def _with_images(
    copy: IamCopy,
    split: str | None,
    line_images: Mapping[str, Path] | None,
    left_out: LeftOutForms,
) -> Iterator[tuple[IamForm, IamLine, ReadImage | None]]:
    """Lines of the forms of a split, and what reads their images; none of damaged forms."""
    lines = copy.files.find("lines") if line_images is None else line_images
    forms = {} if lines else find_forms(copy.files)
    for form, _ in copy.in_split(split):
        boxes: Sequence[Box | None] = [None] * len(form.lines)
        if form.id in forms:
            with left_out.noting(form.id, forms[form.id]):
                boxes = line_boxes(form, image_size(forms[form.id]))
        if form.id in left_out.reasons:
            continue
        for line, box in zip(form.lines, boxes, strict=True):
            if line.id in lines:
                yield form, line, partial(read_grey, lines[line.id])
            else:
                yield form, line, None if box is None else partial(read_box, forms[form.id], box)


def _page(form: IamForm, split: str, image: Path) -> PageSample:
    width, height = image_size(image)
    scales = form_scales(form, (width, height))
    if None in line_boxes(form, (width, height)):
        raise InputError(f"The XML of the form {form.id} has a line outside of its scan.")
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
