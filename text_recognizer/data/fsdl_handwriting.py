"""FSDLHandwriting: the pages that a course's students wrote, as lines and as paragraphs."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from text_recognizer.data.base_data_module import DataModuleOptions, run_as_script
from text_recognizer.data.lines import LineOptions, Lines
from text_recognizer.data.page_downloads import fetch_missing
from text_recognizer.data.paragraphs import ParagraphOptions, Paragraphs
from text_recognizer.data.raw_data import DOWNLOADED, find_raw_file, metadata_path, read_metadata
from text_recognizer.errors import InputError
from text_recognizer.ground_truth import LineSample, PageLine, PageSample
from text_recognizer.ground_truth.fsdl_handwriting import (
    Export,
    ExportedPage,
    ExportedRegion,
    read_export,
)
from text_recognizer.ground_truth.image_files import image_size
from text_recognizer.ground_truth.page_cuts import cut_lines

NAME = "fsdl_handwriting"
PAGES = "pages"
_LANGUAGE = "eng"
_TENTHS = ("test", "validation")  # of the pages, by the digest of their names; the rest is trained

Region = dict[str, int]
"""`x1`, `y1`, `x2` and `y2` in pixels of the page."""


@dataclass(frozen=True)
class FSDLOptions(DataModuleOptions):
    """Options of modules that read FSDL Handwriting.

    Attributes:
        export: another export of the same layout; None is that of the course.
    """

    export: Path | None = None


@dataclass(frozen=True)
class FSDLHandwritingOptions(LineOptions, FSDLOptions):
    """Options of `FSDLHandwriting`."""


@dataclass(frozen=True)
class FSDLHandwritingParagraphsOptions(ParagraphOptions, FSDLOptions):
    """Options of `FSDLHandwritingParagraphs`."""


class FSDLPages:
    """The export and the images of its pages on this machine.

    Args:
        options: where they are.

    Attributes:
        problems: what went wrong, by the names of pages that could not be fetched.
    """

    def __init__(self, options: FSDLOptions) -> None:
        self.options = options
        self.problems: dict[str, str] = {}

    @cached_property
    def export(self) -> Export:
        """What the export holds.

        Raises:
            InputError: it is missing or damaged.
        """
        if self.options.export is not None:
            return read_export(self.options.export)
        (file,) = read_metadata(metadata_path(NAME))
        return read_export(find_raw_file(file, self.options.folder))

    @property
    def folder(self) -> Path:
        """Folder of the page images: the first that is there, or where they are fetched to."""
        data = self.options.folder
        target = data / DOWNLOADED / NAME / PAGES
        places = (target, data / NAME / PAGES, data / PAGES)
        return next((place for place in places if place.is_dir()), target)

    def fetch(self) -> None:
        """Fetches images of pages with text that are not there yet.

        Raises:
            InputError: the export or all images are missing.
        """
        pages = self._with_text()
        self.problems = fetch_missing({page.name: page.url for page in pages}, self.folder)
        if pages and len(self.problems) == len(pages):
            reason = next(iter(self.problems.values())).removesuffix(".")
            raise InputError(
                f"FSDL Handwriting needs the images of its pages, such as {pages[0].name}, which "
                f"could not be fetched ({reason}): put them into {self.folder}."
            )

    def read(self) -> list[PageSample]:
        """Pages with text whose image is there; a tenth each is for validation and test."""
        pages = self._with_text()
        return [self._sample(page) for page in pages if (self.folder / page.name).is_file()]

    def notes(self) -> list[str]:
        """What the export holds, and which pages have no image."""
        missing = [p.name for p in self._with_text() if not (self.folder / p.name).is_file()]
        more = f"{len(missing)} pages with text have no image ({', '.join(missing[:3])})."
        return [*self.export.notes(), *([more] if missing else [])]

    def _with_text(self) -> list[ExportedPage]:
        pages = self.export.pages
        return [page for page in pages if any(region.text for region in page.regions)]

    def _sample(self, page: ExportedPage) -> PageSample:
        path = self.folder / page.name
        width, height = image_size(path)
        lines = tuple(
            PageLine(
                f"{page.name}-{i}", r.text, (), tuple((x * width, y * height) for x, y in r.points)
            )
            for i, r in enumerate(page.regions)
        )
        split = _split(page.name)
        return PageSample(page.name, NAME, page.name, _LANGUAGE, split, path, width, height, lines)


class FSDLHandwriting(Lines):
    """Lines of FSDL Handwriting, split by page.

    Args:
        options: None takes the defaults.
    """

    options_class = FSDLHandwritingOptions
    options: FSDLHandwritingOptions

    def __init__(self, options: FSDLHandwritingOptions | None = None) -> None:
        super().__init__(options)
        self.pages = FSDLPages(self.options)

    def prepare_data(self) -> None:
        """Fetch what is missing."""
        self.pages.fetch()

    def read_lines(self) -> list[LineSample]:
        """Transcribed lines of the pages that are there."""
        return [line for page in self.pages.read() for line in cut_lines(page)]

    def describe(self) -> str:
        """What every data module says, and what the export holds."""
        return "\n".join((super().describe(), *self.pages.notes()))

    @property
    def page_filenames(self) -> list[Path]:
        """Images of the pages with text."""
        return [page.image_path for page in self.pages.read()]

    @property
    def line_regions_by_id(self) -> dict[str, list[Region]]:
        """Boxes of the transcribed lines of each page, by the name of its image."""
        return {
            page.name: [_region(region) for region in page.regions if region.text]
            for page in self.pages.export.pages
            if any(region.text for region in page.regions)
        }

    @property
    def line_strings_by_id(self) -> dict[str, list[str]]:
        """Texts of the transcribed lines of each page, in the order of their boxes."""
        return {
            page.name: [region.text for region in page.regions if region.text]
            for page in self.pages.export.pages
            if any(region.text for region in page.regions)
        }


IamHandwritingDataset = FSDLHandwriting
"""What a notebook of 2019 calls it."""


class FSDLHandwritingParagraphs(Paragraphs):
    """Paragraphs of FSDL Handwriting, split by page.

    Args:
        options: None takes the defaults.
    """

    options_class = FSDLHandwritingParagraphsOptions
    options: FSDLHandwritingParagraphsOptions

    def __init__(self, options: FSDLHandwritingParagraphsOptions | None = None) -> None:
        super().__init__(options)
        self.pages = FSDLPages(self.options)

    def prepare_data(self) -> None:
        """Fetch what is missing."""
        self.pages.fetch()

    def read_pages(self) -> list[PageSample]:
        """Pages that are there."""
        return self.pages.read()

    def describe(self) -> str:
        """What every data module says, and what the export holds."""
        return "\n".join((super().describe(), *self.pages.notes()))


def _split(name: str) -> str:
    tenth = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10
    return _TENTHS[tenth] if tenth < len(_TENTHS) else "train"


def _region(region: ExportedRegion) -> Region:
    return dict(zip(("x1", "y1", "x2", "y2"), region.box, strict=True))


if __name__ == "__main__":
    run_as_script(FSDLHandwriting)
