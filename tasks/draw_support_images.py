"""Draws the images that text_recognizer/tests reads, in open-licence handwriting fonts.

    tasks/install_fonts.sh fonts
    python tasks/draw_support_images.py --fonts fonts

Characters and lines are bright on black, as the data modules give them, and their file names are
their texts; the paragraph is dark on light and has its text beside it. The same fonts draw the same
images. The sentences of the paragraph were written for this project.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from draw_examples import Example, Floats, Paper, Sheet, draw_ink, draw_sheet, save
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SUPPORT_FOLDER = ROOT / "text_recognizer" / "tests" / "support"
CHARACTER_PX = 28
_BORDER_PX = 2

CHARACTER_FACES = {"8": "gloria-hallelujah", "U": "patrick-hand", "e": "handlee"}
LINE_FACES = {
    "Corsi left for": "indie-flower",
    "do that In": "neucha",
    "or if used the results": "architects-daughter",
}

PARAGRAPH = """\
The bridge was closed in the first week of June,
and since then the whole village walks to the mill.
Old Mr. Harper counts the people who pass his door:
forty on Monday, sixty on market day, and on Sunday
nobody before noon. He says that he never knew how
many neighbours he had, and that he will be sorry
when the carpenters are done with their work."""
PARAGRAPHS = (
    Example(
        "seven-lines.jpg",
        (
            Sheet(
                lines=tuple(PARAGRAPH.splitlines()),
                face="neucha",
                letter_size=40,
                pitch=72,
                size=(600, 1000),
                margin=(90, 60),
                paper=Paper(tint=(0.96, 0.955, 0.94), grain=0.005, shade=0.05),
            ),
        ),
    ),
)


def draw_character(character: str, face: str, fonts: Path) -> Image.Image:
    """The character in the size of EMNIST: its ink in the middle, two pixels from the border."""
    sheet = Sheet((character,), face, letter_size=96, pitch=0, size=(240, 280), margin=(160, 80))
    ink = _cut_to_ink(draw_ink(sheet, fonts, np.random.default_rng(ord(character))))
    side = max(ink.shape)
    square = np.zeros((side, side), np.float32)
    top, left = ((side - length) // 2 for length in ink.shape)
    square[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    inner = CHARACTER_PX - 2 * _BORDER_PX
    small = cv2.resize(square, (inner, inner), interpolation=cv2.INTER_AREA)
    return _bright(np.pad(small, _BORDER_PX))


def draw_line(text: str, face: str, fonts: Path) -> Image.Image:
    """The line at the left end of a long image."""
    sheet = Sheet((text,), face, letter_size=32, pitch=0, size=(64, 952), margin=(42, 24))
    return _bright(draw_ink(sheet, fonts, np.random.default_rng(len(text))))


def _cut_to_ink(ink: Floats) -> Floats:
    rows, columns = (np.flatnonzero(ink.max(axis=axis) > 0.1) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _bright(ink: Floats) -> Image.Image:
    """Ink on black, the darkest stroke white."""
    return Image.fromarray(np.round(ink / ink.max() * 255).astype(np.uint8))


def draw_characters(fonts: Path, folder: Path) -> None:
    """Write `emnist/`."""
    for character, face in CHARACTER_FACES.items():
        save([draw_character(character, face, fonts)], folder / f"{character}.png")


def draw_lines(fonts: Path, folder: Path) -> None:
    """Write `emnist_lines/`."""
    for text, face in LINE_FACES.items():
        save([draw_line(text, face, fonts)], folder / f"{text}.png")


def draw_paragraphs(fonts: Path, folder: Path) -> None:
    """Write `paragraphs/`."""
    for example in PARAGRAPHS:
        rng = np.random.default_rng(7)
        path = folder / example.file_name
        save([draw_sheet(sheet, fonts, rng) for sheet in example.sheets], path)
        path.with_suffix(".txt").write_text(example.text, encoding="utf-8")


KINDS: dict[str, Callable[[Path, Path], None]] = {
    "emnist": draw_characters,
    "emnist_lines": draw_lines,
    "paragraphs": draw_paragraphs,
}


def main(*kinds: str) -> None:
    """Draw the folders of the given names, or all of them."""
    parser = argparse.ArgumentParser(description="Draw the images of text_recognizer/tests.")
    parser.add_argument("--fonts", type=Path, default=ROOT / "fonts", help="folder of the fonts")
    parser.add_argument("--output", type=Path, default=SUPPORT_FOLDER)
    arguments = parser.parse_args()
    for kind in kinds or KINDS:
        folder: Path = arguments.output / kind
        folder.mkdir(parents=True, exist_ok=True)
        KINDS[kind](arguments.fonts, folder)
        print(f"{folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")


if __name__ == "__main__":
    main()
