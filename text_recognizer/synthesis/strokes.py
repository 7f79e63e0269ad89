"""From pen strokes to a line that looks scanned.

Words are scaled by their x-height, not by their ink, so that `one` and `Apply` of one hand fit
each other; they are set on one baseline, drawn large with a pen that wavers, reduced by area
averaging, and laid on paper.
"""

from collections.abc import Sequence

import numpy as np

from text_recognizer.synthesis.arrays import Floats, GreyImage
from text_recognizer.synthesis.finish import finish_line
from text_recognizer.synthesis.pens import draw_ink
from text_recognizer.synthesis.stroke_layout import lay_out
from text_recognizer.synthesis.stroke_style import InkWord, StrokeStyle

__all__ = ["InkWord", "StrokeStyle", "draw_words"]


def draw_words(
    words: Sequence[InkWord],
    rng: np.random.Generator,
    style: StrokeStyle,
    *,
    texture: Floats | None = None,
) -> GreyImage:
    """Finished line image of shape (style.height, W), uint8, with all words side by side.

    Args:
        words: in writing order; at least one with a stroke.
        rng: source of all chance; equal generators give equal images.
        style: from `StrokeStyle.sample`, or written out.
        texture: a piece of real paper from `paper.cut_paper`, laid under the line.

    Raises:
        ValueError: no word has a stroke.
    """
    trace, width = lay_out(words, rng, style)
    ink = draw_ink(trace, (style.height, width), rng, style)
    return finish_line(ink, rng, style, baseline=trace.baseline, texture=texture)
