"""Paragraphs: the lines of one page as one image and one text, whatever data set they are of.

The crop of a page is scaled down until it fits, and never cut. Labels are `<S>`, the lines joined
by newlines, `<E>`, and padding. What cannot be used is counted, and said by `describe`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import numpy as np
import torch

from text_recognizer.data.array_dataset import Labels, Samples
from text_recognizer.data.base_data_module import SPLITS, BaseDataModule, DataModuleOptions
from text_recognizer.data.character_mapping import PARAGRAPH_MAPPING_2021
from text_recognizer.data.image_text_dataset import ImageTextDataset
from text_recognizer.data.ink_variation import (
    N_CHANCES,
    PARAGRAPH_RANGES,
    InkRanges,
    vary_ink,
)
from text_recognizer.data.label_text import STRIP, LabelText, check_unknown
from text_recognizer.data.page_separation import (
    HELD_OUT,
    WrittenTexts,
    documents,
    of_split,
    separate_documents,
    sharing_notes,
)
from text_recognizer.errors import InputError, OptionError
from text_recognizer.grey_image import GreyImage
from text_recognizer.ground_truth import PageSample
from text_recognizer.ground_truth.page_cuts import FittedCut, PageLayout
from text_recognizer.ground_truth.paragraph_pieces import (
    Run,
    UsablePage,
    cut_into_runs,
    training_runs,
)
from text_recognizer.paragraph_input import PARAGRAPH_HEIGHT, PARAGRAPH_WIDTH, Canvas, place

N_TOKENS = 2
_MOST_LINE_PX = 64  # rows of a line where no scale is set; little text is not made larger


@dataclass(frozen=True)
class ParagraphOptions(DataModuleOptions):
    """Options of paragraphs.

    Attributes:
        height: rows of an image.
        width: columns of an image.
        max_length: labels of a paragraph; its text is two characters shorter at most.
        scale: of the pages at most; what does not fit is scaled down further. Without it,
            paragraphs are as large as they fit, as readers show them, and lines 64 rows high at
            most: train models to read with so.
        pieces: whether runs of a page's lines are paragraphs, too, so that long pages can be
            learnt and read; without it, pages of more labels than fit are left out.
        unknown: `strip` takes letters without accents that the mapping lacks, `skip` leaves their
            lines out.
        shared_texts: whether training lines stay that say what validation or test pages say, in
            another hand.
        augment_data: whether training paragraphs are varied each time they are loaded.
    """

    batch_size: int = 16
    height: int = PARAGRAPH_HEIGHT
    width: int = PARAGRAPH_WIDTH
    max_length: int = 682
    scale: float | None = None
    pieces: bool = True
    unknown: str = STRIP
    shared_texts: bool = False
    augment_data: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_unknown(self.unknown)
        if self.height < 28 or self.width < 28:
            raise OptionError(
                f"height and width are at least 28, not {self.height} and {self.width}."
            )
        if self.max_length <= N_TOKENS:
            raise OptionError(f"max_length is at least 3, not {self.max_length}.")
        if self.scale is not None and not 0 < self.scale <= 1:
            raise OptionError(f"scale is over 0 and at most 1, not {self.scale}.")

    @property
    def canvas(self) -> Canvas:
        """Rows and columns of an image."""
        return self.height, self.width

    @property
    def text_length(self) -> int:
        """Characters of a paragraph at most."""
        return self.max_length - N_TOKENS

    def page_scale(self, page: PageSample, line_height: float) -> float:
        """Largest factor for a page of lines of such a height in its pixels."""
        return self.scale or min(1.0, _MOST_LINE_PX / line_height)


@dataclass
class PageMaterial:
    """What a data set of pages holds.

    Attributes:
        pages: of each split, with their usable lines.
        notes: what was left out, a sentence each.
        held_out: what validation and test pages say.
        documents: of validation and test pages.
    """

    pages: dict[str, list[UsablePage]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    held_out: WrittenTexts = field(default_factory=lambda: WrittenTexts(()))
    documents: set[tuple[str, str]] = field(default_factory=set)


class Paragraphs(BaseDataModule):
    """Paragraphs of pages; a subclass says which pages, and may train on others than real ones.

    No document or writer is in two splits. Lines of training pages that say what validation or
    test pages say are not trained on.

    Args:
        options: None takes the defaults.

    Attributes:
        notes: what was left out, and what splits share, a sentence each; empty before `setup`.
    """

    options_class: ClassVar[type[DataModuleOptions]] = ParagraphOptions
    options: ParagraphOptions
    characters = PARAGRAPH_MAPPING_2021
    mapping = PARAGRAPH_MAPPING_2021.symbols

    def __init__(self, options: ParagraphOptions | None = None) -> None:
        super().__init__(options)
        self.input_dims = (1, *self.options.canvas)
        self.output_dims = (self.options.max_length, 1)
        self.notes: list[str] = []
        self._pages: list[PageSample] = []

    def read_pages(self) -> list[PageSample]:
        """All pages with their splits.

        Raises:
            InputError: the data are not there.
        """
        raise NotImplementedError

    def prepare_data(self) -> None:
        """See that the data are there."""
        self._pages = self.read_pages()

    def read_splits(self) -> dict[str, Samples]:
        """Paragraphs of all splits; images are read when they are needed."""
        material = usable_pages(self._pages or self.read_pages(), self.options)
        self.notes = material.notes
        splits = {split: self.real_samples(material.pages[split], split) for split in SPLITS[1:]}
        train = self.training_samples(material)
        if not len(train):
            reason = f"{self.data_name}: no training page has lines that can be learnt."
            raise InputError(" ".join((reason, *self.notes)))
        return {"train": train, **splits}

    def training_samples(self, material: PageMaterial) -> Samples:
        """What is trained on, made of the training pages."""
        return self.real_samples(material.pages["train"], "train")

    def describe(self) -> str:
        """What every data module says, and what was left out."""
        return "\n".join((super().describe(), *self.notes))

    def real_samples(self, pages: Sequence[UsablePage], split: str) -> ImageTextDataset:
        """Paragraphs as they stand on pages; those of training are varied."""
        runs = self._runs(pages, split)
        varied = split == "train" and self.options.augment_data
        return ImageTextDataset(
            [fitted_cut(page, run, self.options) for page, run in runs],
            encode_paragraphs([page.text(run) for page, run in runs], self.options.max_length),
            view=paragraph_view(self.options.canvas, varied=varied),
        )

    def _runs(self, pages: Sequence[UsablePage], split: str) -> list[tuple[UsablePage, Run]]:
        most = self.options.text_length
        if self.options.pieces:
            cut = training_runs if split == "train" else cut_into_runs
            return [(page, run) for page in pages for run in cut(page, most)]
        runs = [(page, page.whole()) for page in pages]
        lengths = [len(page.text(run)) for page, run in runs]
        n_long = sum(length > most for length in lengths)
        if n_long:
            self.notes.append(
                f"{split}: {n_long} pages have more than {self.options.max_length} labels and are "
                f"left out; --max_length={max(lengths) + N_TOKENS} makes room, --pieces cuts them."
            )
        return [run for run, length in zip(runs, lengths, strict=True) if length <= most]


def usable_pages(pages: Sequence[PageSample], options: ParagraphOptions) -> PageMaterial:
    """Pages of each split with the lines whose text and place are known, none shared."""
    kept, n_crossing = separate_documents(pages)
    held_out = [page for page in kept if page.split in HELD_OUT]
    material = PageMaterial(documents=documents(held_out))
    if n_crossing:
        material.notes.append(
            f"{n_crossing} pages are left out: other splits hold their document or writer."
        )
    folded = LabelText(PARAGRAPH_MAPPING_2021, options.unknown)
    for split in SPLITS:
        usable = [_usable(page, folded, options) for page in of_split(kept, split)]
        material.pages[split] = [page for page in usable if page.texts]
    n_lost = sum(len(page.lines) for page in kept) - sum(
        len(page.texts) for split in SPLITS for page in material.pages[split]
    )
    if n_lost > folded.skipped:
        material.notes.append(
            f"{n_lost - folded.skipped} lines have no text or no outline, or are too long."
        )
    material.notes += folded.notes()
    _find_shared(material, keep=options.shared_texts)
    return material


def fitted_cut(page: UsablePage, run: Run, options: ParagraphOptions) -> FittedCut:
    """Some lines of a page at the scale at which they are shown."""
    cut = page.layout.cut(run)
    largest = options.page_scale(page.layout.page, cut.line_height)
    return FittedCut.on(cut, options.canvas, largest=largest)


def encode_paragraphs(texts: Sequence[str], length: int) -> Labels:
    """Labels of paragraphs with start and end, of shape (N, length), uint8."""
    labels = np.zeros((len(texts), length), np.uint8)
    for row, text in zip(labels, texts, strict=True):
        row[:] = PARAGRAPH_MAPPING_2021.encode_line(text, length, with_tokens=True)
    return labels


def paragraph_view(canvas: Canvas, *, varied: bool) -> "partial[GreyImage]":
    """How a data set shows ink: varied anywhere on the canvas, or as it is in the middle."""
    if varied:
        return partial(varied_ink, canvas=canvas, ranges=PARAGRAPH_RANGES)
    return partial(place, canvas=canvas)


def varied_ink(ink: GreyImage, canvas: Canvas, ranges: InkRanges) -> GreyImage:
    """Ink changed and placed by chance, which comes from torch."""
    return vary_ink(ink, canvas, ranges, torch.rand(N_CHANCES).numpy().astype(np.float64))


def _usable(page: PageSample, folded: LabelText, options: ParagraphOptions) -> UsablePage:
    layout = PageLayout(page)
    texts = {}
    for number, line in enumerate(page.lines):
        text = folded.usable(line.text) if number in layout.places and line.text else None
        if text and len(text) <= options.text_length:
            texts[number] = text
    return UsablePage(layout, texts)


def _find_shared(material: PageMaterial, *, keep: bool) -> None:
    """Counts lines that other splits say, too, and takes them out of the training pages."""
    said = {
        split: [list(page.texts.values()) for page in material.pages[split]] for split in SPLITS
    }
    test, material.held_out = (
        WrittenTexts(said["test"]),
        WrittenTexts(said["validation"] + said["test"]),
    )
    n_validation = sum(test.hold(line) for page in said["validation"] for line in page)
    n_shared = sum(material.held_out.hold(line) for page in said["train"] for line in page)
    material.notes += sharing_notes("pages", n_validation, n_shared, keeps=keep)
    if keep:
        material.held_out = WrittenTexts(())
        return
    for page in material.pages["train"]:
        for number in [i for i, line in page.texts.items() if material.held_out.hold(line)]:
            del page.texts[number]
    material.pages["train"] = [page for page in material.pages["train"] if page.texts]
