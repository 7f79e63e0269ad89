"""Reads pen strokes: `NAME.npz` with the points and `NAME.tsv.gz` with the transcriptions.

The archive holds `dx`, `dy` (steps; the first of a sample is its start point), `pen_up` (1 at the
last point of a stroke) and `offset` (n + 1 numbers: sample i is the points from offset[i] up to
offset[i + 1]). Two lists may lie beside it: `shares-prompt-with-test.txt` names training samples
whose text is part of the test, and they are left out always; `unseen.txt` names validation and test
samples whose text is new.
"""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from text_recognizer.errors import InputError
from text_recognizer.ground_truth.lines_table import LineRow, parse_rows
from text_recognizer.ground_truth.samples import StrokeSample, check_split
from text_recognizer.ground_truth.zip_members import list_members

LEAKING_LIST = "shares-prompt-with-test.txt"
UNSEEN_LIST = "unseen.txt"

_ARRAYS = ("dx", "dy", "pen_up", "offset")
_MAX_ARRAY_BYTES = 1 << 30
_MAX_TABLE_BYTES = 1 << 28


def is_stroke_file(path: Path) -> bool:
    """True for a zip file that holds the arrays of a stroke file.

    Raises:
        InputError: the file cannot be read as a zip file.
    """
    return {f"{name}.npy" for name in _ARRAYS} <= list_members(path)


def find_stroke_files(path: Path) -> list[Path]:
    """Stroke files in a folder and in the folders right below it, sorted; or the file itself."""
    files = (*path.glob("*.npz"), *path.glob("*/*.npz")) if path.is_dir() else (path,)
    return sorted(file for file in files if file.suffix == ".npz" and is_stroke_file(file))


def read_strokes(path: str | Path, *, split: str | None = None) -> list[StrokeSample]:
    """Stroke samples of a `.npz` file, or of all such files in a folder, in stored order.

    Training samples that `shares-prompt-with-test.txt` lists are not among them.

    Args:
        path: the file or folder.
        split: keep only `train`, `validation` or `test`; None keeps all three.

    Raises:
        InputError: a file is missing or damaged.
        OptionError: there is no such split.
    """
    wanted = check_split(split)
    path = Path(path)
    if path.is_dir():
        files = find_stroke_files(path)
        if not files:
            raise InputError(f"{path} holds no stroke files (.npz with dx, dy, pen_up, offset).")
        return [sample for file in files for sample in _read_file(file, wanted)]
    return list(_read_file(path, wanted))


def read_unseen_ids(path: str | Path) -> frozenset[str]:
    """Ids that the lists `unseen.txt` beside the stroke files of a data set name; empty without."""
    path = Path(path)
    folders = {file.parent for file in find_stroke_files(path)}
    return frozenset().union(*(_read_list(folder / UNSEEN_LIST) for folder in folders))


def _read_list(path: Path) -> frozenset[str]:
    if not path.is_file():
        return frozenset()
    try:
        return frozenset(path.read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a list of sample ids: {error}.") from error


def _read_file(path: Path, split: str | None) -> Iterator[StrokeSample]:
    arrays = _read_arrays(path)
    rows = parse_rows(_read_table(path), path)
    if len(rows) != len(arrays["offset"]) - 1:
        raise InputError(
            f"{path} holds {len(arrays['offset']) - 1} samples and its table {len(rows)}; "
            "the two files do not belong together."
        )
    leaking = _read_list(path.parent / LEAKING_LIST)
    points, cuts, first_cut = _absolute_points(arrays)
    for index, row in enumerate(rows):
        if split not in (None, row.split) or (row.split == "train" and row.id in leaking):
            continue
        edges = cuts[first_cut[index] : first_cut[index + 1] + 1].tolist()
        strokes = tuple(points[a:b] for a, b in zip(edges, edges[1:], strict=False))
        yield _sample(path, row, strokes)


def _sample(path: Path, row: LineRow, strokes: tuple[NDArray[np.float32], ...]) -> StrokeSample:
    return StrokeSample(
        row.id, row.text, path.stem, row.document, row.language, row.split, strokes=strokes
    )


def _read_table(path: Path) -> bytes:
    """Bytes of `NAME.tsv.gz` (or `NAME.tsv`) beside `NAME.npz`."""
    packed, plain = path.with_suffix(".tsv.gz"), path.with_suffix(".tsv")
    try:
        if not packed.is_file():
            return plain.read_bytes()
        with gzip.open(packed) as file:
            data = file.read(_MAX_TABLE_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"The table {packed.name} of {path} cannot be read: {error}.") from error
    if len(data) > _MAX_TABLE_BYTES:
        raise InputError(f"{packed} is larger than {_MAX_TABLE_BYTES >> 20} MiB unpacked.")
    return data


def _read_arrays(path: Path) -> dict[str, NDArray[np.int64]]:
    """The four arrays of a stroke file as int64, checked against each other."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(archive.getinfo(f"{name}.npy").file_size for name in _ARRAYS)
        if size > _MAX_ARRAY_BYTES:
            raise InputError(f"{path} is larger than {_MAX_ARRAY_BYTES >> 20} MiB unpacked.")
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: np.asarray(stored[name], dtype=np.int64) for name in _ARRAYS}
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"{path} is not a file of pen strokes: {error}.") from error
    n_points, offset = len(arrays["dx"]), arrays["offset"]
    fits = n_points == len(arrays["dy"]) == len(arrays["pen_up"])
    if not fits or not len(offset) or offset[0] != 0 or offset[-1] != n_points:
        raise InputError(f"{path} is damaged: its arrays have lengths that do not fit together.")
    if (np.diff(offset) <= 0).any():
        raise InputError(f"{path} is damaged: it holds a sample without points.")
    return arrays


def _absolute_points(
    arrays: dict[str, NDArray[np.int64]],
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """Points of all samples, where their strokes begin, and where their samples begin in that.

    Returns:
        Points (x, y) of shape (n, 2), float32, each sample from its own origin; indices of the
        first point of every stroke, and n; for every sample the index of its first stroke, and
        the number of strokes.
    """
    offset = arrays["offset"]
    starts = offset[:-1]
    points = np.empty((len(arrays["dx"]), 2), np.float32)
    for axis, name in enumerate(("dx", "dy")):
        position = np.cumsum(arrays[name])
        before = position[starts] - arrays[name][starts]
        points[:, axis] = position - np.repeat(before, np.diff(offset))
    is_start = np.zeros(len(points) + 1, bool)
    is_start[1:] = arrays["pen_up"] != 0
    is_start[offset] = True
    cuts = np.flatnonzero(is_start)
    return points, cuts, np.searchsorted(cuts, offset)
