"""Ink: what a pen leaves on the paper along the strokes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from text_recognizer.synthesis.arrays import Floats, Ink
from text_recognizer.synthesis.chance import add_noise, smooth_curve, weaken
from text_recognizer.synthesis.stroke_layout import Trace
from text_recognizer.synthesis.stroke_style import StrokeStyle

Indices = NDArray[np.int64]
_ZOOM = 3  # strokes are drawn this much larger than asked for and reduced by area averaging
_SHIFT = 3  # binary digits of sub-pixel positions in OpenCV's drawing
_N_TONES = 6
MAX_PEN_WIDTH = 0.18  # of a letter's height or width; thicker pens would fill it
_NIB_ANGLE = 0.6  # radians; strokes along it are the thinnest


def draw_ink(
    trace: Trace, size: tuple[int, int], rng: np.random.Generator, style: StrokeStyle
) -> Ink:
    """Darkness of the ink, of shape `size`, uint8, 0 bare paper to 255 black."""
    begin, end = _pieces(trace)
    width = _widths(trace, begin, end, rng, style)
    tone = _tones(trace, begin, rng, style)
    grey = tone * (255.0 * style.darkness / _N_TONES)
    ink = _draw(trace.points, begin, end, size=size, width=width, grey=grey)
    if style.softness > 0.2:
        ink = np.asarray(cv2.GaussianBlur(ink, (3, 3), style.softness), dtype=np.uint8)
    return texture_ink(ink, rng, style)


def _pieces(trace: Trace) -> tuple[Indices, Indices]:
    """Indices of the points where straight pieces begin and end; single points are pieces too."""
    is_last = trace.is_last
    begin = np.flatnonzero(~is_last)
    dots = np.flatnonzero(is_last & np.concatenate(([True], is_last[:-1])))
    return np.concatenate((begin, dots)), np.concatenate((begin + 1, dots))


def _widths(
    trace: Trace,
    begin: Indices,
    end: Indices,
    rng: np.random.Generator,
    style: StrokeStyle,
) -> Floats:
    """Width of each piece in px."""
    letter = min(trace.x_height, max(trace.letter_width, 0.3 * trace.x_height))
    mean = min(style.pen_width, MAX_PEN_WIDTH * letter)
    width = mean * (1.0 + 0.22 * style.waver * smooth_curve(len(begin), 30.0, rng))
    if style.pen == "nib":
        direction = trace.points[end] - trace.points[begin]
        angle = np.arctan2(direction[:, 1], direction[:, 0])
        width *= 0.6 + 0.7 * np.abs(np.sin(angle - _NIB_ANGLE))
    if style.pen != "felt":
        is_end = trace.is_last[end] & (begin != end)
        width *= np.where(is_end, 1.0 - 0.4 * style.waver, 1.0)
    return np.asarray(width, dtype=np.float32)


def _tones(trace: Trace, begin: Indices, rng: np.random.Generator, style: StrokeStyle) -> Floats:
    """Darkness of each piece, 1 to `_N_TONES`: slow waves, and full where strokes start."""
    wave = 0.5 + 0.5 * smooth_curve(len(begin), 40.0, rng)
    tone = 1.0 - (0.45 if style.pen == "pencil" else 0.3) * style.waver * wave
    starts = begin == 0
    starts[begin > 0] = trace.is_last[begin[begin > 0] - 1]
    tone = np.where(starts, 1.0, tone)
    return np.clip(np.round(tone * _N_TONES), 1, _N_TONES).astype(np.float32)


def _draw(
    points: Floats,
    begin: Indices,
    end: Indices,
    *,
    size: tuple[int, int],
    width: Floats,
    grey: Floats,
) -> Ink:
    """Straight pieces of the given widths in px and darknesses 0 to 255."""
    thickness = np.clip(np.round(width * _ZOOM), 2, 63).astype(np.int64)
    canvas = np.zeros((size[0] * _ZOOM, size[1] * _ZOOM), np.uint8)
    places = np.round((points * _ZOOM + (_ZOOM - 1) / 2) * (1 << _SHIFT)).astype(np.int32)
    segments = np.stack((places[begin], places[end]), axis=1)
    keys = np.round(grey).astype(np.int64) * 64 + thickness
    order = np.argsort(keys, kind="stable")  # light before dark: the darker trace stays
    bounds = np.flatnonzero(np.diff(keys[order])) + 1
    for group in np.split(order, bounds):
        darkness, thick = divmod(int(keys[group[0]]), 64)
        cv2.polylines(canvas, list(segments[group]), False, darkness, thick, cv2.LINE_8, _SHIFT)
    middle = _ZOOM // 2  # mean of each block of _ZOOM x _ZOOM; faster here than INTER_AREA
    return np.ascontiguousarray(cv2.blur(canvas, (_ZOOM, _ZOOM))[middle::_ZOOM, middle::_ZOOM])


def texture_ink(ink: Ink, rng: np.random.Generator, style: StrokeStyle) -> Ink:
    """Ink with the grain of a pencil on rough paper or the gaps of a ballpoint."""
    if style.pen == "pencil":
        grain = add_noise(np.full_like(ink, 255 - round(90 * style.waver)), 70 * style.waver, rng)
        return np.asarray(cv2.multiply(ink, grain, scale=1 / 255), dtype=np.uint8)
    if style.pen == "ballpoint":
        return weaken(ink, 0.7 * style.waver, 2.5, rng, share=0.3)
    return ink
