"""Finds out what layout a data set has and reads its lines.

The layouts: a folder or zip file with `lines.tsv`; a `.npz` file of pen strokes; a PAGE XML file;
a folder that holds such files, or pairs `x.png` and `x.gt.txt`; a copy of IAM. Pen strokes come out
as line images by the frozen drawing.
"""

import zipfile
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Protocol

from text_recognizer.errors import InputError, OptionError
from text_recognizer.ground_truth.iam import SOURCE as IAM_SOURCE
from text_recognizer.ground_truth.iam import holds_iam_lines, read_iam_lines
from text_recognizer.ground_truth.lines_table import has_lines_table, read_lines_table
from text_recognizer.ground_truth.page_xml import is_page_xml
from text_recognizer.ground_truth.pages import PageFile, find_page_files, read_page_lines
from text_recognizer.ground_truth.pairs import has_pairs, read_pairs
from text_recognizer.ground_truth.samples import LineSample, check_split
from text_recognizer.ground_truth.stroke_drawing import draw_strokes
from text_recognizer.ground_truth.strokes import find_stroke_files, is_stroke_file, read_strokes

_LAYOUTS = "lines.tsv with images, pen strokes, PAGE XML, IAM, or pairs of x.png and x.gt.txt"


class _Reader(Protocol):
    def __call__(self, *, split: str | None) -> list[LineSample]: ...


_Parts = list[tuple[str, _Reader]]


def read_lines(
    path: str | Path, *, split: str | None = None, sources: Collection[str] | None = None
) -> list[LineSample]:
    """Line samples of a data set in any of the layouts above, images not yet read.

    Args:
        path: the file or folder.
        split: keep only `train`, `validation` or `test`; None keeps all three. Training samples
            whose text is part of the test (see `strokes`) are left out in any case.
        sources: keep only these sources; None keeps all.

    Raises:
        InputError: nothing is there that can be read, a file is damaged, or a source is missing.
        OptionError: there is no such split.
    """
    wanted = check_split(split)
    path = Path(path)
    parts = _parts(path)
    if sources is not None:
        _check_sources(path, sources, [name for name, _ in parts])
    samples: list[LineSample] = []
    for name, read in parts:
        if sources is None or name in sources:
            samples += read(split=wanted)
    return samples


def find_sources(path: str | Path) -> list[str]:
    """Names of the sources of a data set, sorted; their lines are not read.

    Raises:
        InputError: nothing is there that can be read.
    """
    return sorted({name for name, _ in _parts(Path(path))})


def find_sources_without(path: str | Path, without: Collection[str]) -> list[str]:
    """Names of the sources of a data set, less some.

    Raises:
        InputError: nothing is there that can be read.
        OptionError: there is no such source as one to leave out, or none is left.
    """
    present = find_sources(path)
    unknown = sorted(set(without) - set(present))
    if unknown:
        names = f"{', '.join(unknown)}; it has {', '.join(present)}"
        raise OptionError(f"--without: {path} has no source {names}.")
    left = [source for source in present if source not in without]
    if not left:
        raise OptionError(f"--without leaves no source of {path}.")
    return left


def read_stroke_lines(path: Path, *, split: str | None = None) -> list[LineSample]:
    """Line samples of a stroke file, drawn by the frozen drawing when their images are read."""
    return [
        LineSample(
            sample.id,
            sample.text,
            sample.source,
            sample.document,
            sample.language,
            sample.split,
            read_image=partial(draw_strokes, sample.strokes),
        )
        for sample in read_strokes(path, split=split)
    ]


def _check_sources(path: Path, sources: Collection[str], present: list[str]) -> None:
    missing = sorted(set(sources) - set(present))
    if missing:
        raise InputError(f"{path} has no source {', '.join(missing)}; it has {', '.join(present)}.")


def _parts(path: Path) -> _Parts:
    """The name of each source at a path and what reads its lines."""
    if holds_iam_lines(path):
        return [(IAM_SOURCE, partial(read_iam_lines, path))]
    return _parts_of_folder(path) if path.is_dir() else _parts_of_file(path)


def _parts_of_folder(path: Path) -> _Parts:
    name = path.resolve().name
    if has_lines_table(path):
        return [(name, partial(read_lines_table, path))]
    zips = [p for p in sorted(path.glob("*.zip")) if has_lines_table(p)]
    parts: _Parts = [(p.stem, partial(read_lines_table, p)) for p in zips]
    parts += [(p.stem, partial(read_stroke_lines, p)) for p in find_stroke_files(path)]
    if has_pairs(path):
        parts.append((name, partial(read_pairs, path)))
    parts += _parts_of_pages(find_page_files(path))
    if not parts:
        raise InputError(f"{path} holds no ground truth: there must be {_LAYOUTS}.")
    return parts


def _parts_of_file(path: Path) -> _Parts:
    if not path.is_file():
        raise InputError(f"{path} does not exist.")
    if zipfile.is_zipfile(path) or path.suffix.lower() in (".zip", ".npz"):
        if is_stroke_file(path):
            return [(path.stem, partial(read_stroke_lines, path))]
        if has_lines_table(path):
            return [(path.stem, partial(read_lines_table, path))]
    elif is_page_xml(path):
        return _parts_of_pages(find_page_files(path))
    raise InputError(f"{path} holds no ground truth: there must be {_LAYOUTS}.")


def _parts_of_pages(files: list[PageFile]) -> _Parts:
    by_source: dict[str, list[PageFile]] = {}
    for file in files:
        by_source.setdefault(file.source, []).append(file)
    return [(name, partial(read_page_lines, group)) for name, group in sorted(by_source.items())]
