"""Reads pages: an image goes in, a `Page` with text, places and confidences comes out.

This is the main path of the program, and its table of contents:

    loading         finds the pages of a file and decodes them
    layout          finds the lines of a page and their reading order
    line_image      cuts a line out, straightened
    line_reader     reads the cut lines with the network of a bundle
    language        says which of the texts that a line may read as is likely
    page            holds the result
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from text_recognizer.errors import InputError, OptionError
from text_recognizer.loading import Limits, PageImage, open_pages
from text_recognizer.page import Page, Region

if TYPE_CHECKING:
    from text_recognizer.bundle import Bundle
    from text_recognizer.grey_image import GreyImage
    from text_recognizer.layout import FoundLine
    from text_recognizer.layout.orientation import Turn
    from text_recognizer.line_reader import LineReading
    from text_recognizer.loading import Source
    from text_recognizer.page_assembly import CutRegion
    from text_recognizer.paragraph_reader import ParagraphReader

Unit = Literal["page", "line", "paragraph"]
UNITS: tuple[Unit, ...] = ("page", "line", "paragraph")
_SMALLEST_LINE = 8  # pixels, the shorter side of an image that is one line
_DOUBTFUL = 0.75  # mean confidence under which a page may lie on its side or upside down
_LINES_TO_TURN = 5  # that are read to tell


class ReadsLines(Protocol):
    """What reads cut lines: `LineReader`, or anything that stands in for it."""

    def read(self, images: "Sequence[GreyImage]", /) -> "Sequence[LineReading]":
        """Readings in the order of the images."""


class FindsLines(Protocol):
    """What finds the lines of a page: `LineFinder`, or anything that stands in for it."""

    def find(self, image: "GreyImage", /) -> "list[FoundLine]":
        """Lines of a grey image (H, W)."""


class Recognizer:
    """Reads whole pages or single lines with one line model, or paragraphs with one for them.

    Args:
        model: name or folder of a line bundle; None takes the one that comes with the package. Of
            a bundle for paragraphs if `unit` is "paragraph".
        finder: name or folder of a finder bundle, likewise; it is opened when the first page is
            read.
        language_model: name or folder of a language model; None takes the one that the line model
            reads with, `none` reads without.
        lexicon: file of words that the text is likely to hold, such as names; None without one.
        corrector: name or folder of a corrector that mends what was read; None mends nothing.
        n_best: texts of each line to give as its `alternatives`; 1 gives none.
        beam: texts of a paragraph that are followed at a time; 1 takes the likeliest label each
            time. Lines have the language model's own search.
        guard: whether paragraphs that begin to repeat themselves are read another way.
        n_threads: threads for the networks; None lets onnxruntime choose.
        unit: what each image shows, if `read` is told nothing else: a "page" whose lines are
            found, one "line", or a "paragraph" that is read as a whole, without finding lines.
        line_reader: reads the lines instead of the model.
        line_finder: finds the lines instead of the finder.

    Raises:
        BundleError: a model is missing, damaged or of another task.
        InputError: the lexicon cannot be read.
        OptionError: `n_threads` is below 1, or what only lines are read with is given for
            paragraphs.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        finder: str | Path | None = None,
        language_model: str | Path | None = None,
        lexicon: str | Path | None = None,
        corrector: str | Path | None = None,
        n_best: int = 1,
        beam: int = 1,
        guard: bool = True,
        n_threads: int | None = None,
        unit: Unit = "page",
        line_reader: ReadsLines | None = None,
        line_finder: FindsLines | None = None,
    ) -> None:
        _check_unit(unit)
        self.bundle: Bundle | None = None
        self._unit: Unit = unit
        self._paragraph_reader: ParagraphReader | None = None
        if unit == "paragraph":
            from text_recognizer.paragraph_reader import load_paragraph_reader

            if n_best > 1 or any((finder, language_model, lexicon, corrector)):
                raise OptionError(
                    "Paragraphs are read without finder, language model, lexicon, corrector and "
                    "further texts: leave these out."
                )
            self._paragraph_reader = load_paragraph_reader(
                model, beam=beam, guarded=guard, n_threads=n_threads
            )
            self.bundle = self._paragraph_reader.bundle
        elif line_reader is None:
            from text_recognizer.bundle import DEFAULT_LINE_MODEL, load_bundle
            from text_recognizer.language.decoder import load_decoder
            from text_recognizer.line_reader import LineReader

            self.bundle = load_bundle(model or DEFAULT_LINE_MODEL, task="line")
            decoder = load_decoder(
                self.bundle,
                language_model,
                lexicon=Path(lexicon) if lexicon else None,
                corrector=corrector,
                n_best=n_best,
                n_threads=n_threads,
            )
            line_reader = LineReader(self.bundle, decoder=decoder, n_threads=n_threads)
        self._line_reader: ReadsLines | None = line_reader
        self._finder, self._n_threads = finder, n_threads
        self._line_finder = line_finder

    @property
    def model(self) -> tuple[str, str] | None:
        """Name and version of the model; None if something else reads the lines."""
        if self.bundle is None:
            return None
        return self.bundle.manifest.name, self.bundle.manifest.version

    def read(
        self, source: "Source", *, unit: Unit | None = None, limits: Limits | None = None
    ) -> Iterator[Page]:
        """Pages of a file or image, each read when it is asked for.

        Args:
            source: a path, the bytes of a file, an array (H, W) or (H, W, 3), or a Pillow image.
            unit: what each page image shows; None takes the recogniser's.
            limits: on bytes, pages and pixels.

        Raises:
            BundleError: the finder is missing, damaged or not for finding lines.
            InputError: the file or a page of it cannot be read; the message names it.
            OptionError: `unit` is another word.
        """
        for page_image in open_pages(source, limits=limits):
            yield self.read_page(page_image, unit=unit)

    def read_page(self, page_image: PageImage, *, unit: Unit | None = None) -> Page:
        """One page, read. A blank or tiny image gives a page without lines.

        Raises:
            InputError: the image cannot be decoded, or a line is too long; the message names it.
            OptionError: `unit` is another word.
        """
        unit = unit or self._unit
        image = page_image.read()
        turned, is_complete = 0, True
        try:
            if unit == "paragraph":
                regions, is_complete = self._read_paragraph(image)
            else:
                regions, turned = self._read_lines(image, unit)
        except InputError as error:
            raise InputError(f"{page_image.file}, page {page_image.number}: {error}") from error
        return Page(
            file=page_image.file,
            number=page_image.number,
            width=image.shape[1],
            height=image.shape[0],
            regions=regions,
            dpi=page_image.dpi,
            turned=turned,
            is_complete=is_complete,
        )

    def _read_paragraph(self, image: "GreyImage") -> tuple[tuple[Region, ...], bool]:
        """The region of an image, and whether its text is complete."""
        from text_recognizer.page_assembly import paragraph_region

        if self._paragraph_reader is None:
            raise OptionError("To read paragraphs, make the recogniser with unit='paragraph'.")
        if min(image.shape) < _SMALLEST_LINE:
            return (), True
        (reading,) = self._paragraph_reader.read([image])
        shape = (image.shape[0], image.shape[1])
        return paragraph_region(reading, shape), reading.is_complete

    def _read_lines(self, image: "GreyImage", unit: Unit) -> tuple[tuple[Region, ...], int]:
        """Regions of an image, and by how many degrees it was turned."""
        from text_recognizer.layout.orientation import Turn
        from text_recognizer.page_assembly import read_regions

        turn = Turn(0, (image.shape[1], image.shape[0]))
        regions, readings = self._read_image(image, unit)
        if unit == "page" and _is_doubtful(readings):
            turn = self._find_turn(image)
            if turn.quarters:
                regions, readings = self._read_image(turn.upright(image), unit)
        return read_regions(regions, iter(readings), turn), turn.clockwise_degrees

    def _read_image(
        self, image: "GreyImage", unit: Unit
    ) -> "tuple[list[CutRegion], Sequence[LineReading]]":
        """Lines of an image with their cuts, region by region, and their readings in that order."""
        regions = self.cut_lines(image, unit=unit)
        cuts = [cut.image for region in regions for _, cut in region.lines]
        return regions, self._reader_at_hand().read(cuts)

    def _find_turn(self, image: "GreyImage") -> "Turn":
        """The turn by which a page reads best.

        Lines are looked for in the page as it lies and on its side, and the way in which they are
        longer together is taken; upright and upside down are told apart by reading some of them.
        """
        from text_recognizer.layout.orientation import Turn

        turns = [Turn(quarters, (image.shape[1], image.shape[0])) for quarters in range(4)]
        length, side_length = (self._written_length(turn.upright(image)) for turn in turns[:2])
        if not length and not side_length:
            return turns[0]
        likely = turns[1::2] if side_length > length else turns[::2]
        return max(likely, key=lambda turn: self._certainty(turn.upright(image)))

    def _written_length(self, image: "GreyImage") -> float:
        """Length of all lines of an image together, in pixels."""
        steps = [
            line.baseline[-1] - line.baseline[0] for line in self._finder_at_hand().find(image)
        ]
        return float(sum(np.hypot(*step) for step in steps))

    def _certainty(self, image: "GreyImage") -> float:
        """Mean confidence of some of an image's longest lines."""
        cuts = [cut.image for region in self.cut_lines(image) for _, cut in region.lines]
        cuts = sorted(cuts, key=lambda cut: cut.shape[1] / cut.shape[0])[-_LINES_TO_TURN:]
        return _mean_confidence(self._reader_at_hand().read(cuts))

    def _reader_at_hand(self) -> ReadsLines:
        if self._line_reader is None:
            raise OptionError("A recogniser of paragraphs reads no lines.")
        return self._line_reader

    def _finder_at_hand(self) -> FindsLines:
        """What finds lines, opened when it is first asked for."""
        from text_recognizer.layout import load_finder

        if self._line_finder is None:
            self._line_finder = load_finder(self._finder, n_threads=self._n_threads)
        return self._line_finder

    def cut_lines(self, image: "GreyImage", *, unit: Unit = "page") -> "list[CutRegion]":
        """Lines of a grey image with their cuts, in reading order, region by region.

        Raises:
            BundleError: the finder is missing, damaged or not for finding lines.
            InputError: a line is too long to be cut out.
            OptionError: `unit` is another word.
        """
        from text_recognizer.layout import find_regions
        from text_recognizer.line_image import cut
        from text_recognizer.page_assembly import CutRegion

        _check_unit(unit)
        if unit == "line":
            return _whole_image(image)
        return [
            CutRegion(
                region.kind,
                [(line, cut(image, line.baseline, line.polygon)) for line in region.lines],
            )
            for region in find_regions(self._finder_at_hand().find(image))
        ]


def _check_unit(unit: str) -> None:
    if unit not in UNITS:
        raise OptionError(f"unit must be {' or '.join(UNITS)}, not {unit!r}.")


def _whole_image(image: "GreyImage") -> "list[CutRegion]":
    from text_recognizer.layout import FoundLine
    from text_recognizer.line_image import whole
    from text_recognizer.page_assembly import CutRegion

    if min(image.shape) < _SMALLEST_LINE:
        return []
    cut = whole(image)
    outline = cut.outline(0, image.shape[1])
    return [CutRegion("paragraph", [(FoundLine(cut.feet[[0, -1]], outline), cut)])]


def _is_doubtful(readings: "Sequence[LineReading]") -> bool:
    """Whether a page reads so badly that it may lie otherwise; one without lines may, too."""
    return _mean_confidence(readings) < _DOUBTFUL


def _mean_confidence(readings: "Sequence[LineReading]") -> float:
    """Over all characters; 0 without any."""
    n_characters = sum(len(reading.characters) for reading in readings)
    total = sum(reading.confidence * len(reading.characters) for reading in readings)
    return total / n_characters if n_characters else 0.0
