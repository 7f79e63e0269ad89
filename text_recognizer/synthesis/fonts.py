"""Lines set in handwriting fonts, the only source of arbitrary sentences.

`ACCEPTED_FACES` was chosen by eye on contact sheets of all letters, digits and marks. Left out were
faces with capitals for small letters (rock-salt), with letters that read as others
(over-the-rainbow and liu-jian-mao-cao: x and z; nanum-pen-script: i; hi-melody: full stop), ornate
or type-like ones (italianno, herr-von-muellerhoff, meddon, mr-bedfort, mr-de-haviland,
mrs-saint-delafield, sacramento, mali, sriracha, playpen-sans, yomogi) and very narrow ones (kristi,
just-another-hand).
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from text_recognizer.errors import InputError
from text_recognizer.synthesis.arrays import Floats, GreyImage, Ink
from text_recognizer.synthesis.chance import weaken
from text_recognizer.synthesis.finish import find_baseline, finish_line, ink_rows, warp_ink
from text_recognizer.synthesis.pens import MAX_PEN_WIDTH, texture_ink
from text_recognizer.synthesis.stroke_style import StrokeStyle, least_stretch

ACCEPTED_FACES = (
    "annie-use-your-telescope", "architects-daughter", "bad-script", "beth-ellen", "bilbo", "borel",
    "caveat", "cedarville-cursive", "coming-soon", "covered-by-your-grace", "crafty-girls",
    "dawning-of-a-new-day", "dekko", "fuggles", "gaegu", "give-you-glory", "gloria-hallelujah",
    "gochi-hand", "grape-nuts", "handlee", "homemade-apple", "indie-flower",
    "just-me-again-down-here", "kalam", "la-belle-aurore", "long-cang", "loved-by-the-king",
    "marck-script", "neucha", "nothing-you-could-do", "patrick-hand", "qwigley", "reenie-beanie",
    "schoolbell", "sedgwick-ave", "shadows-into-light", "shadows-into-light-two", "short-stack",
    "square-peg", "sue-ellen-francisco", "swanky-and-moo-moo", "the-girl-next-door",
    "waiting-for-the-sunrise", "zeyada",
)  # fmt: skip
_FORMATS = (".woff", ".woff2", ".ttf", ".otf")
_GLYPH_X_HEIGHT = 44  # px; letters are set at this size, about twice that of the finished line
_SAMPLE_SIZE = 200  # font size at which faces are measured
_MISSING = "\U0010fffd"  # no font has a glyph for it


@dataclass(frozen=True)
class Face:
    """A font file.

    Attributes:
        name: the file's name without its ending.
        path: the file, in a format that FreeType reads.
    """

    name: str
    path: Path

    def can_draw(self, text: str) -> bool:
        """Whether the face has a glyph for each visible character."""
        path = str(self.path)
        return all(_has_glyph(path, character) for character in set("".join(text.split())))


def load_faces(folder: Path, *, names: tuple[str, ...] | None = ACCEPTED_FACES) -> list[Face]:
    """Font files of a folder, sorted by name.

    Args:
        folder: holds .woff, .woff2, .ttf or .otf files, see `tasks/install_fonts.sh`.
        names: faces to take, named as the files without ending; None takes all.

    Raises:
        InputError: the folder holds none of them, or a file is no font.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder with fonts.")
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in _FORMATS)
    faces = [Face(path.stem, path) for path in files if names is None or path.stem in names]
    if not faces:
        raise InputError(
            f"{folder} holds none of the known handwriting fonts; tasks/install_fonts.sh gets them."
        )
    for face in faces:
        _font(str(face.path), _SAMPLE_SIZE)
    return faces


def draw_text(
    text: str,
    face: Face,
    rng: np.random.Generator,
    style: StrokeStyle,
    *,
    texture: Floats | None = None,
) -> GreyImage:
    """Finished line image of shape (style.height, W), uint8, with the text on one line.

    Args:
        text: words parted by blanks.
        face: the hand.
        rng: source of all chance.
        style: as for pen strokes; `pen_width` is met as far as the face allows.
        texture: piece of real paper from `paper.cut_paper`, or None.

    Raises:
        ValueError: there is nothing to see of the text.
    """
    ink = _fit_pen(_set_words(text.split(), face, rng, style), face, style)
    half = cv2.resize(ink, (ink.shape[1] // 2, ink.shape[0] // 2), interpolation=cv2.INTER_AREA)
    faded = np.asarray(cv2.convertScaleAbs(half, alpha=style.darkness), dtype=np.uint8)
    faded = weaken(faded, 0.3 * style.waver, 40.0, rng)
    top, bottom = ink_rows(faded)
    scale = min(2 * style.x_height / _GLYPH_X_HEIGHT, 0.94 * style.height / max(bottom - top, 1))
    style = replace(style, stretch=least_stretch(style, scale * half.shape[1], len(text)))
    warped = texture_ink(warp_ink(faded, rng, style, scale=scale), rng, style)
    return finish_line(warped, rng, style, baseline=find_baseline(warped), texture=texture)


def _set_words(words: list[str], face: Face, rng: np.random.Generator, style: StrokeStyle) -> Ink:
    """Words on one baseline, letters `_GLYPH_X_HEIGHT` px high, cut to the ink's outline."""
    path = str(face.path)
    unit = _GLYPH_X_HEIGHT / style.x_height
    placed: list[tuple[_Glyph, int, int]] = []
    x = 0.0
    for word in words:
        drop = style.wander * unit * rng.uniform(-1.0, 1.0)
        spread = 1.0 + 0.08 * style.waver * rng.uniform(-0.5, 1.0)
        jitter = rng.uniform(-0.02, 0.02, len(word)) * style.waver * _GLYPH_X_HEIGHT
        for i, character in enumerate(word):
            placed.append((_glyph(path, character), round(x), round(drop + float(jitter[i]))))
            x += _advance(path, word[i : i + 2]) * spread
        x += _GLYPH_X_HEIGHT * rng.uniform(*style.gap)
    placed = [item for item in placed if item[0].ink.size]
    if not placed:
        raise ValueError(f"The face {face.name} draws nothing for {' '.join(words)!r}.")
    left = min(at + glyph.left for glyph, at, _ in placed)
    right = max(at + glyph.left + glyph.ink.shape[1] for glyph, at, _ in placed)
    top = min(drop + glyph.top for glyph, _, drop in placed)
    bottom = max(drop + glyph.top + glyph.ink.shape[0] for glyph, _, drop in placed)
    sheet = np.zeros((bottom - top + 2, right - left + 2), np.uint8)
    for glyph, at, drop in placed:
        row, column = drop + glyph.top - top, at + glyph.left - left
        part = sheet[row : row + glyph.ink.shape[0], column : column + glyph.ink.shape[1]]
        np.maximum(part, glyph.ink, out=part)
    return sheet


def _fit_pen(ink: Ink, face: Face, style: StrokeStyle) -> Ink:
    """Strokes made thicker or thinner towards the style's pen; thin faces stay whole."""
    own = _measures(str(face.path))[1] * _GLYPH_X_HEIGHT
    wanted = min(style.pen_width / style.x_height, MAX_PEN_WIDTH) * _GLYPH_X_HEIGHT
    change = min(max(wanted - own, -0.4 * own), 6.0)
    if abs(change) < 0.7 or (change < 0 and own < 3.0):
        return ink
    width = 1 + round(abs(change))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    changed = cv2.dilate(ink, kernel) if change > 0 else cv2.erode(ink, kernel)
    return np.asarray(changed, dtype=np.uint8)


@dataclass(frozen=True)
class _Glyph:
    """A letter's ink, and where its left upper corner lies from the pen's place on the baseline."""

    ink: Ink
    left: int
    top: int


@lru_cache(maxsize=20_000)
def _glyph(path: str, character: str) -> _Glyph:
    """Glyph of a letter at the size that gives letters of `_GLYPH_X_HEIGHT`."""
    font = _glyph_font(path)
    left, top, right, bottom = (round(value) for value in font.getbbox(character, anchor="ls"))
    sheet = Image.new("L", (max(right - left, 0) + 6, max(bottom - top, 0) + 6))
    place = (3 - left, 3 - top)
    ImageDraw.Draw(sheet).text(place, character, font=font, fill=255, anchor="ls")
    return _Glyph(np.array(sheet), left - 3, top - 3)


@lru_cache(maxsize=50_000)
def _advance(path: str, pair: str) -> float:
    """Distance from the first letter of a pair to the second in px, kerning included."""
    font = _glyph_font(path)
    return font.getlength(pair) - (font.getlength(pair[1]) if len(pair) > 1 else 0.0)


def _glyph_font(path: str) -> ImageFont.FreeTypeFont:
    return _font(path, max(8, round(_GLYPH_X_HEIGHT / _measures(path)[0])))


@lru_cache(maxsize=512)
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    try:
        return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
    except OSError as error:
        raise InputError(f"{path} is not a font that can be read: {error}.") from error


@lru_cache(maxsize=256)
def _measures(path: str) -> tuple[float, float]:
    """x-height of a face for a font size of 1, and width of its strokes in x-heights."""
    font = _font(path, _SAMPLE_SIZE)
    boxes = [font.getbbox(c, anchor="ls") for c in "acemnorsuvwxz"]
    x_height = max(float(np.median([bottom - top for _, top, _, bottom in boxes])), 1.0)
    sheet = Image.new("L", (6 * _SAMPLE_SIZE, 3 * _SAMPLE_SIZE))
    place = (_SAMPLE_SIZE, 2 * _SAMPLE_SIZE)
    ImageDraw.Draw(sheet).text(place, "nosel", font=font, fill=255, anchor="ls")
    ink = (np.asarray(sheet) > 127).astype(np.uint8)
    distance = cv2.distanceTransform(ink, cv2.DIST_L2, 5)
    is_ridge = (distance > 1.0) & (distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8)))
    stroke = 2.0 * float(np.median(distance[is_ridge])) if is_ridge.any() else 0.1 * x_height
    return x_height / _SAMPLE_SIZE, stroke / x_height


@lru_cache(maxsize=20_000)
def _has_glyph(path: str, character: str) -> bool:
    """Whether a face draws something of its own for a character; missing ones all look alike."""
    ink, missing = _glyph(path, character).ink, _glyph(path, _MISSING).ink
    return bool(ink.any()) and not np.array_equal(ink, missing)
