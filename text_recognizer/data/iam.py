"""IAM: a user's own copy, found by its places, with its forms, writers and splits."""

import logging
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from text_recognizer.cache_folder import default_data_folder
from text_recognizer.data.array_cache import PROCESSED
from text_recognizer.data.option_flags import parse_options
from text_recognizer.data.raw_data import (
    DOWNLOADED,
    RawFile,
    metadata_path,
    read_metadata,
    sha256_of,
)
from text_recognizer.errors import InputError, OptionError, TextRecognizerError
from text_recognizer.ground_truth.iam import IamCopy, holds_iam_lines, open_iam
from text_recognizer.ground_truth.iam_files import is_iam
from text_recognizer.ground_truth.iam_splits import AACHEN, check_split_kind, shared_prompts
from text_recognizer.ground_truth.samples import SPLITS

_LOG = logging.getLogger(__name__)

NAME = "iam"
ZIP, H5 = "iamdb.zip", "iam_lines.h5"
_N_NAMED = 5


@dataclass(frozen=True)
class IAMOptions:
    """Options of `IAM`.

    Attributes:
        data_dir: folder of the data; None is `default_data_folder()`.
        split: `aachen`, `official` or `fsdl`.
        seed: of the validation part of `fsdl`.
    """

    data_dir: Path | None = None
    split: str = AACHEN
    seed: int = 42

    def __post_init__(self) -> None:
        check_split_kind(self.split)
        if self.seed < 0:
            raise OptionError(f"seed is at least 0, not {self.seed}.")

    @property
    def folder(self) -> Path:
        """Folder of the data."""
        return self.data_dir if self.data_dir is not None else default_data_folder()


class IAM:
    """A copy of IAM and what its files say; images are not looked at.

    Args:
        options: None takes the defaults.
    """

    def __init__(self, options: IAMOptions | None = None) -> None:
        self.options = options if options is not None else IAMOptions()

    def prepare_data(self) -> None:
        """Find the copy, and say so if its zip file is another one than the course's.

        Raises:
            InputError: there is none.
        """
        path = self.path
        (published,) = (f for f in read_metadata(metadata_path(NAME)) if f.filename == ZIP)
        if path.is_file() and sha256_of(path) != published.sha256:
            _LOG.warning(
                "%s is not the file of the course (SHA-256 %s); it is read all the same.",
                path,
                published.sha256,
            )

    @cached_property
    def path(self) -> Path:
        """Where the copy lies."""
        return find_iam(self.options.folder)

    @cached_property
    def copy(self) -> IamCopy:
        """Forms and splits, read when they are first asked for."""
        options = self.options
        cache = iam_cache(options.folder)
        return open_iam(self.path, kind=options.split, cache=cache, seed=options.seed)

    def describe(self) -> str:
        """Numbers of forms, writers and lines, in all and by split, as text of several lines."""
        forms = self.copy.forms
        lines = [line for form in forms for line in form.lines]
        n_err = sum(not line.is_ok for line in lines)
        rows = [
            "IAM Dataset",
            f"forms: {len(forms)}",
            f"writers: {len({form.writer for form in forms})}",
            f"lines: {len(lines)}, {n_err} of them marked err",
            f"split {self.options.split}:",
        ]
        return "\n".join([*rows, *describe_splits(self.copy)])


def describe_splits(copy: IamCopy) -> list[str]:
    """A row for each split of a copy, and what splits share."""
    rows = []
    for split in SPLITS:
        forms = [form for form, _ in copy.in_split(split)]
        n_lines = sum(
            copy.splits.of_line(line.id, form.id) == split for form in forms for line in form.lines
        )
        n_writers = len({form.writer for form in forms})
        rows.append(f"  {split}: {len(forms)} forms, {n_lines} lines, {n_writers} writers")
    prompts = _listed(shared_prompts(copy.splits.forms))
    return [
        *rows,
        f"texts that forms of several splits copy: {prompts}",
        f"writers in several splits: {_listed(copy.shared_writers())}",
    ]


def find_iam(data_dir: Path, *, with_parquet: bool = False) -> Path:
    """The copy of IAM in a data folder: its folder, or `iamdb.zip`.

    Looked for in `downloaded/iam`, in `iam`, in `raw/iam`, and in the folder itself.

    Raises:
        InputError: there is none; the message names file, place and checksum.
    """
    holds = holds_iam_lines if with_parquet else is_iam
    for place in iam_places(data_dir):
        if (place / ZIP).is_file():
            return place / ZIP
        if place.is_dir() and holds(place):
            return place
    raise missing_iam(data_dir, [ZIP])


def iam_places(data_dir: Path) -> tuple[Path, ...]:
    """Folders that a copy may lie in."""
    return (data_dir / DOWNLOADED / NAME, data_dir / NAME, data_dir / "raw" / NAME, data_dir)


def iam_cache(data_dir: Path) -> Path:
    """Folder for what is taken out of archives, and for lines cut out of forms."""
    return data_dir / PROCESSED / NAME


def missing_iam(data_dir: Path, names: Iterable[str]) -> InputError:
    """The sentence for a copy that is not there."""
    files = {file.filename: file for file in read_metadata(metadata_path(NAME))}
    wanted = " or ".join(_with_checksum(files[name]) for name in names)
    return InputError(
        f"IAM is not there: put {wanted}, or the archives of its site, into "
        f"{iam_places(data_dir)[0]}; register for it at {files[ZIP].extra['site']}."
    )


def _with_checksum(file: RawFile) -> str:
    checksum = f"SHA-256 {file.sha256}" if file.sha256 else "of which no checksum is known"
    return f"{file.filename} ({checksum})"


def _listed(names: tuple[str, ...]) -> str:
    if not names:
        return "0"
    more = ", ..." if len(names) > _N_NAMED else ""
    return f"{len(names)} ({', '.join(names[:_N_NAMED])}{more})"


def main() -> None:
    """Prints what the copy holds; then ends the program, with exit code 1 if there is none."""
    try:
        iam = IAM(parse_options(IAMOptions, sys.argv[1:], "IAM"))
        iam.prepare_data()
        sys.stdout.write(f"{iam.describe()}\n")
    except TextRecognizerError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
