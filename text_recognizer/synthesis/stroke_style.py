"""How a line of pen strokes is written: the words, the hand, the pen, the paper."""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from text_recognizer.synthesis.arrays import Floats
from text_recognizer.synthesis.chance import pick
from text_recognizer.synthesis.paper import PaperStyle

Pen = Literal["ballpoint", "nib", "felt", "pencil"]
_PENS: dict[Pen, float] = {"ballpoint": 0.5, "nib": 0.22, "felt": 0.14, "pencil": 0.14}
_PEN_WIDTHS: dict[Pen, tuple[float, float]] = {
    "ballpoint": (1.0, 2.6),
    "nib": (1.8, 3.2),
    "felt": (2.6, 4.2),
    "pencil": (1.2, 2.6),
}


_MIN_LETTER_WIDTH = 0.13  # of the height; squeezing stops there


@dataclass(frozen=True)
class InkWord:
    """Pen strokes and what they say: a word, or a whole line written in one go.

    Attributes:
        text: the transcription.
        strokes: arrays of shape (n, 2), points (x, y) in any unit, y downwards.
    """

    text: str
    strokes: tuple[Floats, ...]


@dataclass(frozen=True)
class StrokeStyle:
    """How one line is written and taken up. Lengths in px of the finished image.

    Attributes:
        height: of the image.
        x_height: of the letters; lowered where ascenders and descenders would not fit.
        word_scatter: relative spread of the x-height from word to word.
        wander: how far words leave the baseline.
        gap: smallest and largest distance of words in x-heights, more for widely spaced letters.
        stretch: factor on widths.
        slant: horizontal shift a row, positive leans to the right.
        slope: rise of the baseline a column.
        bend: height of the baseline's waves.
        warp: size of local distortions.
        place: where the line lies in the frame, 0 at the top, 1 at the bottom.
        cut: how far ascenders or descenders may stand out of the frame.
        pen: kind of pen.
        pen_width: mean width of its trace, limited by `pens.MAX_PEN_WIDTH`.
        darkness: share of light the ink takes away, 0 to 1.
        waver: relative change of width and darkness along the strokes.
        softness: blur of the trace, a standard deviation.
        margin: paper left and right of the ink.
        paper: look of the sheet.
        neighbours: how far pieces of the lines above and below stand in, a share of the height.
        bleed: darkness of writing that shines through from the back, 0 to 1.
        strength: of scanner and camera, 0 to 1.
    """

    height: int = 64
    x_height: float = 20.0
    word_scatter: float = 0.0
    wander: float = 0.0
    gap: tuple[float, float] = (0.9, 0.9)
    stretch: float = 1.0
    slant: float = 0.0
    slope: float = 0.0
    bend: float = 0.0
    warp: float = 0.0
    place: float = 0.5
    cut: float = 0.0
    pen: Pen = "ballpoint"
    pen_width: float = 2.0
    darkness: float = 0.9
    waver: float = 0.0
    softness: float = 0.4
    margin: tuple[float, float] = (8.0, 8.0)
    paper: PaperStyle = field(default_factory=PaperStyle)
    neighbours: float = 0.0
    bleed: float = 0.0
    strength: float = 0.0

    @classmethod
    def sample(
        cls, rng: np.random.Generator, strength: float, *, height: int = 64
    ) -> "StrokeStyle":
        """Random style; spreads grow with `strength`, 0 to 1."""
        unit = height / 64
        pen = pick(_PENS, rng)
        thin, thick = _PEN_WIDTHS[pen]
        lightest = 0.35 if pen in ("pencil", "ballpoint") else 0.6
        darkness = 1.0 - (1.0 - lightest) * rng.uniform(0.0, 1.0) * (0.4 + 0.6 * strength)
        paper = PaperStyle.sample(rng, strength, height=height)
        paper = replace(paper, rule_darkness=paper.rule_darkness * darkness)
        return cls(
            height=height,
            x_height=unit * 18.0 * float(np.exp((0.6 + 0.4 * strength) * rng.uniform(-0.5, 0.38))),
            word_scatter=0.06 * strength,
            wander=1.5 * strength * unit,
            gap=(0.85 - 0.3 * strength, 1.0 + 0.5 * strength),
            stretch=float(np.exp(strength * rng.uniform(-0.28, 0.26))),
            slant=strength * rng.uniform(-0.35, 0.35),
            slope=strength * rng.normal(0.0, 0.008),
            bend=strength * abs(rng.normal(0.0, 1.5)) * unit,
            warp=strength * rng.uniform(0.0, 1.2) * unit,
            place=0.5 + (0.2 + 0.8 * strength) * rng.uniform(-0.5, 0.5),
            cut=unit * strength * rng.uniform(0.0, 5.0) if rng.random() < 0.15 else 0.0,
            pen=pen,
            pen_width=rng.uniform(thin, thick) * unit,
            darkness=darkness,
            waver=0.2 + 0.8 * strength,
            softness=unit * rng.uniform(0.25, 0.75),
            margin=(unit * rng.uniform(0.0, 16.0), unit * rng.uniform(0.0, 16.0)),
            paper=paper,
            neighbours=strength * rng.uniform(0.0, 0.22) if rng.random() < 0.35 else 0.0,
            bleed=strength * rng.uniform(0.04, 0.18) if rng.random() < 0.12 else 0.0,
            strength=strength,
        )


def least_stretch(style: StrokeStyle, width: float, n_characters: int) -> float:
    """The style's stretch, raised to at most 1 where letters would get too narrow to be read.

    Args:
        style: holds the wanted stretch and the height.
        width: of the writing in px before stretching.
        n_characters: of its text.
    """
    least = _MIN_LETTER_WIDTH * style.height * n_characters / max(width, 1.0)
    return max(style.stretch, min(least, 1.0))
