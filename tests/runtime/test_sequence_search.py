"""The search over a decoder's labels: greedy, beam, weights, against all texts."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from text_recognizer.errors import OptionError
from text_recognizer.sequence_search import (
    Hypothesis,
    SearchOptions,
    SpecialLabels,
    search_texts,
)

START, END, PADDING = 0, 1, 2
A, B, C = 3, 4, 5
SPECIAL = SpecialLabels(START, END, (PADDING,))
N_LABELS = 6
Scores = Callable[[int, tuple[int, ...]], np.ndarray]


def scores_after(image: int, labels: tuple[int, ...]) -> np.ndarray:
    """Log-probabilities that depend on the image and on all labels so far."""
    rng = np.random.default_rng([image, *labels])
    scores = rng.normal(scale=2.0, size=N_LABELS)
    return np.asarray(scores - np.log(np.exp(scores).sum()), np.float32)


class Table:
    """A decoder whose cache is what it was fed: rows are wrong if parents are."""

    def __init__(self, n_images: int, after: Scores = scores_after) -> None:
        self.rows: list[tuple[int, tuple[int, ...]]] = [(i, ()) for i in range(n_images)]
        self.n_rows: list[int] = []
        self.after = after

    def step(self, labels: np.ndarray, parents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.n_rows.append(len(labels))
        chosen = [self.rows[parent] for parent in parents]
        self.rows = [
            (image, (*fed, int(label))) for (image, fed), label in zip(chosen, labels, strict=True)
        ]
        scores = np.stack([self.after(image, fed) for image, fed in self.rows])
        places = np.zeros((len(labels), 3), np.float32)
        places[np.arange(len(labels)), labels % 3] = 1.0
        return scores, places


def all_texts(image: int, longest: int) -> list[tuple[float, tuple[int, ...]]]:
    """Every text that ends within so many labels, with its log-probability, the best first."""
    texts = []
    for length in range(longest):
        for labels in product((A, B, C), repeat=length):
            fed: tuple[int, ...] = (START,)
            total = 0.0
            for label in (*labels, END):
                total += float(scores_after(image, fed)[label])
                fed = (*fed, label)
            texts.append((total, labels))
    return sorted(texts, reverse=True)


def greedy(image: int, longest: int) -> tuple[int, ...]:
    fed: tuple[int, ...] = (START,)
    while len(fed) < longest:
        scores = scores_after(image, fed)
        scores[[START, PADDING]] = -np.inf
        fed = (*fed, int(scores.argmax()))
        if fed[-1] == END:
            return fed[1:-1]
    return fed[1:-1]


def test_a_beam_of_one_is_greedy() -> None:
    found = search_texts(Table(6), 6, SPECIAL, SearchOptions(beam=1, max_length=8))
    assert [own[0].labels for own in found] == [greedy(image, 8) for image in range(6)]
    assert [len(own) for own in found] == [1] * 6


@pytest.mark.parametrize("image", range(4))
def test_a_beam_wide_enough_finds_the_best_of_all_texts(image: int) -> None:
    """The scores are those of the text, so the cache went along with the hypotheses."""
    longest = 5
    best = all_texts(image, longest)
    options = SearchOptions(beam=500, max_length=longest + 1, n_best=5)
    found = search_texts(Table(image + 1), image + 1, SPECIAL, options)[image]
    complete = [own for own in found if own.is_complete]
    assert [own.labels for own in complete[:5]] == [labels for _, labels in best[:5]]
    np.testing.assert_allclose(
        [own.log_probability for own in complete[:5]], [total for total, _ in best[:5]], rtol=1e-5
    )


def test_images_that_are_done_leave_the_batch() -> None:
    def after(image: int, fed: tuple[int, ...]) -> np.ndarray:
        wanted = END if len(fed) > 2 * image + 1 else A
        return np.where(np.arange(N_LABELS) == wanted, -0.1, -4.0).astype(np.float32)

    table = Table(3, after)
    found = search_texts(table, 3, SPECIAL, SearchOptions(max_length=50))
    assert [len(own[0].labels) for own in found] == [1, 3, 5]
    assert all(own[0].is_complete and set(own[0].labels) == {A} for own in found)
    assert table.n_rows == [3, 3, 2, 2, 1, 1]


def test_a_text_as_long_as_allowed_is_not_complete() -> None:
    def after(image: int, fed: tuple[int, ...]) -> np.ndarray:
        return np.array([-9, -5, -9, -1, -2, -3], np.float32)

    (found,) = search_texts(Table(1, after), 1, SPECIAL, SearchOptions(max_length=4))
    assert found == [Hypothesis((A, A), (-1.0, -1.0), False)]
    (found,) = search_texts(Table(1, after), 1, SPECIAL, SearchOptions(max_length=2))
    assert found == [Hypothesis((), (), False)]


@pytest.mark.parametrize("beam", [1, 2, 8])
def test_an_end_that_is_unlikely_does_not_win_for_being_early(beam: int) -> None:
    """The text is sure, and longer than allowed; at each step it might end, at odds of 1 to 99."""

    def after(image: int, fed: tuple[int, ...]) -> np.ndarray:
        scores = np.full(N_LABELS, -12.0)
        scores[[A, END]] = np.log([0.99, 0.01])
        return scores.astype(np.float32)

    ((best, *_),) = search_texts(Table(1, after), 1, SPECIAL, SearchOptions(beam, max_length=60))
    assert (best.labels, best.is_complete) == ((A,) * 58, False)


def test_length_weight_lets_longer_texts_win() -> None:
    def after(image: int, fed: tuple[int, ...]) -> np.ndarray:
        scores = np.full(N_LABELS, -9.0)
        scores[END], scores[A] = (-0.9, -0.6) if len(fed) < 4 else (-0.1, -9.0)
        return scores.astype(np.float32)

    lengths = []
    for weight in (0.0, 2.0):
        options = SearchOptions(beam=8, max_length=9, length_weight=weight)
        lengths.append(len(search_texts(Table(1, after), 1, SPECIAL, options)[0][0].labels))
    assert lengths == [0, 3]


def test_coverage_weight_prefers_texts_that_looked_everywhere() -> None:
    """Attention falls on the place of the label fed: A is 0, B is 1, C is 2."""

    def after(image: int, fed: tuple[int, ...]) -> np.ndarray:
        scores = np.full(N_LABELS, -9.0)
        scores[[A, B, C]] = -1.0, -1.5, -1.6
        if len(fed) == 4:
            scores[END] = -0.1
        return scores.astype(np.float32)

    found = []
    for weight in (0.0, 1.0):
        options = SearchOptions(beam=60, max_length=5, coverage_weight=weight)
        found.append(search_texts(Table(1, after), 1, SPECIAL, options)[0][0].labels)
    assert found[0] == (A, A, A)
    assert sorted(found[1]) == [A, B, C]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"beam": 0}, "beam and n_best are at least 1, and max_length at least 2."),
        ({"length_weight": -1.0}, "length_weight and coverage_weight are at least 0."),
    ],
)
def test_wrong_options(values: dict[str, float], message: str) -> None:
    with pytest.raises(OptionError, match=f"^{message}$"):
        SearchOptions(**values)  # type: ignore[arg-type]
