"""Greedy decoding against its definition, written out frame by frame."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from text_recognizer.alphabet import BLANK
from text_recognizer.ctc import (
    LabelRun,
    align,
    best_probabilities,
    decode_greedy,
    score_labels,
)


def scores_of_paths(paths: list[tuple[int, ...]], n_labels: int = 3) -> NDArray[np.float32]:
    """Log-probabilities (N, T, C) whose best path is given: 0.7 there, the rest shared."""
    probabilities = np.full((len(paths), len(paths[0]), n_labels), 0.3 / (n_labels - 1))
    for line, path in enumerate(paths):
        probabilities[line, np.arange(len(path)), path] = 0.7
    scores: NDArray[np.float32] = np.log(probabilities).astype(np.float32)
    return scores


def collapse(path: tuple[int, ...]) -> list[int]:
    """The definition: merge repeated labels, then drop the blanks."""
    return [label for label, _ in itertools.groupby(path) if label != 0]


def decode_frame_by_frame(scores: NDArray[np.float32]) -> list[LabelRun]:
    """Runs of one line, scores (T, C), without any vectorisation."""
    runs: list[LabelRun] = []
    previous = 0
    for frame, logits in enumerate(scores.tolist()):
        label = logits.index(max(logits))
        total = sum(math.exp(logit - logits[label]) for logit in logits)
        if label != 0 and label == previous:
            best = max(runs[-1].confidence, 1 / total)
            runs[-1] = LabelRun(label, best, runs[-1].start, frame + 1)
        elif label != 0:
            runs.append(LabelRun(label, 1 / total, frame, frame + 1))
        previous = label
    return runs


def test_every_path_of_six_frames_and_three_labels_collapses_by_the_definition() -> None:
    paths = list(itertools.product(range(3), repeat=6))
    decoded = decode_greedy(scores_of_paths(paths))
    assert [[run.label for run in line] for line in decoded] == [collapse(path) for path in paths]


def test_a_repeated_label_needs_a_blank_between() -> None:
    together, apart = decode_greedy(scores_of_paths([(1, 1, 1), (1, 0, 1)]))
    assert [run.label for run in together] == [1]
    assert [run.label for run in apart] == [1, 1]


def test_spans_cover_the_frames_of_the_run() -> None:
    (line,) = decode_greedy(scores_of_paths([(0, 2, 2, 1, 0, 1)]))
    assert [(run.label, run.start, run.end) for run in line] == [(2, 1, 3), (1, 3, 4), (1, 5, 6)]


def test_a_run_at_a_line_end_does_not_join_the_next_line() -> None:
    first, second = decode_greedy(scores_of_paths([(0, 0, 1), (1, 1, 0)]))
    assert [(run.start, run.end) for run in first] == [(2, 3)]
    assert [(run.start, run.end) for run in second] == [(0, 2)]


def test_frames_beyond_the_length_do_not_count() -> None:
    scores = scores_of_paths([(1, 2, 2, 1), (1, 2, 2, 1), (1, 2, 2, 1)])
    decoded = decode_greedy(scores, np.array([4, 2, 0]))
    assert [[run.label for run in line] for line in decoded] == [[1, 2, 1], [1, 2], []]
    assert decoded[1][-1].end == 2


def test_confidence_is_the_largest_softmax_value_of_the_run() -> None:
    probabilities = np.array([[[0.1, 0.6, 0.3], [0.04, 0.95, 0.01], [0.2, 0.5, 0.3]]])
    (line,) = decode_greedy(np.log(probabilities).astype(np.float32))
    assert [(run.label, run.start, run.end) for run in line] == [(1, 0, 3)]
    assert line[0].confidence == pytest.approx(0.95)


def test_temperature_flattens_confidence_and_keeps_labels() -> None:
    probabilities = np.array([[[0.1, 0.9]]])
    (line,) = decode_greedy(np.log(probabilities).astype(np.float32), temperature=2.0)
    assert [run.label for run in line] == [1]
    assert line[0].confidence == pytest.approx(3 / 4)  # sqrt(.9) : sqrt(.1) = 3 : 1


def test_logits_far_from_zero_do_not_overflow() -> None:
    scores = np.array([[[1e4, 1e4 + 1]], [[-1e4, -1e4 + 1]]], dtype=np.float32)
    expected = 1 / (1 + math.exp(-1))
    assert best_probabilities(scores) == pytest.approx(expected)


def test_impossible_labels_leave_full_confidence() -> None:
    scores = np.array([[[-np.inf, 0.0, -np.inf]]], dtype=np.float32)
    assert decode_greedy(scores) == [[LabelRun(1, 1.0, 0, 1)]]


@pytest.mark.parametrize("shape", [(0, 5, 3), (2, 0, 3)])
def test_no_lines_and_no_frames_give_no_runs(shape: tuple[int, int, int]) -> None:
    assert decode_greedy(np.zeros(shape, dtype=np.float32)) == [[] for _ in range(shape[0])]


@settings(deadline=None)
@given(
    n_lines=st.integers(1, 4),
    n_frames=st.integers(1, 12),
    n_labels=st.integers(2, 5),
    seed=st.integers(0, 2**32 - 1),
)
def test_random_scores_decode_as_frame_by_frame(
    n_lines: int, n_frames: int, n_labels: int, seed: int
) -> None:
    noise = np.random.default_rng(seed).normal(size=(n_lines, n_frames, n_labels))
    scores = (3 * noise).astype(np.float32)
    for decoded, line_scores in zip(decode_greedy(scores), scores, strict=True):
        expected = decode_frame_by_frame(line_scores)
        assert [(r.label, r.start, r.end) for r in decoded] == [
            (r.label, r.start, r.end) for r in expected
        ]
        assert [r.confidence for r in decoded] == pytest.approx([r.confidence for r in expected])


@settings(deadline=None)
@given(path=st.lists(st.integers(0, 3), min_size=1, max_size=20), offset=st.floats(-50, 50))
def test_confidences_are_probabilities_and_spans_do_not_overlap(
    path: list[int], offset: float
) -> None:
    scores = scores_of_paths([tuple(path)], n_labels=4) + np.float32(offset)  # logits will do
    (line,) = decode_greedy(scores)
    frames = [frame for run in line for frame in range(run.start, run.end)]
    assert frames == [frame for frame, label in enumerate(path) if label != 0]
    assert all(run.confidence == pytest.approx(0.7, abs=1e-3) for run in line)


def _paths_that_read(labels: list[int], n_frames: int) -> list[tuple[int, ...]]:
    paths = itertools.product(range(3), repeat=n_frames)
    return [
        path
        for path in paths
        if [label for label, _ in itertools.groupby(path) if label != BLANK] == labels
    ]


@pytest.mark.parametrize("labels", [[], [1], [1, 2], [1, 1], [2, 1, 1], [1, 2, 1]])
def test_alignment_is_the_most_probable_path_of_all(labels: list[int]) -> None:
    """Brute force over all paths of 5 frames and 3 labels."""
    rng = np.random.default_rng(len(labels))
    for _ in range(20):
        scores = np.log(rng.dirichlet(np.ones(3), size=5)).astype(np.float32)
        paths = _paths_that_read(labels, 5)
        best = max(paths, key=lambda path: sum(scores[t, label] for t, label in enumerate(path)))
        runs = []
        start = 0
        for label, group in itertools.groupby(best):
            length = len(list(group))
            if label != BLANK:
                runs.append((start, start + length))
            start += length
        assert align(scores, labels) == runs


def test_too_few_frames_for_an_alignment_are_an_error() -> None:
    with pytest.raises(ValueError, match="2 frames are too few for 2 labels"):
        align(np.zeros((2, 3), np.float32), [1, 1])


def test_long_texts_are_aligned() -> None:
    labels = [1, 2] * 100
    assert align(np.zeros((200, 3), np.float32), labels) == [(i, i + 1) for i in range(200)]


def sum_over_all_paths(scores: NDArray[np.float64], text: tuple[int, ...]) -> float:
    """Logarithm of the summed probability of the paths that read as a text."""
    total = -math.inf
    for path in itertools.product(range(scores.shape[1]), repeat=len(scores)):
        if tuple(collapse(path)) == text:
            total = float(np.logaddexp(total, sum(scores[t, c] for t, c in enumerate(path))))
    return total


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n_frames=st.integers(1, 6))
def test_scores_of_texts_are_sums_over_all_paths(seed: int, n_frames: int) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n_frames, 3))
    scores = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    texts = [(), (1,), (2, 1), (1, 1), (2, 2, 1), (1, 2, 1, 2), (1,) * 7]
    found = score_labels(scores, texts)
    for text, score in zip(texts, found, strict=True):
        assert score == pytest.approx(sum_over_all_paths(scores, text), abs=1e-9)


def test_scores_of_a_long_line_do_not_vanish() -> None:
    """One path has nearly all the probability; the others would be lost below 1e-308."""
    scores = scores_of_paths([(1, 0) * 1_000])[0]
    exact, nothing, too_long = score_labels(scores, [(1,) * 1_000, (), (1,) * 1_001])
    assert exact == pytest.approx(2_000 * math.log(0.7), abs=1.0)
    assert nothing == pytest.approx(1_000 * (math.log(0.7) + math.log(0.15)), abs=1e-3)
    assert too_long == -math.inf
    assert score_labels(scores, []).shape == (0,)
