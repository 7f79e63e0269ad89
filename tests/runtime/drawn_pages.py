"""Pages and readers for tests: lines of text drawn in OpenCV's own stroke font."""

from collections.abc import Sequence

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
