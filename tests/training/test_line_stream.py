"""The stream of training lines: shares, caps, short lines first, exact repetition."""

import logging
from collections import Counter
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from tiny_run import ALPHABET, draw_line

from text_recognizer.data.batches import LineEncoder
from text_recognizer.data.line_stream import LineStream, StreamOptions
from text_recognizer.errors import InputError

_ENCODER = LineEncoder(ALPHABET, "latin-ascii-1", height=32, max_width=512)
_OPTIONS = StreamOptions(
    seed=5, batch_columns=1024, max_batch=8, max_draws=10**6, short_lines_first=0
)


class _Source:
    def __init__(self, text: str, n_lines: int = 10) -> None:
        self._text, self._n_lines, self.n_short = text, n_lines, 0

    def __len__(self) -> int:
        return self._n_lines

    def draw(self, rng: np.random.Generator, *, short: bool) -> tuple[np.ndarray, str]:
        self.n_short += short
        image = draw_line(self._text)
        return np.maximum(image, rng.integers(0, 3, image.shape, np.uint8)), self._text


def _stream(options: StreamOptions = _OPTIONS, n_lines: int = 10) -> LineStream:
    sources = {"one": _Source("abba", n_lines), "two": _Source("bed", 10**9)}
    return LineStream(sources, {"one": 3, "two": 1}, _ENCODER, options)


def test_sources_are_drawn_by_share() -> None:
    counts = Counter(line.source for line in islice(_stream().lines(), 2000))
    assert counts[0] / 2000 == pytest.approx(0.75, abs=0.03)


def test_the_same_seed_repeats_the_stream_and_another_start_does_not() -> None:
    first, second = (list(islice(iter(_stream()), 12)) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert a.texts == b.texts
        assert np.array_equal(a.images, b.images)
    resumed = list(islice(iter(_stream(replace(_OPTIONS, start=100))), 12))
    assert [b.texts for b in resumed] != [b.texts for b in first]


def test_processes_draw_different_lines() -> None:
    texts = [
        [line.text for line in islice(_stream(replace(_OPTIONS, rank=r, n_ranks=2)).lines(), 50)]
        for r in range(2)
    ]
    assert texts[0] != texts[1]


def test_a_source_falls_out_when_its_lines_are_used_up() -> None:
    lines = islice(_stream(replace(_OPTIONS, max_draws=4), n_lines=5).lines(), 300)
    counts = Counter(line.text for line in lines)
    assert counts["abba"] == 20


def test_used_up_sources_begin_anew_together(caplog: pytest.LogCaptureFixture) -> None:
    stream = LineStream(
        {"one": _Source("abba", 3)}, {"one": 1}, _ENCODER, replace(_OPTIONS, max_draws=2)
    )
    with caplog.at_level(logging.INFO):
        assert len(list(islice(stream.lines(), 20))) == 20
    assert "Every line was drawn 2 times; they begin anew." in caplog.text


def test_a_line_that_cannot_be_read_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(_Source):
        def draw(self, rng: np.random.Generator, *, short: bool) -> tuple[np.ndarray, str]:
            if rng.random() < 0.5:
                raise InputError("x.png is damaged.")
            return super().draw(rng, short=short)

    stream = LineStream({"one": Broken("bed")}, {"one": 1}, _ENCODER, _OPTIONS)
    assert len(list(islice(stream.lines(), 20))) == 20
    assert "A line is left out: x.png is damaged." in caplog.text


def test_short_lines_come_first() -> None:
    sources = {"one": _Source("abba")}
    stream = LineStream(sources, {"one": 1}, _ENCODER, replace(_OPTIONS, short_lines_first=30))
    list(islice(stream.lines(), 100))
    assert sources["one"].n_short == 30


def test_a_stream_without_sources_is_refused() -> None:
    with pytest.raises(InputError, match="No training data was found"):
        LineStream({}, {}, _ENCODER, _OPTIONS)
