"""Sources of training lines: what they draw says what they claim."""

from collections import Counter
from functools import partial

import numpy as np
import pytest
from tiny_run import draw_line

from text_recognizer.data.line_sources import (
    Drawing,
    joined_images,
    joined_strokes,
    scanned_lines,
    stroke_lines,
)
from text_recognizer.ground_truth import LineSample, StrokeSample

_BAR = np.array([[0, 0], [0, 100]], np.float32)


def _line(text: str, writer: str = "w") -> LineSample:
    return LineSample(text, text, "drawn", writer, "eng", "train", partial(draw_line, text))


def _strokes(text: str, writer: str = "w") -> StrokeSample:
    bars = tuple(_BAR + [40 * i, 0] for i in range(len(text)))
    return StrokeSample(text, text, "strokes", writer, "eng", "train", bars)


def test_each_line_comes_once_before_any_comes_again() -> None:
    source = scanned_lines([_line(text) for text in ("a", "bb", "ccc")], Drawing(0.3))
    rng = np.random.default_rng(0)
    texts = [source.draw(rng, short=False)[1] for _ in range(9)]
    for start in (0, 3, 6):
        assert sorted(texts[start : start + 3]) == ["a", "bb", "ccc"]


def test_short_lines_are_dealt_on_request() -> None:
    source = scanned_lines([_line("bed"), _line("a bad egg had a cab bed")], Drawing(0.0))
    rng = np.random.default_rng(0)
    assert {source.draw(rng, short=True)[1] for _ in range(8)} == {"bed"}


def test_without_strength_a_scanned_line_is_itself() -> None:
    image, text = scanned_lines([_line("bed")], Drawing(0.0)).draw(
        np.random.default_rng(0), short=False
    )
    assert text == "bed"
    assert np.array_equal(image, draw_line("bed"))


def test_long_stroke_lines_come_more_often() -> None:
    texts = ["l" * 10, "l" * 45, "l" * 95]
    source = stroke_lines([_strokes(text) for text in texts], Drawing(0.5))
    rng = np.random.default_rng(0)
    counts = Counter(len(source.draw(rng, short=False)[1]) for _ in range(len(source)))
    assert counts == {10: 1, 45: 2, 95: 4}


@pytest.mark.parametrize("kind", ["images", "strokes"])
def test_joined_words_are_of_one_writer(kind: str) -> None:
    rng = np.random.default_rng(1)
    pairs = [("l", "one"), ("ll", "one"), ("lll", "two"), ("llll", "two")]
    if kind == "images":
        source = joined_images([_line(*pair) for pair in pairs], Drawing(0.5))
    else:
        source = joined_strokes([_strokes(*pair) for pair in pairs], Drawing(0.5))  # type: ignore[assignment]
    n_words = Counter()
    for _ in range(40):
        image, text = source.draw(rng, short=False)
        words = text.split()
        n_words[len(words)] += 1
        assert set(words) <= {"l", "ll"} or set(words) <= {"lll", "llll"}
        assert image.dtype == np.uint8
        assert image.shape[1] > image.shape[0] / 2
    assert min(n_words) >= 2
    assert max(n_words) <= 8


def test_some_drawn_lines_lie_on_real_paper() -> None:
    dark = np.full((96, 400), 0.4, np.float32)  # no drawn paper is as dark
    source = stroke_lines([_strokes("l" * 10)], Drawing(0.0, (dark,)))
    rng = np.random.default_rng(0)
    brightness = [np.median(source.draw(rng, short=False)[0]) for _ in range(60)]
    assert 0.25 < np.mean(np.array(brightness) < 128) < 0.55
