"""Reads the Parquet files of Teklia/IAM-line: images and texts of the split `aachen`.

The files hold no ids and no writers, so each line is its own document. They are gone through once:
images and a `lines.tsv` are written into the cache folder. Their texts have a blank on both sides
of each punctuation mark; it is taken away, so that texts are those of IAM's XML.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from text_recognizer.errors import InputError, MissingExtraError, OptionError
from text_recognizer.ground_truth.iam_files import IamFiles, new_folder
from text_recognizer.ground_truth.iam_splits import AACHEN
from text_recognizer.ground_truth.iam_text import join_tokens, unescape
from text_recognizer.ground_truth.lines_table import TABLE_NAME, read_lines_table
from text_recognizer.ground_truth.samples import LineSample, split_name

_VERSION = 1
_BATCH = 64
_PLACES = ("", "data/", "default/*/")
_HEADER = "id\tsplit\twriter_or_document\ttext\tlanguage\n"
_JPEG = b"\xff\xd8"


def find_parquet(path: Path) -> Mapping[Path, str]:
    """Parquet files of a folder, its `data` or its `default/SPLIT`, and their splits by name.

    The split is the first part of a file's name, as in `train-00000-of-00001.parquet`, or the name
    of its folder; files that are named after no split are left out.
    """
    if not path.is_dir():
        return {}
    found = (p for place in _PLACES for p in path.glob(f"{place}*.parquet"))
    splits = {p: _split_of(p) for p in sorted(found)}
    return {p: split for p, split in splits.items() if split is not None}


def read_parquet_lines(
    parquet: Mapping[Path, str], files: IamFiles, *, split: str | None, kind: str
) -> list[LineSample]:
    """Line samples of the files that `find_parquet` found.

    Raises:
        InputError: a file is damaged or has other columns.
        MissingExtraError: pyarrow is not installed.
        OptionError: another split than `aachen` is asked for.
    """
    if kind != AACHEN:
        raise OptionError(
            f"The Parquet files of {files.path} know the split {AACHEN} only, not {kind}: they hold"
            " no ids of forms."
        )
    folder = _unpacked(parquet, files)
    return [replace(s, source="iam") for s in read_lines_table(folder, split=split)]


def unpack_parquet(parquet: Mapping[Path, str], files: IamFiles) -> dict[str, Path]:
    """Images of the lines by the ids that `read_parquet_lines` gives them.

    Raises:
        InputError: a file is damaged or has other columns.
        MissingExtraError: pyarrow is not installed.
    """
    found = sorted(_unpacked(parquet, files).iterdir())
    return {path.stem: path for path in found if path.name != TABLE_NAME}


def _unpacked(parquet: Mapping[Path, str], files: IamFiles) -> Path:
    folder = files.cache_folder / f"parquet-{_key(parquet)}"
    if not folder.is_dir():
        with new_folder(folder) as aside:
            _unpack(parquet, aside)
    return folder


def _split_of(path: Path) -> str | None:
    return split_name(path.stem.split("-")[0]) or split_name(path.parent.name)


def _key(parquet: Mapping[Path, str]) -> str:
    states = [(p.name, s, p.stat().st_size, p.stat().st_mtime_ns) for p, s in parquet.items()]
    return sha256(repr((_VERSION, states)).encode()).hexdigest()[:16]


def _unpack(parquet: Mapping[Path, str], folder: Path) -> None:
    counts: dict[str, int] = {}
    rows = [_HEADER]
    for path, split in parquet.items():
        for image, text in _rows(path):
            number = counts.get(split, 0)
            counts[split] = number + 1
            name = f"{split}-{number:05d}"
            suffix = "jpg" if image.startswith(_JPEG) else "png"
            (folder / f"{name}.{suffix}").write_bytes(image)
            joined = join_tokens(unescape(text).split(" "))
            rows.append(f"{name}\t{split}\t{name}\t{joined}\teng\n")
    (folder / TABLE_NAME).write_text("".join(rows), encoding="utf-8")


def _rows(path: Path) -> Iterator[tuple[bytes, str]]:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise MissingExtraError(
            'Reading Parquet files needs pyarrow; run: pip install "text-recognizer[iam]".'
        ) from error
    try:
        with ParquetFile(path) as file:
            for batch in file.iter_batches(_BATCH, columns=["image", "text"]):
                yield from _checked(batch.to_pylist())
    except (ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path} is no Parquet file with the columns image and text: {error}."
        ) from error


def _checked(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[bytes, str]]:
    for row in rows:
        image, text = row["image"]["bytes"], row["text"]
        if not isinstance(image, bytes) or not isinstance(text, str):
            raise ValueError("a row holds no image or no text")
        yield image, text
