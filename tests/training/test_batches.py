"""Encoding and batching of training lines."""

import itertools

import numpy as np
import pytest
from tiny_run import ALPHABET, draw_line

from text_recognizer.ctc import decode_greedy
from text_recognizer.data.batches import LineEncoder, batch_by_width, collate, frames_needed
from text_recognizer.line_input import normalise

_ENCODER = LineEncoder(ALPHABET, "latin-ascii-1", height=32, max_width=512)


@pytest.mark.parametrize("text", ["".join(t) for t in itertools.product("ab", repeat=4)])
def test_frames_needed_is_the_shortest_path_that_decodes_to_the_text(text: str) -> None:
    """Brute force: the fewest frames over {blank, a, b} whose best path reads as the text."""
    symbols = {"a": 1, "b": 2}
    wanted = [symbols[c] for c in text]
    for n_frames in range(len(text), 8):
        paths = np.array(list(itertools.product(range(3), repeat=n_frames)))
        scores = np.eye(3, dtype=np.float32)[paths]
        decoded = [[run.label for run in runs] for runs in decode_greedy(scores)]
        if wanted in decoded:
            assert frames_needed(text) == n_frames
            return
    pytest.fail("no path found")


def test_a_line_is_padded_to_a_multiple_of_64_columns() -> None:
    line = _ENCODER.encode(draw_line("had a cab"), "had a cab", source=3)
    assert line is not None
    assert line.image.shape[0] == 32
    assert line.image.shape[1] % 64 == 0
    inner = normalise(draw_line("had a cab"), 32)
    assert np.array_equal(line.image[:, : inner.shape[1]], inner)
    assert not line.image[:, inner.shape[1] :].any()
    assert ALPHABET.decode(line.labels) == "had a cab"
    assert line.source == 3


@pytest.mark.parametrize("text", ["", "zebra", "abcd" * 10])
def test_lines_that_cannot_be_learnt_are_left_out(text: str) -> None:
    """No text, unknown characters, more characters than frames."""
    assert _ENCODER.encode(draw_line("abc"), text, source=0) is None


def test_lines_over_the_width_limit_are_left_out() -> None:
    assert _ENCODER.encode(np.full((32, 513), 255, np.uint8), "a", source=0) is None
    assert _ENCODER.encode(np.full((32, 512), 255, np.uint8), "a", source=0) is not None


def test_batches_hold_one_width_and_a_budget_of_columns() -> None:
    texts = ["a", "had a cab", "abba abba abba", "bed"] * 9
    lines = [_ENCODER.encode(draw_line(t), t, source=0) for t in texts]
    kept = [line for line in lines if line is not None]
    batches = list(batch_by_width(kept, batch_columns=512, max_batch=5, keep_rest=True))
    assert sum(len(batch.texts) for batch in batches) == len(texts)
    for batch in batches:
        n_lines, _, height, width = batch.images.shape
        assert height == 32
        assert n_lines <= min(5, max(1, 512 // width))
        assert batch.n_labels.tolist() == [len(text) for text in batch.texts]
        assert ALPHABET.decode(batch.labels.tolist()) == "".join(batch.texts)


def test_the_rest_is_dropped_on_request() -> None:
    line = _ENCODER.encode(draw_line("a"), "a", source=0)
    assert line is not None
    assert list(batch_by_width([line], batch_columns=512, max_batch=5, keep_rest=False)) == []
    assert collate([line]).texts == ("a",)
