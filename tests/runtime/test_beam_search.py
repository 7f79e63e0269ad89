"""Prefix beam search, compared with the sum over all paths."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from text_recognizer.beam_search import (
    BeamOptions,
    Hypothesis,
    NoLanguage,
    score_language,
    search_beams,
)
from text_recognizer.ctc import decode_greedy
from text_recognizer.errors import OptionError

EXHAUSTIVE = BeamOptions(width=100_000, sure_blank=2.0, least=0.0, margin=np.inf)


class Pairs:
    """A scorer by pairs of labels: adds a number for each label after another, and for the end."""

    def __init__(self, table: NDArray[np.float64]) -> None:
        self.table = table
        self.most = float(table.max())

    def start(self) -> NDArray[np.int64]:
        return np.zeros(1, np.int64)

    def extend(
        self, states: NDArray[np.int64], labels: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        return self.table[states[:, 0], labels], labels[:, None]

    def finish(self, states: NDArray[np.int64]) -> NDArray[np.float64]:
        return self.table[states[:, 0], 0]

    def score(self, labels: tuple[int, ...]) -> float:
        steps = zip((0, *labels), (*labels, 0), strict=True)
        return float(sum(self.table[before, after] for before, after in steps))


def random_scores(rng: np.random.Generator, n_frames: int, n_labels: int) -> NDArray[np.float64]:
    logits = rng.normal(0, 2, (n_frames, n_labels))
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def sum_over_paths(scores: NDArray[np.float64]) -> dict[tuple[int, ...], float]:
    """Log-probability of every text, by adding up all paths that read as it."""
    found: dict[tuple[int, ...], float] = {}
    for path in product(range(scores.shape[1]), repeat=len(scores)):
        text, before = [], 0
        for label in path:
            if label not in (before, 0):
                text.append(label)
            before = label
        key = tuple(text)
        path_score = sum(scores[frame, label] for frame, label in enumerate(path))
        found[key] = float(np.logaddexp(found.get(key, -np.inf), path_score))
    return found


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    n_labels=st.integers(2, 4),
    has_language=st.booleans(),
)
def test_every_text_has_the_score_of_all_its_paths(
    seed: int, lengths: list[int], n_labels: int, has_language: bool
) -> None:
    """Several lines at once, of unequal length, with and without a language."""
    rng = np.random.default_rng(seed)
    lines = [random_scores(rng, n_frames, n_labels) for n_frames in lengths]
    scorer = Pairs(rng.normal(-1, 1, (n_labels, n_labels)) * has_language)
    found = search_beams(lines, scorer, EXHAUSTIVE, n_best=10**6)
    for scores, hypotheses in zip(lines, found, strict=True):
        expected = {k: v + scorer.score(k) for k, v in sum_over_paths(scores).items()}
        got = {hypothesis.labels: hypothesis.score for hypothesis in hypotheses}
        assert got.keys() == expected.keys()
        assert max(abs(got[key] - expected[key]) for key in got) < 1e-9
        assert [h.score for h in hypotheses] == sorted(got.values(), reverse=True)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), width=st.integers(1, 8))
def test_lines_do_not_change_each_other(seed: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    lines = [random_scores(rng, int(rng.integers(1, 12)), 5) for _ in range(6)]
    scorer, options = Pairs(rng.normal(-1, 1, (5, 5))), BeamOptions(width=width)
    together = search_beams(lines, scorer, options)
    assert together == [search_beams([line], scorer, options)[0] for line in lines]


def test_a_text_by_many_paths_beats_the_best_path() -> None:
    """The best path is blank blank at 0.36; `a` by three paths has 0.64."""
    scores = np.log(np.array([[0.6, 0.4], [0.6, 0.4]]))
    assert decode_greedy(scores[None].astype(np.float32)) == [[]]
    ((best, *_),) = search_beams([scores], options=EXHAUSTIVE)
    assert best.labels == (1,)
    assert best.score == pytest.approx(np.log(0.64))


def test_frames_of_a_text() -> None:
    probabilities = np.full((7, 3), 1e-4)
    for frame, label in enumerate([0, 1, 1, 0, 1, 2, 0]):
        probabilities[frame, label] = 1 - 2e-4
    ((best, *_),) = search_beams([np.log(probabilities)])
    assert best.labels == (1, 1, 2)
    assert best.frames == (1, 4, 5)


def test_passing_over_sure_blanks_changes_little() -> None:
    rng = np.random.default_rng(3)
    scores = random_scores(rng, 40, 6)
    scores[::2] = np.log([0.999, *[0.0002] * 5])
    fast, slow = (
        search_beams([scores], options=BeamOptions(width=32, sure_blank=sure))[0][0]
        for sure in (0.99, 2.0)
    )
    assert fast.labels == slow.labels
    assert fast.score == pytest.approx(slow.score, abs=0.1)


def test_the_language_decides_between_likely_texts() -> None:
    scores = np.log(np.array([[0.02, 0.50, 0.48], [0.98, 0.01, 0.01]]))
    table = np.zeros((3, 3))
    table[0, 1] = -2.0
    assert search_beams([scores])[0][0].labels == (1,)
    assert search_beams([scores], Pairs(table))[0][0].labels == (2,)


def test_nothing_written_and_no_lines() -> None:
    blank = np.log(np.array([[0.999, 0.001]] * 5))
    ((best, *_),) = search_beams([blank])
    assert best == Hypothesis((), (), pytest.approx(5 * np.log(0.999)))
    assert search_beams([]) == []


def test_no_language_adds_nothing() -> None:
    added, states = NoLanguage().extend(np.zeros((3, 0), np.int64), np.ones(3, np.int64))
    assert added.tolist() == [0, 0, 0]
    assert states.shape == (3, 0)


@pytest.mark.parametrize(
    "values", [{"width": 0}, {"least": 1.0}, {"sure_blank": 0.0}, {"margin": 0.0}]
)
def test_options_that_make_no_sense(values: dict[str, float]) -> None:
    with pytest.raises(OptionError):
        BeamOptions(**values)


def test_a_scorer_of_whole_texts_is_that_of_the_search() -> None:
    rng = np.random.default_rng(3)
    scorer = Pairs(rng.normal(0, 1, (3, 3)))
    texts = [(1, 2, 2), (), (1,)]
    assert score_language(texts, scorer) == pytest.approx([scorer.score(text) for text in texts])
    assert score_language([], scorer).shape == (0,)
