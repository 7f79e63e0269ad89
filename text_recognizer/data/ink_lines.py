"""Lines of ink to stack into paragraphs: of training pages, and of further training lines."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from text_recognizer.data.label_text import LabelText
from text_recognizer.data.page_separation import WrittenTexts
from text_recognizer.data.paragraphs import ParagraphOptions
from text_recognizer.grey_image import GreyImage
from text_recognizer.ground_truth import LineSample, read_lines
from text_recognizer.ground_truth.page_cuts import FittedCut
from text_recognizer.ground_truth.paragraph_pieces import UsablePage
from text_recognizer.paragraph_input import ink_at_scale

KEPT_PX = 56  # rows of a usual line as it is kept where no scale is set; it is never drawn larger
_INK_PERCENTILE = 98.5


@dataclass(frozen=True, eq=False)
class InkLine:
    """A line to draw.

    Attributes:
        text: what it says.
        document: whose hand it is.
        unit: rows of a usual line of the same hand in `read`'s image.
        read: gives ink bright on black, (H, W), uint8.
    """

    text: str
    document: tuple[str, str]
    unit: float
    read: Callable[[], GreyImage]


@dataclass(frozen=True, eq=False)
class _Held:
    """Ink in memory; a page is opened once for all of its lines."""

    ink: GreyImage

    def __call__(self) -> GreyImage:
        return self.ink


@dataclass(frozen=True)
class _Opened:
    """Ink of an image of a line, opened when it is needed."""

    read_image: Callable[[], GreyImage]
    height: float

    def __call__(self) -> GreyImage:
        image = self.read_image()
        return ink_at_scale(image, min(1.0, self.height / image.shape[0]))


def page_lines(pages: Iterable[UsablePage], options: ParagraphOptions) -> list[InkLine]:
    """All usable lines of pages, each by itself.

    Args:
        pages: of training.
        options: scale and canvas; without a scale a page's usual line is `KEPT_PX` high at most.

    Raises:
        InputError: an image cannot be read.
    """
    found = []
    for page in pages:
        usual = page.layout.cut(page.whole()).line_height
        largest = min(1.0, KEPT_PX / usual)
        if options.scale is not None:
            largest = options.page_scale(page.layout.page, usual)
        document = page.layout.page.source, page.layout.page.document
        for number, text in page.texts.items():
            fitted = FittedCut.on(page.layout.cut([number]), options.canvas, largest=largest)
            found.append(InkLine(text, document, usual * fitted.scale, _Held(fitted())))
    return found


def further_lines(
    path: Path,
    folded: LabelText,
    *,
    but: WrittenTexts,
    documents: set[tuple[str, str]],
    height: float = KEPT_PX,
) -> tuple[list[InkLine], int]:
    """Training lines of a data set in any layout, and how many were left out.

    Args:
        path: of the data set.
        folded: makes texts of what the labels can say.
        but: what no line may say.
        documents: whose lines are not taken.
        height: rows of an image at most.

    Raises:
        InputError: there is nothing that can be read.
    """
    samples = read_lines(path, split="train")
    kept = [s for s in samples if (s.source, s.document) not in documents]
    found = [(sample, folded.usable(sample.text)) for sample in kept]
    lines = [_opened(sample, text, height) for sample, text in found if text and not but.hold(text)]
    return lines, len(samples) - len(lines)


def scaled_ink(ink: GreyImage, factor: float) -> GreyImage:
    """Ink made smaller without growing fainter."""
    height, width = (max(1, int(side * factor + 1e-6)) for side in ink.shape)
    if (height, width) == ink.shape:
        return ink
    small = cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA)
    full = float(np.percentile(ink, _INK_PERCENTILE)) / max(
        1.0, float(np.percentile(small, _INK_PERCENTILE))
    )
    return np.asarray(cv2.convertScaleAbs(small, alpha=max(1.0, full)), np.uint8)


def by_document(lines: Sequence[InkLine]) -> list[list[int]]:
    """Numbers of the lines of each document."""
    groups: dict[tuple[str, str], list[int]] = {}
    for number, line in enumerate(lines):
        groups.setdefault(line.document, []).append(number)
    return list(groups.values())


def _opened(sample: LineSample, text: str, height: float) -> InkLine:
    document = sample.source, sample.document
    return InkLine(text, document, height, _Opened(sample.read_image, height))
