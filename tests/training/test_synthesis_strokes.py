"""Lines drawn from pen strokes: scale, baseline, gaps, determinism, what a style may change."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from text_recognizer.synthesis import InkWord, PaperStyle, StrokeStyle, draw_words
from text_recognizer.synthesis.finish import find_baseline, finish_line, ink_rows
from text_recognizer.synthesis.pens import draw_ink
from text_recognizer.synthesis.stroke_layout import lay_out

PLAIN = StrokeStyle(x_height=16.0, paper=PaperStyle(brightness=1.0, grain=0.0), softness=0.0)


def bar(x: float, top: float, bottom: float) -> NDArray[np.float32]:
    """A stroke straight down."""
    return np.array([(x, top), (x, bottom)], np.float32)


def word(text: str, *bars: tuple[float, float]) -> InkWord:
    """A word with one upright bar a letter, as (top, bottom), 40 units apart."""
    return InkWord(text, tuple(bar(40.0 * i, *ends) for i, ends in enumerate(bars)))


# The ink of each is 112 units high, as in the stroke files; x-heights differ by a factor of 2.5.
ONE = word("one", (0, 112), (0, 112), (0, 112))
LOW = word("lon", (0, 112), (49.8, 112), (49.8, 112))
DEEP = word("nope", (0, 65.9), (0, 65.9), (0, 112), (0, 65.9))


def ink_height(image: NDArray[np.uint8], columns: slice = slice(None)) -> int:
    rows = np.flatnonzero(image[:, columns].min(axis=1) < 128)
    return int(rows[-1] - rows[0] + 1)


def dark_runs(values: NDArray[np.bool_]) -> int:
    """Number of stretches of true values."""
    return int(np.count_nonzero(np.diff(values.astype(np.int8), prepend=0) == 1))


@pytest.mark.parametrize(("drawn", "x_heights"), [(ONE, 1.0), (LOW, 1.8), (DEEP, 1.7)])
def test_words_are_scaled_by_x_height_not_by_ink(drawn: InkWord, x_heights: float) -> None:
    image = draw_words([drawn], np.random.default_rng(0), PLAIN)
    assert ink_height(image) == pytest.approx(16.0 * x_heights + 1.5, abs=2.0)


def test_words_of_a_line_share_the_baseline() -> None:
    trace, _ = lay_out([ONE, LOW, DEEP], np.random.default_rng(0), PLAIN)
    last_of_bars = trace.points[trace.is_last][:, 1]
    descender = last_of_bars[8]  # third bar of DEEP
    assert np.delete(last_of_bars, 8) == pytest.approx(trace.baseline, abs=0.8)
    assert descender == pytest.approx(trace.baseline + 0.7 * 16, abs=1.0)


def test_all_letters_are_drawn_and_gaps_part_words() -> None:
    image = draw_words([ONE, LOW], np.random.default_rng(0), PLAIN)
    is_dark = image.min(axis=0) < 128
    assert dark_runs(is_dark) == 6
    starts = np.flatnonzero(np.diff(is_dark.astype(np.int8), prepend=0) == 1)
    gaps = np.diff(starts)
    assert gaps[2] > 0.8 * 16 > np.delete(gaps, 2).max()


@pytest.mark.parametrize("seed", range(25))
def test_random_styles_keep_every_letter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    style = replace(StrokeStyle.sample(rng, 1.0), slant=0.0, neighbours=0.0, bleed=0.0)
    trace, width = lay_out([ONE, DEEP], rng, style)
    ink = draw_ink(trace, (64, width), rng, style)
    assert dark_runs(ink.max(axis=0) > 20) == 7
    if style.cut == 0.0:
        assert ink_rows(ink)[0] > 0
        assert ink_rows(ink)[1] < 64


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_image_form(strength: float) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        image = draw_words([ONE, LOW], rng, StrokeStyle.sample(rng, strength))
        assert image.dtype == np.uint8
        assert image.shape[0] == 64
        assert image.flags.c_contiguous
        assert np.percentile(image, 90) > image.min() + 30  # dark ink on lighter paper


def test_other_heights_keep_proportions() -> None:
    for height in (48, 96):
        rng = np.random.default_rng(3)
        image = draw_words([LOW], rng, StrokeStyle.sample(rng, 0.5, height=height))
        assert image.shape[0] == height


def test_equal_seeds_give_equal_images() -> None:
    def draw(seed: int) -> NDArray[np.uint8]:
        rng = np.random.default_rng(seed)
        return draw_words([ONE, LOW], rng, StrokeStyle.sample(rng, 1.0))

    for seed in range(10):
        assert np.array_equal(draw(seed), draw(seed))
    assert not np.array_equal(draw(1), draw(2))


def test_spread_grows_with_strength() -> None:
    def widths(strength: float) -> list[float]:
        rng = np.random.default_rng(0)
        return [StrokeStyle.sample(rng, strength).stretch for _ in range(200)]

    assert np.std(widths(0.0)) == 0.0
    assert np.std(widths(0.5)) < 0.7 * np.std(widths(1.0))


def test_drawing_leaves_the_strokes_as_they_are() -> None:
    before = [stroke.copy() for stroke in DEEP.strokes]
    draw_words([DEEP], np.random.default_rng(0), StrokeStyle.sample(np.random.default_rng(0), 1.0))
    assert all(np.array_equal(a, b) for a, b in zip(before, DEEP.strokes, strict=True))


@pytest.mark.parametrize("text", ["-", ".", "i", "'", "\u00e9"])
def test_tiny_samples(text: str) -> None:
    dot = InkWord(text, (np.array([(5.0, 5.0)], np.float32),))
    line = InkWord(text, (np.array([(0.0, 50.0), (112.0, 50.0)], np.float32),))
    for sample in (dot, line):
        image = draw_words([sample], np.random.default_rng(0), PLAIN)
        assert (image < 200).any()
        assert image.shape[1] < 120


def test_tall_writing_is_made_smaller_to_fit() -> None:
    image = draw_words([LOW], np.random.default_rng(0), replace(PLAIN, x_height=60.0))
    assert 54 <= ink_height(image) <= 64


def test_narrow_hands_are_not_squeezed() -> None:
    narrow = InkWord("illi", tuple(bar(10.0 * i, 0, 112) for i in range(4)))
    natural = draw_words([narrow], np.random.default_rng(0), PLAIN)
    squeezed = draw_words([narrow], np.random.default_rng(0), replace(PLAIN, stretch=0.75))
    assert squeezed.shape == natural.shape
    wide = InkWord("ill", tuple(bar(150.0 * i, 0, 112) for i in range(3)))
    natural = draw_words([wide], np.random.default_rng(0), PLAIN)
    squeezed = draw_words([wide], np.random.default_rng(0), replace(PLAIN, stretch=0.75))
    assert squeezed.shape[1] < 0.9 * natural.shape[1]


def test_no_strokes_is_an_error() -> None:
    for words in ([], [InkWord("a", ())], [InkWord("a", (np.zeros((0, 2), np.float32),))]):
        with pytest.raises(ValueError, match="at least one word with strokes"):
            draw_words(words, np.random.default_rng(0), PLAIN)


def test_slant_leans_to_the_right() -> None:
    image = draw_words([ONE], np.random.default_rng(0), replace(PLAIN, slant=0.4))
    rows = np.flatnonzero(image.min(axis=1) < 128)
    upper, lower = (np.flatnonzero(image[row] < 128)[0] for row in (rows[2], rows[-3]))
    assert upper > lower + 3


def test_neighbours_stay_at_the_edges() -> None:
    ink = np.zeros((64, 200), np.uint8)
    ink[20:48, 5:195:8] = 255
    style = replace(PLAIN, neighbours=0.2)
    drawn = [
        finish_line(ink, np.random.default_rng(seed), style, baseline=48.0) for seed in range(30)
    ]
    changed = (np.stack(drawn) != 255 - ink).any(axis=2).any(axis=0)
    assert changed[:7].all()
    assert changed[-7:].all()
    assert not changed[8:-8].any()


def test_bleed_through_is_lighter_than_the_ink() -> None:
    ink = np.zeros((64, 200), np.uint8)
    ink[20:48, 5:40] = 255
    image = finish_line(ink, np.random.default_rng(5), replace(PLAIN, bleed=0.15), baseline=48.0)
    behind = image[ink == 0]
    assert behind.min() < 250
    assert behind.min() > 200


def test_baseline_is_found() -> None:
    ink = np.zeros((64, 300), np.uint8)
    ink[20:44, 5:280:9] = 255
    ink[44:58, 50:60] = 255
    assert find_baseline(ink) == pytest.approx(44.0, abs=2.0)
