"""Draws the pages of examples/ in open-licence handwriting fonts, with their true text beside them.

    tasks/install_fonts.sh FOLDER
    python tasks/draw_examples.py --fonts FOLDER

The same fonts draw the same pages. The sentences were written for this project.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Floats = NDArray[np.float32]

EXAMPLES_FOLDER = Path(__file__).resolve().parent.parent / "examples"
OVERSAMPLING = 3
"""Letters are drawn this much larger than they end up."""
PDF_DATE = time.struct_time((2026, 1, 1, 0, 0, 0, 3, 1, 0))
"""Stands in the PDF in place of the day on which it was drawn, so that drawing repeats."""


@dataclass(frozen=True)
class Paper:
    """Look of a sheet without writing; everything but the rules' distance is a share of the light.

    Attributes:
        tint: light sent back in red, green and blue.
        grain: standard deviation of the pixel noise.
        shade: light that the darkest corner lacks.
        rule_darkness: light that a printed rule takes away; 0 for plain paper.
    """

    tint: tuple[float, float, float] = (0.98, 0.98, 0.98)
    grain: float = 0.004
    shade: float = 0.0
    rule_darkness: float = 0.0


@dataclass(frozen=True)
class Sheet:
    """One page to draw.

    Attributes:
        lines: text line by line; an empty one leaves its place empty.
        face: name of the font, as tasks/install_fonts.sh has it.
        letter_size: font size in px.
        pitch: distance of two baselines in px.
        size: height and width in px.
        margin: px left free above the first line and left of all lines.
        paper: look of the paper.
        ink: light that full ink sends back in red, green and blue, 0 to 1.
    """

    lines: tuple[str, ...]
    face: str
    letter_size: int
    pitch: int
    size: tuple[int, int]
    margin: tuple[int, int]
    paper: Paper = Paper()
    ink: tuple[float, float, float] = (0.12, 0.12, 0.14)

    @property
    def text(self) -> str:
        """True text, one line below the other; empty lines stay."""
        return "\n".join(self.lines)


@dataclass(frozen=True)
class Example:
    """One file of examples/: an image, or a PDF if it has several sheets."""

    file_name: str
    sheets: tuple[Sheet, ...]

    @property
    def text(self) -> str:
        """True text of all sheets, a blank line between two."""
        return "\n\n".join(sheet.text for sheet in self.sheets) + "\n"


LETTER = """\
14 March

Dear Aunt Ruth,

Thank you for the parcel. The boots fit, the honey is
already half gone, and Peter wears the green scarf even
at breakfast. You asked about the garden: we lost two
pear trees in the January storm, but the old apple by
the gate stands as if nothing had happened.

The children have started to keep a weather book. Every
morning at seven they read the glass, quarrel about the
clouds, and write down whatever the louder one says.

Could you come in May? The spare room is dry again, the
train stops at Hollow Bridge since last week, and I will
fetch you with the cart. Bring the recipe for plum jam!

With love from all of us,
Margaret"""

SHOPPING = """\
Things to do before Saturday

1. Ask Mr. Okafor for the key to the boat house.
2. Buy 12 candles, 3 lb of flour, string, and nails.
3. Call the printer: are 250 posters really enough?
4. Paint the sign (blue letters on a white ground).
5. Borrow two long tables from the school kitchen.
6. Pay the band - half now, half after the dance.

If it rains we move everything into the old barn.
Nora has a list of who brings which cake."""

LINE = "The ferry leaves at half past nine, so pack the lamp tonight."

NOTES = (
    """\
Field notes, Tuesday

Low tide at 6:40. Walked from the pier to the second
breakwater and counted 31 oystercatchers, 4 curlews,
and one very bold gull that followed me for my bread.

The sand has moved again: the wreck shows three ribs
more than in autumn. Measured the longest, 2.8 metres.""",
    """\
Field notes, Wednesday

Fog until noon, nothing to count. Repaired the net,
sharpened the pencils, and copied last year's tables.

Afternoon clear. A seal slept on the sandbank and did
not care about the boats. Must ask Jonas whether it is
the same one that he saw in "the quiet week" of April.""",
)


def _note_sheet(text: str, face: str, letter_size: int) -> Sheet:
    return Sheet(
        lines=tuple(text.splitlines()),
        face=face,
        letter_size=letter_size,
        pitch=74,
        size=(900, 1240),
        margin=(110, 90),
    )


EXAMPLES = (
    Example(
        "letter.jpg",
        (
            Sheet(
                lines=tuple(LETTER.splitlines()),
                face="la-belle-aurore",
                letter_size=41,
                pitch=76,
                size=(1754, 1240),
                margin=(150, 130),
                paper=Paper(tint=(0.98, 0.965, 0.92), grain=0.006, shade=0.05),
                ink=(0.10, 0.14, 0.38),
            ),
        ),
    ),
    Example(
        "to-do-list.jpg",
        (
            Sheet(
                lines=tuple(SHOPPING.splitlines()),
                face="kalam",
                letter_size=44,
                pitch=84,
                size=(1120, 1240),
                margin=(140, 110),
                paper=Paper(tint=(0.86, 0.86, 0.85), grain=0.01, shade=0.2, rule_darkness=0.22),
                ink=(0.16, 0.16, 0.17),
            ),
        ),
    ),
    Example(
        "line.png",
        (
            Sheet(
                lines=(LINE,),
                face="nothing-you-could-do",
                letter_size=40,
                pitch=80,
                size=(110, 1400),
                margin=(70, 40),
            ),
        ),
    ),
    Example(
        "field-notes.pdf",
        (_note_sheet(NOTES[0], "indie-flower", 43), _note_sheet(NOTES[1], "zeyada", 52)),
    ),
)


def draw_sheet(sheet: Sheet, fonts: Path, rng: np.random.Generator) -> Image.Image:
    """Page as a colour image: ink multiplied into paper."""
    ink = draw_ink(sheet, fonts, rng)[:, :, None]
    light = draw_paper(sheet, rng) * (1.0 - ink * (1.0 - np.asarray(sheet.ink, np.float32)))
    return Image.fromarray(np.clip(light * 255.0 + 0.5, 0, 255).astype(np.uint8))


def draw_paper(sheet: Sheet, rng: np.random.Generator) -> Floats:
    """Light that the sheet sends back before anybody writes, shape (height, width, 3), 0 to 1."""
    height, width = sheet.size
    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(width, dtype=np.float32)[None, :]
    light = 1.0 - sheet.paper.shade * (0.6 * columns / width + 0.4 * rows / height)
    to_rule = (rows - sheet.margin[0] - 0.003 * columns + sheet.pitch / 2) % sheet.pitch
    rules = np.clip(1.5 - np.abs(to_rule - sheet.pitch / 2), 0.0, 1.0)
    light = light * (1.0 - sheet.paper.rule_darkness * rules)
    light = light + sheet.paper.grain * rng.standard_normal(sheet.size, np.float32)
    return np.asarray(light[:, :, None] * np.asarray(sheet.paper.tint), np.float32)


def draw_ink(sheet: Sheet, fonts: Path, rng: np.random.Generator) -> Floats:
    """Ink of shape `sheet.size`, 0 to 1; words wander about the baseline as a hand does."""
    font = ImageFont.truetype(str(find_font(sheet.face, fonts)), sheet.letter_size * OVERSAMPLING)
    height, width = sheet.size
    ink = np.zeros((height * OVERSAMPLING, width * OVERSAMPLING), np.float32)
    space = font.getlength(" ")
    for number, line in enumerate(sheet.lines):
        x = sheet.margin[1] + rng.normal(0.0, 4.0)
        y = sheet.margin[0] + number * sheet.pitch + rng.normal(0.0, 1.0)
        x, y = x * OVERSAMPLING, y * OVERSAMPLING
        for word in line.split():
            _add_word(ink, word, (x, y + rng.normal(0.0, 2.0)), font=font, rng=rng)
            x += font.getlength(word) + space * rng.uniform(1.0, 1.6)
    ink = _distort(ink, rng)
    return np.asarray(cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def find_font(face: str, fonts: Path) -> Path:
    """Font file of a face in the folder that tasks/install_fonts.sh filled."""
    path = fonts / f"{face}.woff"
    if not path.is_file():
        raise SystemExit(f"{path} is missing: run tasks/install_fonts.sh {fonts} first.")
    return path


def _add_word(
    ink: Floats,
    word: str,
    start: tuple[float, float],
    *,
    font: ImageFont.FreeTypeFont,
    rng: np.random.Generator,
) -> None:
    """Draw a word into `ink`, its baseline starting at `start`, slightly turned and sheared."""
    margin = 12 * OVERSAMPLING
    box = font.getbbox(word, anchor="ls")
    left, top = int(start[0] + box[0]) - margin, int(start[1] + box[1]) - margin
    size = (int(box[2] - box[0]) + 2 * margin, int(box[3] - box[1]) + 2 * margin)
    if left < 0 or top < 0 or left + size[0] > ink.shape[1] or top + size[1] > ink.shape[0]:
        raise ValueError(f"The word {word!r} does not fit on the page.")
    drawn = Image.new("L", size)
    pivot = np.array([start[0] - left, start[1] - top])
    ImageDraw.Draw(drawn).text((pivot[0], pivot[1]), word, font=font, fill=255, anchor="ls")
    turn = rng.normal(0.0, 0.008)
    shear = rng.normal(0.0, 0.03)
    matrix = np.array([[1.0, -turn - shear], [turn, rng.normal(1.0, 0.02)]])
    warp = np.column_stack([matrix, pivot - matrix @ pivot])
    darkness = rng.uniform(0.82, 1.0) / 255.0
    moved = cv2.warpAffine(np.asarray(drawn), warp, size).astype(np.float32) * darkness
    place = ink[top : top + size[1], left : left + size[0]]
    np.maximum(place, moved, out=place)


def _distort(ink: Floats, rng: np.random.Generator) -> Floats:
    """Shift the ink by a smooth random field, so that no letter looks twice the same."""
    height, width = ink.shape
    cell = 14 * OVERSAMPLING
    shifts = []
    for _ in range(2):
        knots = rng.normal(0.0, 0.8 * OVERSAMPLING, (height // cell + 2, width // cell + 2))
        field = cv2.resize(knots.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        shifts.append(field)
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    map_x = (columns + shifts[0]).astype(np.float32)
    map_y = (rows + shifts[1]).astype(np.float32)
    return np.asarray(cv2.remap(ink, map_x, map_y, cv2.INTER_LINEAR), np.float32)


def save(images: Sequence[Image.Image], path: Path) -> None:
    """Write the pages as the file's name says; several only as a PDF."""
    if path.suffix == ".pdf":
        grey = [image.convert("L") for image in images]
        grey[0].save(
            path,
            save_all=True,
            append_images=grey[1:],
            resolution=150.0,
            quality=70,
            creationDate=PDF_DATE,
            modDate=PDF_DATE,
        )
    elif path.suffix == ".png":
        images[0].convert("L").save(path, optimize=True)
    else:
        images[0].save(path, quality=72, dpi=(150, 150))


def main() -> None:
    """Draw every example and write its text."""
    parser = argparse.ArgumentParser(description="Draw the pages of examples/.")
    parser.add_argument("--fonts", type=Path, required=True, help="folder of the fonts")
    parser.add_argument("--output", type=Path, default=EXAMPLES_FOLDER)
    arguments = parser.parse_args()
    for number, example in enumerate(EXAMPLES):
        path: Path = arguments.output / example.file_name
        rng = np.random.default_rng(number)
        save([draw_sheet(sheet, arguments.fonts, rng) for sheet in example.sheets], path)
        path.with_suffix(".txt").write_text(example.text, encoding="utf-8")
        print(f"{path.name}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
