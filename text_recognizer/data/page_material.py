"""Pages to learn lines from: real ones with PAGE XML, and pages composed of their lines.

Knows nothing about torch.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from text_recognizer.data.page_crops import PageMaterial
from text_recognizer.evaluation.line_finding import local_gaps
from text_recognizer.evaluation.page_evaluation import reference_lines
from text_recognizer.ground_truth import PageSample
from text_recognizer.ground_truth.image_files import read_grey
from text_recognizer.layout.found_line import FoundLine
from text_recognizer.synthesis.arrays import GreyImage
from text_recognizer.synthesis.line_maps import SizedLine, foreign_ink, measure_heights
from text_recognizer.synthesis.pages import (
    FEWEST_LINES,
    DrawnPage,
    Hand,
    PageLayout,
    compose_page,
    cut_hand,
    shifted,
)
from text_recognizer.synthesis.paper import PaperStyle

_LONG_SIDE = 1_600  # pixels that pages are kept in
_MOST_LINES = 24  # of a composed page
_GAP_SPREAD = (0.75, 1.7)  # of the hand's own line gap
_INSERTED = 0.4  # most lines of a page over which words are written
_PARTED = 0.5  # most lines of a page that are two side by side
_COLUMNS = 0.2  # share of composed pages with two columns


def read_material(samples: Sequence[PageSample]) -> tuple[list[PageMaterial], list[Hand]]:
    """Real pages with their lines, and what pages can be composed of.

    Raises:
        InputError: an image cannot be read.
    """
    found, hands = [], []
    for sample in samples:
        material = _material(sample)
        found.append(material)
        if len(material.lines) >= FEWEST_LINES:
            places = [line.place for line in material.lines]
            hands.append(cut_hand(material.image, places, material.gap))
    return found, hands


def _material(sample: PageSample) -> PageMaterial:
    image = read_grey(sample.image_path)
    scale = min(1.0, _LONG_SIDE / max(image.shape))
    if scale < 1:
        size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    places, _ = reference_lines(sample)
    factor = np.float32(scale)
    lines = sized_lines([FoundLine(p.baseline * factor, p.polygon * factor) for p in places])
    return PageMaterial(image, lines, foreign_ink(image, lines))


def sized_lines(places: Sequence[FoundLine]) -> tuple[SizedLine, ...]:
    """Lines with their gaps and heights; a lone line's gap is twice its height."""
    heights = [measure_heights(place) for place in places]
    lone = 2 * float(np.median([sum(pair) for pair in heights])) if heights else 1.0
    gaps = local_gaps([place.baseline for place in places], lone_gap=lone)
    return tuple(
        SizedLine(place, float(gap), *pair)
        for place, gap, pair in zip(places, gaps, heights, strict=True)
    )


def compose_material(
    hands: Sequence[Hand], rng: np.random.Generator, *, strength: float
) -> PageMaterial:
    """A page of one hand's lines, on one or two columns, closer or wider than they were."""
    hand = hands[int(rng.integers(len(hands)))]
    gap = hand.gap * float(np.exp(rng.uniform(*np.log(_GAP_SPREAD))))
    paper = PaperStyle.sample(rng, strength, height=round(1.5 * gap))
    layout = PageLayout(
        gap,
        margin=rng.uniform(0.3, 3.0) * gap,
        indent=rng.uniform(0.0, 4.0) * gap if rng.random() < 0.5 else 0.0,
        wander=rng.uniform(0.0, 0.06) * gap,
        inserted=rng.uniform(0.0, _INSERTED) if rng.random() < 0.5 else 0.0,
        parted=rng.uniform(0.0, _PARTED) if rng.random() < 0.5 else 0.0,
        paper=paper,
    )
    n_columns = 2 if rng.random() < _COLUMNS else 1
    columns = [_column(hand, layout, rng) for _ in range(n_columns)]
    page = columns[0] if n_columns == 1 else _side_by_side(columns)
    lines = sized_lines(page.lines)
    return PageMaterial(page.image, lines, np.zeros_like(page.image))


def _column(hand: Hand, layout: PageLayout, rng: np.random.Generator) -> DrawnPage:
    n_lines = int(rng.integers(1, _MOST_LINES + 1))
    picked = rng.integers(len(hand.cut_outs), size=n_lines)
    return compose_page([hand.cut_outs[i] for i in picked], layout, rng)


def _side_by_side(columns: Sequence[DrawnPage]) -> DrawnPage:
    """Columns on one sheet, as high as the longest."""
    height = max(column.image.shape[0] for column in columns)
    images: list[GreyImage] = []
    lines: list[FoundLine] = []
    left = 0
    for column in columns:
        missing = height - column.image.shape[0]
        images.append(np.pad(column.image, ((0, missing), (0, 0)), mode="edge"))
        lines += [shifted(line, left, 0) for line in column.lines]
        left += column.image.shape[1]
    return DrawnPage(np.hstack(images), tuple(lines))
