"""Pages set from written lines, whose baselines and outlines are therefore known exactly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import ArrayLike

from text_recognizer.layout import FoundLine
from text_recognizer.synthesis.arrays import GreyImage, Ink
from text_recognizer.synthesis.paper import PaperStyle, make_paper

FEWEST_LINES = 5  # lines of a page whose lines are set anew
_PAPER_PART = 0.8  # of a line's height, the closing that finds the paper behind its ink
_RIM = 0.06  # of a line's height, by which a cut-out is larger than the outline
_WORD_GAP = 0.2  # of a line's height, widest hole inside of a word
_FAINTEST = 0.12  # share of light taken away, below which it is paper and not ink


@dataclass(frozen=True, eq=False)
class LineCutOut:
    """Ink of one line, darkness of shape (H, W), and where the line is on it."""

    ink: Ink
    place: FoundLine


@dataclass(frozen=True, eq=False)
class Hand:
    """Lines of one page, cut out, and the distance that they had."""

    cut_outs: Sequence[LineCutOut]
    gap: float


@dataclass(frozen=True, eq=False)
class DrawnPage:
    """A page image (H, W), uint8, with its lines from top to bottom."""

    image: GreyImage
    lines: tuple[FoundLine, ...]


@dataclass(frozen=True)
class PageLayout:
    """How lines are set. Lengths in px.

    Attributes:
        gap: distance of baselines.
        margin: paper around the writing.
        indent: how far lines begin right of the margin at most.
        wander: standard deviation of baselines' heights.
        inserted: share of the lines over which a few small words are written.
        parted: share of the lines that are two, side by side and not quite level, as a date beside
            a place.
        paper: look of the sheet; its rules lie a gap apart.
    """

    gap: float
    margin: float = 100.0
    indent: float = 0.0
    wander: float = 0.0
    inserted: float = 0.0
    parted: float = 0.0
    paper: PaperStyle = field(default_factory=PaperStyle)


def cut_hand(page: GreyImage, lines: Sequence[FoundLine], gap: float) -> Hand:
    """What pages can be composed of.

    Args:
        page: grey image (H, W), uint8.
        lines: of the page.
        gap: distance that they have.
    """
    return Hand([cut_out(page, line.baseline, line.polygon) for line in lines], gap)


def cut_out(page: GreyImage, baseline: ArrayLike, polygon: ArrayLike) -> LineCutOut:
    """The ink inside a line's outline and close to it, without the paper behind it.

    Args:
        page: grey image (H, W), uint8.
        baseline: points (x, y) of shape (n, 2).
        polygon: points (x, y) of shape (m, 2); what lies outside of the page is left out.
    """
    outline = np.asarray(polygon, np.float32)
    low, high = outline.min(axis=0), outline.max(axis=0)
    rim = max(1, round(_RIM * float(high[1] - low[1])))
    left, top = np.maximum(np.floor(low).astype(int) - rim, 0)
    right, bottom = np.ceil(high).astype(int) + 1 + rim
    part = page[top:bottom, left:right]
    mask = np.zeros(part.shape, np.uint8)
    corner = np.array([left, top], np.float32)
    cv2.fillPoly(mask, [np.round(outline - corner).astype(np.int32)], 255)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1))
    ink = cv2.bitwise_and(_darkness(part), cv2.dilate(mask, kernel))
    place = FoundLine(np.asarray(baseline, np.float32) - corner, outline - corner)
    return LineCutOut(np.asarray(ink, dtype=np.uint8), place)


def _darkness(part: GreyImage) -> Ink:
    """Share of light that ink takes away, 0 to 255; paper, its grain too, is 0."""
    size = max(3, round(_PAPER_PART * part.shape[0])) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (size, size))
    closed = cv2.morphologyEx(part, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
    paper = cv2.blur(closed, (size, size), borderType=cv2.BORDER_REPLICATE).astype(np.float32)
    taken = 1.0 - part / np.maximum(paper, 1.0)
    taken = np.where(taken < _FAINTEST, 0.0, taken)
    return (np.clip(taken, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)


def compose_page(
    cut_outs: Sequence[LineCutOut], layout: PageLayout, rng: np.random.Generator
) -> DrawnPage:
    """A page of lines below each other, as large as they need.

    Args:
        cut_outs: at least one, from top to bottom.
        layout: how to set them.
        rng: source of all chance.
    """
    widest = max(cut.ink.shape[1] for cut in cut_outs)
    tallest = max(cut.ink.shape[0] for cut in cut_outs)
    first = layout.margin + tallest
    size = (
        round(first + layout.gap * (len(cut_outs) - 1) + tallest + layout.margin),
        round(widest + 2 * layout.margin + layout.indent),
    )
    image = make_paper(size, layout.paper, rng, baseline=first)
    lines = []
    for number, cut in enumerate(cut_outs):
        foot = first + number * layout.gap + rng.normal(0.0, 1.0) * layout.wander
        left = layout.margin + rng.uniform(0.0, 1.0) * layout.indent
        for piece, x, y in _row(cut, cut_outs, layout, rng):
            lines.append(_set_down(image, piece, left + x, foot + y))
    return DrawnPage(image, tuple(sorted(lines, key=lambda line: line.baseline[:, 1].mean())))


def _row(
    cut: LineCutOut, others: Sequence[LineCutOut], layout: PageLayout, rng: np.random.Generator
) -> Iterator[tuple[LineCutOut, float, float]]:
    """A line, or two side by side, and words over it; each with its place from the line's start."""
    width = cut.ink.shape[1]
    if layout.parted and rng.random() < layout.parted:
        cut = pick_words(cut, rng, most=4)
        start = cut.ink.shape[1] + rng.uniform(0.8, 5.0) * layout.gap
        second = pick_words(others[int(rng.integers(len(others)))], rng, most=4)
        if start + second.ink.shape[1] <= width:
            yield second, start, rng.uniform(-0.3, 0.3) * layout.gap
    yield cut, 0.0, 0.0
    if layout.inserted and rng.random() < layout.inserted:
        words = pick_words(others[int(rng.integers(len(others)))], rng, most=3)
        words = resized(words, rng.uniform(0.5, 0.9))
        room = max(0.0, width - words.ink.shape[1])
        yield words, rng.uniform(0.0, room), -rng.uniform(0.4, 0.6) * layout.gap


def _set_down(image: GreyImage, cut: LineCutOut, left: float, foot: float) -> FoundLine:
    """Paste a line with its mean baseline at a height."""
    x, y = round(left), round(foot - float(cut.place.baseline[:, 1].mean()))
    paste_ink(image, cut.ink, (x, y))
    return shifted(cut.place, x, y)


def pick_words(cut: LineCutOut, rng: np.random.Generator, *, most: int) -> LineCutOut:
    """One to `most` words of a line that follow each other; words end at holes in the ink."""
    height, width = cut.ink.shape
    hole = max(3, round(_WORD_GAP * height)) | 1
    columns = cut.ink.max(axis=0)[None]
    closed = cv2.morphologyEx(columns, cv2.MORPH_CLOSE, np.ones((1, hole), np.uint8))
    edges = np.flatnonzero(np.diff((closed[0] > 0).astype(np.int8), prepend=0, append=0))
    words = edges.reshape(-1, 2)
    if len(words) < 2:
        return cut
    n_words = int(rng.integers(1, min(most, len(words)) + 1))
    at = int(rng.integers(len(words) - n_words + 1))
    left, right = int(words[at, 0]), int(words[at + n_words - 1, 1])
    baseline = cut.place.baseline
    inside = baseline[(baseline[:, 0] > left) & (baseline[:, 0] < right)]
    ends = np.array([[x, np.interp(x, *baseline.T)] for x in (left, right)], np.float32)
    polygon = cut.place.polygon.copy()
    polygon[:, 0] = polygon[:, 0].clip(left, right)
    place = FoundLine(np.vstack([ends[:1], inside, ends[1:]]), polygon)
    return LineCutOut(cut.ink[:, left:right], shifted(place, -left, 0))


def resized(cut: LineCutOut, scale: float) -> LineCutOut:
    """A line in another size."""
    height, width = cut.ink.shape
    size = (max(1, round(scale * width)), max(1, round(scale * height)))
    ink = np.asarray(cv2.resize(cut.ink, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    factor = np.array([size[0] / width, size[1] / height], np.float32)
    return LineCutOut(ink, FoundLine(cut.place.baseline * factor, cut.place.polygon * factor))


def shifted(line: FoundLine, x: float, y: float) -> FoundLine:
    """The same line somewhere else."""
    by = np.array([x, y], np.float32)
    return FoundLine(line.baseline + by, line.polygon + by)


def paste_ink(image: GreyImage, ink: Ink, corner: tuple[int, int]) -> None:
    """Darken `image` by ink whose top left corner is at (x, y); what stands out is left off."""
    x, y = corner
    left, top = max(0, x), max(0, y)
    right = min(image.shape[1], x + ink.shape[1])
    bottom = min(image.shape[0], y + ink.shape[0])
    if left >= right or top >= bottom:
        return
    light = cv2.bitwise_not(np.ascontiguousarray(ink[top - y : bottom - y, left - x : right - x]))
    under = image[top:bottom, left:right]
    image[top:bottom, left:right] = cv2.multiply(under, light, scale=1 / 255)
