"""What was read: a page of regions, lines and words, with places and confidences.

Coordinates are pixels of the image after its EXIF orientation, from the top left, as points (x, y);
pages of a PDF are measured at the page's `dpi`. Imports nothing of ours: every format and the
evaluation stand on it.
"""

from dataclasses import dataclass

Point = tuple[float, float]
Points = tuple[Point, ...]


@dataclass(frozen=True)
class Word:
    """Characters between two blanks of one line.

    Attributes:
        text: at least one character, no blank.
        confidence: estimated probability that every character is right, 0 to 1.
        polygon: outline, clockwise from the top left.
    """

    text: str
    confidence: float
    polygon: Points


@dataclass(frozen=True)
class Alternative:
    """One of several texts that a line may read as.

    Attributes:
        text: without blanks at the ends.
        score: logarithm of how likely it is, to be compared within a line.
    """

    text: str
    score: float


@dataclass(frozen=True)
class Line:
    """One written line.

    Attributes:
        id: unique on the page.
        text: empty if nothing could be made out.
        confidence: mean over the characters of their estimated probability of being right; 0 for
            an empty text.
        baseline: what the letters stand on, in writing direction; empty if it is not known, as
            where a paragraph was read as a whole.
        polygon: outline, clockwise from the top left.
        words: in the order of the text.
        alternatives: texts that the line may read as, the best first; empty if not asked for.
    """

    id: str
    text: str
    confidence: float
    baseline: Points
    polygon: Points
    words: tuple[Word, ...] = ()
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True)
class Region:
    """An area of one role; `lines` are in reading order."""

    id: str
    polygon: Points
    lines: tuple[Line, ...]
    type: str = "paragraph"


@dataclass(frozen=True)
class Page:
    """One page image and what stands on it, in reading order.

    Attributes:
        file: name of the file as it was given; empty for an image that came from memory.
        number: of the page in its file, from 1.
        width: pixels of the image, turned as its EXIF orientation says.
        height: likewise; all points of the page are in this image.
        regions: in reading order.
        dpi: pixels an inch that a PDF page was drawn at; None for images.
        turned: degrees, clockwise, that the image had to be turned by to be read.
        is_complete: False if a model for paragraphs wrote as much as it can before it came to the
            end, or ended where it repeated itself.
    """

    file: str
    number: int
    width: int
    height: int
    regions: tuple[Region, ...] = ()
    dpi: int | None = None
    turned: int = 0
    is_complete: bool = True

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines in reading order."""
        return tuple(line for region in self.regions for line in region.lines)

    @property
    def text(self) -> str:
        """Lines joined by a newline, regions by a blank line; lines without text are left out."""
        regions = (
            "\n".join(line.text for line in region.lines if line.text) for region in self.regions
        )
        return "\n\n".join(text for text in regions if text)
