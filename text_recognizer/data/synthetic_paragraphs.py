"""Paragraphs stacked of single lines, drawn when they are loaded, anew in each epoch.

A paragraph depends on seed, epoch and number only, so every process draws the same. Lines are
dropped from the end until image and label fit at the scale at which they are drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

from text_recognizer.data.array_dataset import Batch, Samples
from text_recognizer.data.character_mapping import PARAGRAPH_MAPPING_2021
from text_recognizer.data.ink_lines import (
    KEPT_PX,
    InkLine,
    by_document,
    further_lines,
    page_lines,
    scaled_ink,
)
from text_recognizer.data.ink_variation import N_CHANCES, PARAGRAPH_RANGES, vary_ink
from text_recognizer.data.label_text import LabelText
from text_recognizer.data.paragraphs import (
    PageMaterial,
    ParagraphOptions,
    Paragraphs,
    encode_paragraphs,
)
from text_recognizer.errors import OptionError
from text_recognizer.grey_image import GreyImage
from text_recognizer.paragraph_input import Canvas, place

_LINE_PX = (20.0, float(KEPT_PX))  # rows of a usual line
_GAP = (-0.1, 0.35)  # between lines, of their height
_GAP_SPREAD = (-0.04, 0.08)
_INDENT = (0.0, 0.6)  # of each line, of its height
_ONE_HAND = 0.5  # share of the paragraphs whose lines are of one document


@dataclass(frozen=True)
class SyntheticParagraphOptions(ParagraphOptions):
    """Options of paragraphs stacked of lines.

    Attributes:
        epoch_length: training paragraphs of an epoch.
        max_lines: lines of a stacked paragraph at most.
        lines_dir: further lines to stack, in any layout; their training split is taken. With a
            scale, they are as high as a usual line of the pages at that scale.
    """

    epoch_length: int = 20_480
    max_lines: int = 15
    lines_dir: Path | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("epoch_length", "max_lines"):
            if getattr(self, name) < 1:
                raise OptionError(f"{name} is at least 1, not {getattr(self, name)}.")


@dataclass(frozen=True)
class MixedParagraphOptions(SyntheticParagraphOptions):
    """Options of real paragraphs among stacked ones.

    Attributes:
        real_share: share of the training paragraphs that stand on pages.
    """

    real_share: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.real_share <= 1:
            raise OptionError(f"real_share is from 0 to 1, not {self.real_share}.")


class StackedParagraphs(Dataset[Batch]):
    """Paragraphs of lines that were not written together.

    Args:
        lines: to draw from.
        options: size, scale and number.
    """

    def __init__(self, lines: Sequence[InkLine], options: SyntheticParagraphOptions) -> None:
        self.lines = tuple(lines)
        self.options = options
        self._hands = by_document(lines)
        # Loader processes that live on see what is written into shared memory.
        self._epoch = torch.zeros(1, dtype=torch.int64)
        self._epoch.share_memory_()  # type: ignore[no-untyped-call]

    def __len__(self) -> int:
        return self.options.epoch_length if self.lines else 0

    @property
    def epoch(self) -> int:
        """Which epoch's paragraphs are drawn, whichever process asks."""
        return int(self._epoch[0])

    def set_epoch(self, epoch: int) -> None:
        """Which epoch's paragraphs are drawn."""
        self._epoch[0] = epoch

    def __getitem__(self, index: int) -> Batch:
        """Image of shape (1, H, W), float32, 0 to 1, and labels of shape (L,), int64."""
        rng = np.random.default_rng([self.options.seed, self.epoch, index])
        ink, text = self.draw(rng)
        canvas = self.options.canvas
        if self.options.augment_data:
            shown = vary_ink(ink, canvas, PARAGRAPH_RANGES, rng.random(N_CHANCES))
        else:
            shown = place(ink, canvas, down=rng.random(), right=rng.random())
        (labels,) = encode_paragraphs([text], self.options.max_length)
        image = torch.from_numpy(np.ascontiguousarray(shown)).unsqueeze(0)
        return image.to(torch.float32).div_(255.0), torch.from_numpy(labels.astype(np.int64))

    def draw(self, rng: np.random.Generator) -> tuple[GreyImage, str]:
        """Ink of a paragraph, not larger than the canvas, and its text."""
        lines = [self.lines[i] for i in self._pick(rng)]
        inks = self._at_one_size(lines, rng)
        places = _stack(inks, self.options.canvas[1], rng)
        n_lines = len(lines)
        text = "\n".join(line.text for line in lines)
        while n_lines > 1 and (
            _extent(inks[:n_lines], places)[0] > self.options.canvas[0]
            or len(text) > self.options.text_length
        ):
            n_lines -= 1
            text = "\n".join(line.text for line in lines[:n_lines])
        return _compose(inks[:n_lines], places), text

    def _pick(self, rng: np.random.Generator) -> list[int]:
        n_lines = int(rng.integers(1, self.options.max_lines + 1))
        pool: Sequence[int] = range(len(self.lines))
        if rng.random() < _ONE_HAND:
            pool = self._hands[int(rng.integers(len(self._hands)))]
        chosen = rng.choice(len(pool), size=min(n_lines, len(pool)), replace=False)
        return [pool[int(i)] for i in chosen]  # no line twice: readers must not learn to repeat

    def _at_one_size(self, lines: Sequence[InkLine], rng: np.random.Generator) -> list[GreyImage]:
        """Lines as high as each other, or all at the scale that is set; none wider than fits."""
        inks = [line.read() for line in lines]
        drawn = float(np.exp(rng.uniform(*np.log(_LINE_PX))))
        factors = [min(1.0, drawn / line.unit) for line in lines]
        if self.options.scale is not None:
            factors = [1.0] * len(lines)
        height, width = self.options.canvas
        fit = min(
            min(width / (ink.shape[1] * f), height / (ink.shape[0] * f))
            for ink, f in zip(inks, factors, strict=True)
        )
        return [scaled_ink(ink, f * min(1.0, fit)) for ink, f in zip(inks, factors, strict=True)]


class MixedParagraphs(Dataset[Batch]):
    """Real paragraphs and stacked ones, in a fixed share.

    The epochs go through all real ones in an order that the seed gives, again and again: where an
    epoch has room for some only, the next one goes on from there.

    Args:
        real: paragraphs of pages.
        stacked: drawn ones.
        n_real: real ones of an epoch; the rest up to the length of the stacked ones are drawn.
    """

    def __init__(self, real: Samples, stacked: StackedParagraphs, *, n_real: int) -> None:
        self.real, self.stacked = real, stacked
        self.n_real = n_real if len(real) else 0
        self._order = np.random.default_rng(stacked.options.seed).permutation(len(real))

    def __len__(self) -> int:
        return len(self.stacked)

    def set_epoch(self, epoch: int) -> None:
        """Which epoch's paragraphs are drawn."""
        self.stacked.set_epoch(epoch)

    def __getitem__(self, index: int) -> Batch:
        """The first ones are real."""
        return self._real(index) if index < self.n_real else self.stacked[index]

    def note(self) -> str:
        """How many real ones come in an epoch, and when all have come."""
        n_all = len(self.real)
        said = f"An epoch has {self.n_real} paragraphs of {n_all} real ones"
        if 0 < self.n_real < n_all:
            return f"{said}; all have come after {-(-n_all // self.n_real)} epochs."
        return f"{said}."

    def _real(self, index: int) -> Batch:
        """A real one, varied by seed, epoch and number only; torch's own chance stays as it was."""
        number = self._order[(self.stacked.epoch * self.n_real + index) % len(self.real)]
        key = np.random.SeedSequence([self.stacked.options.seed, self.stacked.epoch, index])
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(int(key.generate_state(1)[0]))
            return self.real[int(number)]


class SyntheticParagraphs(Paragraphs):
    """Training paragraphs stacked of lines of training pages; validation and test are real."""

    options: SyntheticParagraphOptions

    def training_samples(self, material: PageMaterial) -> Samples:
        """Paragraphs drawn of single lines."""
        return self.stacked(material)

    def stacked(self, material: PageMaterial) -> StackedParagraphs:
        """Paragraphs drawn of the lines of training pages, and of further training lines."""
        options = self.options
        lines = page_lines(material.pages["train"], options)
        if options.lines_dir is not None:
            height = _usual_height(lines) if options.scale is not None else KEPT_PX
            lines += self._further(options.lines_dir, material, height)
        self.notes.append(f"Stacked paragraphs are drawn of {len(lines)} training lines.")
        return StackedParagraphs(lines, options)

    def _further(self, path: Path, material: PageMaterial, height: float) -> list[InkLine]:
        folded = LabelText(PARAGRAPH_MAPPING_2021, self.options.unknown)
        lines, n_left_out = further_lines(
            path,
            folded,
            but=material.held_out,
            documents=material.documents,
            height=height,
        )
        self.notes.append(
            f"{path}: {len(lines)} training lines; {n_left_out} are left out for their characters, "
            "or because validation or test pages hold their document or say the same."
        )
        return [line for line in lines if len(line.text) <= self.options.text_length]


class OriginalAndSyntheticParagraphs(SyntheticParagraphs):
    """Real training paragraphs among stacked ones; validation and test are real."""

    options: MixedParagraphOptions

    def training_samples(self, material: PageMaterial) -> Samples:
        """Both kinds, in the share that the options say."""
        real = self.real_samples(material.pages["train"], "train")
        n_real = round(self.options.real_share * self.options.epoch_length)
        mixed = MixedParagraphs(real, self.stacked(material), n_real=n_real)
        self.notes.append(mixed.note())
        return mixed


def _usual_height(lines: Sequence[InkLine]) -> float:
    """Rows of a usual line of pages as they are kept; `KEPT_PX` without lines."""
    return float(np.median([line.unit for line in lines])) if lines else KEPT_PX


def _stack(
    inks: Sequence[GreyImage], width: int, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Top and left of each line, one under the other; lines may touch, and none stands out."""
    usual = float(np.median([len(ink) for ink in inks]))
    gap = rng.uniform(*_GAP)
    places, top = [], 0
    for ink in inks:
        left = min(round(rng.uniform(*_INDENT) * usual), width - ink.shape[1])
        places.append((top, max(0, left)))
        top += max(1, round(len(ink) + (gap + rng.uniform(*_GAP_SPREAD)) * usual))
    return places


def _extent(inks: Sequence[GreyImage], places: Sequence[tuple[int, int]]) -> Canvas:
    """Rows and columns that lines at their places need."""
    rows = max(top + ink.shape[0] for ink, (top, _) in zip(inks, places, strict=False))
    columns = max(left + ink.shape[1] for ink, (_, left) in zip(inks, places, strict=False))
    return rows, columns


def _compose(inks: Sequence[GreyImage], places: Sequence[tuple[int, int]]) -> GreyImage:
    """Lines at their places; where two meet, the brighter ink is seen."""
    image = np.zeros(_extent(inks, places), np.uint8)
    for ink, (top, left) in zip(inks, places, strict=False):
        part = image[top : top + ink.shape[0], left : left + ink.shape[1]]
        np.maximum(part, ink, out=part)
    return image
