"""Reads many files and writes their pages as they are done: the work of the command `read`.

One file that cannot be read never stops the others; each failure is told, written where the format
has a place for it, and counted.
"""

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from text_recognizer.errors import InputError, OptionError, TextRecognizerError
from text_recognizer.formats import WRITERS, PageWriter
from text_recognizer.loading import Limits, PageImage, find_files, open_pages
from text_recognizer.recognizer import Recognizer, Unit

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReadOptions:
    """How a run reads and where it writes.

    Attributes:
        format: a name of `formats.WRITERS`.
        output: folder that gets a file for each input; None writes all to standard output.
        overwrite: replace files that are in `output` already.
        unit: what each image shows.
        limits: on the files of the input.

    Raises:
        OptionError: there is no such format, `output` is a file, or missing for a format of which
            a file holds one page.
    """

    format: str = "text"
    output: Path | None = None
    overwrite: bool = False
    unit: Unit = "page"
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if self.format not in WRITERS:
            raise OptionError(f"format must be {' or '.join(WRITERS)}, not {self.format!r}.")
        if self.output is not None and self.output.exists() and not self.output.is_dir():
            raise OptionError(f"{self.output} is a file: give a folder to write to.")
        if self.output is None and WRITERS[self.format].is_per_page:
            raise OptionError(
                f"The format {self.format} writes a file for each page: give a folder by --output."
            )


class ReadingRun:
    """Reads files with a recogniser.

    Args:
        recognizer: reads the pages.
        options: how, and where to.
        on_failure: is given a sentence for each file or page that could not be read.
    """

    def __init__(
        self, recognizer: Recognizer, options: ReadOptions, *, on_failure: Callable[[str], None]
    ) -> None:
        self._recognizer = recognizer
        self._options = options
        self._on_failure = on_failure
        self._written: set[Path] = set()
        self.n_failures = 0

    def read(
        self, paths: Sequence[Path], *, on_file: Callable[[int, int], None] | None = None
    ) -> None:
        """Read files, and the images and PDFs in folders, in the order given.

        Args:
            paths: files and folders.
            on_file: is called before each file with its number, from 0, and the number of files.
        """
        with self._shared_writer() as shared:
            files = list(self._found(paths, shared))
            for number, file in enumerate(files):
                if on_file is not None:
                    on_file(number, len(files))
                if shared is not None:
                    self._read_file(file, shared)
                else:
                    self._read_to_folder(file)

    @contextmanager
    def _shared_writer(self) -> Iterator[PageWriter | None]:
        """The writer to standard output; None if each input gets a file of its own."""
        if self._options.output is not None:
            yield None
            return
        writer = self._writer(sys.stdout)
        try:
            yield writer
        finally:
            writer.close()

    def _writer(self, stream: TextIO) -> PageWriter:
        return WRITERS[self._options.format](stream, model=self._recognizer.model)

    def _found(self, paths: Sequence[Path], writer: PageWriter | None) -> Iterator[Path]:
        for path in paths:
            try:
                yield from find_files(path)
            except InputError as error:
                self._fail(writer, (str(path), None), error)

    def _read_to_folder(self, file: Path) -> None:
        try:
            pages = self._open(file)
        except InputError as error:
            self._fail(None, (str(file), None), error)
            return
        if not WRITERS[self._options.format].is_per_page or len(pages) == 1:
            self._write_named(file, pages, file.stem)
            return
        n_digits = len(str(len(pages)))
        for image in pages:
            self._write_named(file, [image], f"{file.stem}-{image.number:0{n_digits}}")

    def _write_named(self, file: Path, pages: list[PageImage], name: str) -> None:
        """Read pages of a file into one file of that name; what goes wrong is told and counted."""
        try:
            self._write(pages, self._target(file, name))
        except InputError as error:
            self._fail(None, (str(file), None), error)
        except OSError as error:
            place = error.filename or self._options.output
            problem = f"{place} cannot be written: {error.strerror or error}."
            self._fail(None, (str(file), None), InputError(problem))

    def _write(self, pages: list[PageImage], target: Path) -> None:
        """Read the pages of one file into another; without a readable page, none is made."""
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.partial")
        try:
            with partial.open("w", encoding="utf-8") as stream:
                writer = self._writer(stream)
                n_read = self._read_pages(pages, writer)
                writer.close()
            if n_read:
                partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def _target(self, file: Path, name: str) -> Path:
        """File of that name that pages go to; a second input of the same name gets a number.

        Raises:
            InputError: it is there already and is not to be replaced.
        """
        assert self._options.output is not None
        suffix = WRITERS[self._options.format].suffix
        target, number = self._options.output / f"{name}{suffix}", 1
        while target in self._written:
            number += 1
            target = self._options.output / f"{name}-{number}{suffix}"
        if target.exists() and not self._options.overwrite:
            raise InputError(
                f"{file} was not read because {target} exists: replace it with --overwrite."
            )
        self._written.add(target)
        return target

    def _open(self, file: Path) -> list[PageImage]:
        return open_pages(file, limits=self._options.limits)

    def _read_file(self, file: Path, writer: PageWriter) -> None:
        try:
            pages = self._open(file)
        except InputError as error:
            self._fail(writer, (str(file), None), error)
        else:
            self._read_pages(pages, writer)

    def _read_pages(self, pages: list[PageImage], writer: PageWriter) -> int:
        """Number of pages that could be read."""
        n_read = 0
        for image in pages:
            try:
                image = image.decoded() if writer.shows_image else image
                page = self._recognizer.read_page(image, unit=self._options.unit)
            except InputError as error:
                self._fail(writer, (image.file, image.number), error)
            except TextRecognizerError:
                raise  # the model's fault: no other page would fare better
            except Exception as error:  # the edge: whatever it is, the other pages are read
                _LOG.debug("A page failed.", exc_info=True)
                self._fail(writer, (image.file, image.number), _our_fault(image, error))
            else:
                writer.write(page, image.read() if writer.shows_image else None)
                n_read += 1
                if not page.is_complete:
                    self._fail(writer, (image.file, image.number), _cut_short(image))
        return n_read

    def _fail(
        self, writer: PageWriter | None, place: tuple[str, int | None], error: InputError
    ) -> None:
        self.n_failures += 1
        self._on_failure(str(error))
        if writer is not None:
            writer.fail(*place, str(error))


def _cut_short(image: PageImage) -> InputError:
    return InputError(
        f"{image.file}, page {image.number}: the text is not complete. It is longer than the model "
        "can write, or the model repeated itself; read the page by its lines, without --unit "
        "paragraph."
    )


def _our_fault(image: PageImage, error: Exception) -> InputError:
    return InputError(
        f"{image.file}, page {image.number}, could not be read because of a fault in this program "
        f"({type(error).__name__}: {error}): please report it."
    )
