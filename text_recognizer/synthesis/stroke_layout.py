"""Where pen strokes lie in the frame of a line: scale, baseline, gaps, slant, bend."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from text_recognizer.synthesis.arrays import Floats
from text_recognizer.synthesis.chance import smooth_values
from text_recognizer.synthesis.letter_shapes import letter_extent, letter_widths, low_letter_share
from text_recognizer.synthesis.stroke_style import InkWord, StrokeStyle, least_stretch

_STEP_PX = 5.0  # longest piece of a stroke that is drawn straight, of one width and darkness
_SHARP_TURN = 0.4  # cosine; strokes that turn more keep their corner
_MIN_STROKE = 0.18  # of the ink's height; smaller strokes are dots and bars
_MIN_LETTERS_LEVEL = 12  # shorter texts say too little about the slope of their baseline


@dataclass(frozen=True)
class Trace:
    """All strokes of a line.

    Attributes:
        points: of shape (n, 2), px, stroke after stroke.
        is_last: of shape (n,), true at the last point of each stroke.
        baseline: row of the baseline.
        x_height: of the letters as they lie there.
        letter_width: their mean width.
    """

    points: Floats
    is_last: NDArray[np.bool_]
    baseline: float
    x_height: float
    letter_width: float


def lay_out(
    words: Sequence[InkWord], rng: np.random.Generator, style: StrokeStyle
) -> tuple[Trace, int]:
    """Strokes of all words in the frame of a line image, and the width of that image in px.

    Raises:
        ValueError: no word has a stroke.
    """
    written = [word for word in words if sum(map(len, word.strokes))]
    if not written:
        raise ValueError("A line needs at least one word with strokes.")
    trace = _curved(_on_one_baseline(written, rng, style))
    return _in_frame(_distorted(trace, rng, style), style)


def _on_one_baseline(
    words: Sequence[InkWord], rng: np.random.Generator, style: StrokeStyle
) -> Trace:
    """Words one after the other on the baseline y = 0."""
    outlines = [_normalised(word) for word in words]
    scales = style.x_height * _even_factors(words, outlines)
    scales *= 1.0 + style.word_scatter * rng.uniform(-1.0, 1.0, len(words))
    widths = [float(points[:, 0].max()) for points in outlines]
    width = float(scales @ widths)
    n_characters = max(sum(len(word.text) for word in words), 1)
    stretch = least_stretch(style, width, n_characters)
    x, placed = 0.0, []
    for word, outline, scale in zip(words, outlines, scales, strict=True):
        points = outline * np.array((scale * stretch, scale), np.float32)
        length = float(points[:, 0].max())
        points += np.array((x, style.wander * rng.uniform(-1.0, 1.0)), np.float32)
        letter = max(style.x_height * stretch, length / max(len(word.text), 3))
        x += length + letter * rng.uniform(*style.gap)
        placed.append(points)
    ends = np.concatenate([_stroke_ends(word) for word in words])
    letter_width = stretch * width / n_characters
    return Trace(np.concatenate(placed), ends, 0.0, style.x_height, letter_width)


def _stroke_ends(word: InkWord) -> NDArray[np.bool_]:
    lengths = [len(stroke) for stroke in word.strokes if len(stroke)]
    is_last = np.zeros(sum(lengths), np.bool_)
    is_last[np.cumsum(lengths) - 1] = True
    return is_last


def _normalised(word: InkWord) -> Floats:
    """Points of all strokes, left edge at x = 0, baseline at y = 0, letters of x-height 1.

    The height of the ink above the baseline gives the scale: an ascender adds 0.8 x-heights. Where
    no letter may go below the line, the baseline is the lower edge of the ink.
    """
    points = np.concatenate(word.strokes).astype(np.float32)
    if len(word.text) >= _MIN_LETTERS_LEVEL:
        points[:, 1] -= _slope(points) * points[:, 0]
    above, below = letter_extent(word.text)
    top, bottom = float(points[:, 1].min()), float(points[:, 1].max())
    x_height = (bottom - top) / max(above + below, 0.2)
    baseline = bottom - below * x_height
    low = low_letter_share(word.text)
    if 0 < low < 0.6 and len(word.text) > 2:
        baseline = _measured_baseline(points, _stroke_ends(word), low)
        x_height = max((baseline - top) / above, 0.7 * x_height)
    left, right = float(points[:, 0].min()), float(points[:, 0].max())
    x_height = max(x_height, (right - left) / (2.2 * letter_widths(word.text)), 1e-3)
    points -= np.array((left, baseline), np.float32)
    points /= x_height
    return points


def _slope(points: Floats) -> float:
    """Slope of a long line; it would pass for letter height. 0 where it is too steep to be one."""
    x = points[:, 0] - points[:, 0].mean()
    slope = float(x @ points[:, 1]) / max(float(x @ x), 1e-6)
    return slope if abs(slope) < 0.15 else 0.0


def _measured_baseline(points: Floats, is_last: NDArray[np.bool_], low: float) -> float:
    """Row on which most turning points at the bottom of letters lie.

    Args:
        points: of shape (n, 2), stroke after stroke.
        is_last: true at the last point of each stroke.
        low: share of the letters that go below the baseline.
    """
    y = points[:, 1]
    ends = np.flatnonzero(is_last) + 1
    starts = np.concatenate(([0], ends[:-1]))
    heights = np.maximum.reduceat(y, starts) - np.minimum.reduceat(y, starts)
    is_tall = np.repeat(heights > _MIN_STROKE * (y.max() - y.min()), ends - starts)
    rises_after = is_last.copy()
    rises_after[:-1] |= y[1:] < y[:-1]
    falls_before = np.ones_like(is_last)
    falls_before[1:] = is_last[:-1] | (y[1:] >= y[:-1])
    bottoms = y[is_tall & rises_after & falls_before]
    if len(bottoms) < 3:
        return float(y.max())
    rank = max(0.6 * (1.0 - low), 0.2) * (len(bottoms) - 1)
    return float(np.sort(bottoms)[round(rank)])


def _even_factors(words: Sequence[InkWord], outlines: Sequence[Floats]) -> NDArray[np.float64]:
    """Factors that bring letters of the words nearer to one width, as a hand writes them.

    Hands keep the width of a letter more evenly than the height of ascenders, so words much wider
    or narrower a letter than their neighbours go half of the way to them.
    """
    letters = [
        max(float(points[:, 0].max()), 0.1) / letter_widths(word.text)
        for word, points in zip(words, outlines, strict=True)
    ]
    middle = sorted(letters)[len(letters) // 2]
    return np.array([min(max((middle / width) ** 0.5, 0.7), 1.4) for width in letters])


def _curved(trace: Trace) -> Trace:
    """Trace with points every few px along smooth curves through the given points.

    Hermite curves with tangents along the chord of the two neighbours; sharp turns and the ends of
    strokes keep straight pieces. Points are complex numbers here, x + iy.
    """
    is_last = trace.is_last
    points = np.ascontiguousarray(trace.points).view(np.complex64)[:, 0]
    step = np.zeros_like(points)
    step[:-1] = points[1:] - points[:-1]
    step[is_last] = 0.0
    length = np.abs(step)
    direction = step / np.maximum(length, 1e-6)
    turn = (direction[1:] * direction[:-1].conj()).real  # cosine of the change of direction
    at = np.flatnonzero(turn > _SHARP_TURN) + 1
    chord = step[at] + step[at - 1]
    chord /= np.abs(chord)
    leave, arrive = step.copy(), step.copy()
    leave[at] = chord * length[at]
    arrive[at - 1] = chord * length[at - 1]

    n_parts = np.ceil(length / _STEP_PX).astype(np.int64).clip(1, 64)
    start = np.repeat(np.arange(len(points)), n_parts)
    first = np.cumsum(n_parts) - n_parts
    t = ((np.arange(len(start)) - first[start]) / n_parts[start]).astype(np.float32)
    curve = (
        points[start]
        + (t * t * (3.0 - 2.0 * t)) * step[start]
        + (t * (1.0 - t) ** 2) * leave[start]
        - (t * t * (1.0 - t)) * arrive[start]
    )
    ends = np.zeros(len(start), np.bool_)
    ends[first[is_last]] = True
    return replace(trace, points=curve.view(np.float32).reshape(-1, 2), is_last=ends)


def _distorted(trace: Trace, rng: np.random.Generator, style: StrokeStyle) -> Trace:
    """Trace sloped, bent, shaken and slanted, baseline still near y = 0."""
    points = trace.points.copy()
    x, y = points[:, 0], points[:, 1]
    x -= x.min()
    span = max(float(x.max()), 2.0)
    steepest = 0.12 * style.height / span
    y -= np.clip(style.slope, -steepest, steepest) * (x - span / 2)
    if style.bend > 0:
        y += style.bend * smooth_values(x, 240.0, rng)
    if style.warp > 0:
        cell = style.x_height * 1.6
        shift_x, shift_y = smooth_values(x, cell, rng), smooth_values(x, cell, rng)
        x += style.warp * shift_x
        y += style.warp * shift_y
    x -= style.slant * y
    return replace(trace, points=points)


def _in_frame(trace: Trace, style: StrokeStyle) -> tuple[Trace, int]:
    """Trace moved, and made smaller where needed, so that it fits the frame; the frame's width."""
    points = trace.points
    pad = 0.8 * style.pen_width + 1.0  # pens waver, nibs are wider one way
    room = style.height - 2 * pad
    height = max(float(np.ptp(points[:, 1])) - style.cut, 1.0)
    scale = min(1.0, room / height)
    points = points * scale
    top = float(points[:, 1].min())
    move = pad - top + (room - float(np.ptp(points[:, 1]))) * style.place
    points += (style.margin[0] + pad - points[:, 0].min(), move)
    width = int(np.ceil(points[:, 0].max() + style.margin[1] + pad))
    trace = replace(
        trace,
        points=points.astype(np.float32),
        baseline=float(move),
        x_height=trace.x_height * scale,
        letter_width=trace.letter_width * scale,
    )
    return trace, width
