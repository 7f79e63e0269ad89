"""Pages and readers for tests: lines of text drawn in OpenCV's own stroke font."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from text_recognizer.line_reader import CharacterReading, LineReading, WordReading

GreyImage = NDArray[np.uint8]

SENTENCES = (
    "The kettle sings before breakfast",
    "and the postman waves at the gate",
    "seven apples lie under the tree",
    "nobody knows who painted the door",
)
LINE_GAP = 60


def blank_page(height: int = 400, width: int = 900, *, paper: int = 240) -> GreyImage:
    return np.full((height, width), paper, np.uint8)


def draw_text(
    page: GreyImage, text: str, place: tuple[int, int], *, size: float = 1.0, ink: int = 30
) -> None:
    """Write on a page, with the baseline's left end at `place` (x, y)."""
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(page, text, place, font, size, ink, 2, cv2.LINE_AA)


def draw_page(
    sentences: Sequence[str] = SENTENCES, *, left: int = 60, top: int = 80, paper: int = 240
) -> GreyImage:
    """A page with one line a sentence, baselines `LINE_GAP` apart from `top` on."""
    page = blank_page(top + LINE_GAP * len(sentences) + 40, paper=paper)
    for number, sentence in enumerate(sentences):
        draw_text(page, sentence, (left, top + LINE_GAP * number))
    return page


def write_page(
    folder: Path, name: str, sentences: Sequence[str] = SENTENCES, *, left: int = 60, top: int = 80
) -> None:
    """A drawn page as `name`.png, and its lines as PAGE XML."""
    folder.mkdir(parents=True, exist_ok=True)
    image = draw_page(sentences, left=left, top=top)
    cv2.imwrite(str(folder / f"{name}.png"), image)
    rows = []
    for i, text in enumerate(sentences):
        y = top + i * LINE_GAP
        right = left + cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 2)[0][0]
        box = f"{left - 3},{y - 30} {right},{y - 30} {right},{y + 12} {left - 3},{y + 12}"
        rows.append(
            f'<TextLine id="l{i}"><Coords points="{box}"/>'
            f'<Baseline points="{left},{y} {right},{y}"/>'
            f"<TextEquiv><Unicode>{text}</Unicode></TextEquiv></TextLine>"
        )
    (folder / f"{name}.xml").write_text(
        '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">'
        f'<Page imageFilename="{name}.png" imageWidth="{image.shape[1]}"'
        f' imageHeight="{image.shape[0]}">'
        f'<TextRegion id="r"><Coords points="0,0 9,0 9,9"/>{"".join(rows)}</TextRegion>'
        "</Page></PcGts>"
    )


class NumberingReader:
    """Reads "line 1", "line 2", ... and keeps the images that it was given."""

    def __init__(self) -> None:
        self.images: list[GreyImage] = []

    def read(self, images: Sequence[GreyImage], /) -> list[LineReading]:
        first = len(self.images) + 1
        self.images += images
        return [reading(f"line {first + n}", image) for n, image in enumerate(images)]


def reading(text: str, image: GreyImage) -> LineReading:
    """A reading whose characters are spread evenly over the image."""
    step = image.shape[1] / len(text)
    characters = tuple(
        CharacterReading(char, 0.9, n * step, (n + 1) * step) for n, char in enumerate(text)
    )
    words = []
    start = 0
    for word in text.split(" "):
        words.append(WordReading(word, 0.8, start * step, (start + len(word)) * step))
        start += len(word) + 1
    return LineReading(text, 0.9, characters, tuple(words))
