"""Calibration against scores whose true probabilities are known."""

import itertools

import numpy as np
import pytest

from text_recognizer.ctc import decode_greedy
from text_recognizer.errors import BundleError, InputError
from text_recognizer.evaluation.calibration import (
    MAX_WORD_POINTS,
    UNCALIBRATED,
    Calibration,
    Outcomes,
    align,
    calibration_error,
    fit_calibration,
    fit_temperature,
    fit_word_points,
    judge,
    log_loss,
    measure_calibration,
    score_text,
)
from text_recognizer.evaluation.metrics import count_edits
from text_recognizer.manifest import Manifest

SYMBOLS = ("a", "b", " ")


def scores_of(path: str, *, n_labels: int = 4) -> np.ndarray:
    """Scores (T, C) whose best path is the given one; `-` is the blank."""
    labels = ["-ab ".index(step) for step in path]
    logits = np.random.default_rng(len(path)).normal(0, 0.3, (len(path), n_labels))
    logits[np.arange(len(path)), labels] += 3
    return log_softmax(logits)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    return (logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))).astype(np.float32)


def characters_with(
    *, sharpness: float, n_characters: int = 40_000, word_length: int = 4, seed: int = 0
) -> Outcomes:
    """Words of characters that are right as often as their softmax says, before it is sharpened.

    The best of 4 labels has a lead of 0 to 3 in the logits, and scores are `sharpness` times those.
    """
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 0.5, (n_characters, 4))
    logits[:, 1] = logits.max(axis=1) + rng.uniform(0, 3, n_characters)
    true = np.exp(log_softmax(logits))[:, 1]
    right = rng.random(n_characters) < true
    starts = np.arange(n_characters)
    return Outcomes(
        scores=log_softmax(sharpness * logits),
        starts=starts,
        characters_right=right,
        is_letter=np.ones(n_characters, dtype=bool),
        word_starts=starts[::word_length],
        words_right=right.reshape(-1, word_length).all(axis=1),
    )


# Texts and alignment


def test_texts_are_those_of_the_runs_without_idle_spaces():
    assert score_text(scores_of("- -aa-a - - bb -"), SYMBOLS).text == "aa b"
    for path in ("", "---", " - "):
        nothing = score_text(scores_of(path), SYMBOLS)
        assert (nothing.text, nothing.scores.shape, nothing.starts.size) == ("", (0, 4), 0)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_confidences_are_those_of_greedy_decoding(temperature):
    paths = ["aab-b aa", "--bb--", "---", "ab ab"]  # no idle spaces, so that every run is kept
    outcomes = judge([score_text(scores_of(path), SYMBOLS) for path in paths], [""] * len(paths))
    decoded = [decode_greedy(scores_of(p)[None], temperature=temperature)[0] for p in paths]
    runs = list(itertools.chain.from_iterable(decoded))
    assert [run.label for run in runs] == [1, 2, 2, 3, 1, 2, 1, 2, 3, 1, 2]
    expected = [run.confidence for run in runs]
    assert outcomes.character_confidences(temperature) == pytest.approx(expected, rel=1e-6)
    words = [expected[:3], expected[4:5], expected[5:6], expected[6:8], expected[9:]]
    assert outcomes.word_products(temperature) == pytest.approx(list(map(np.prod, words)), rel=1e-6)


def test_characters_and_words_are_judged_by_their_partners():
    texts = [score_text(scores_of(path), SYMBOLS) for path in ("ab a-a", "--", "b", "b a")]
    outcomes = judge(texts, ["ab ab", "a", "", "b ba"])
    right = [(True, True, True, True, False), (), (False,), (True, True, True)]
    assert outcomes.characters_right.tolist() == list(itertools.chain(*right))
    assert outcomes.words_right.tolist() == [True, False, False, True, False]
    assert outcomes.is_letter.tolist() == [char != " " for char in "ab aabb a"]
    assert outcomes.word_starts.tolist() == [0, 2, 4, 5, 6]


def test_lines_without_any_text_have_no_outcomes():
    outcomes = judge([score_text(scores_of("--"), SYMBOLS)], ["ab"])
    assert outcomes.character_confidences(1).shape == outcomes.word_products(1).shape == (0,)
    errors = measure_calibration(outcomes, UNCALIBRATED)
    assert (errors.characters, errors.words) == (None, None)
    with pytest.raises(InputError, match="The model reads nothing in these lines: train it first"):
        fit_calibration(outcomes)


def test_known_alignments():
    assert align("abc", "abc") == [0, 1, 2]
    assert align("abc", "axc") == [0, 1, 2]
    assert align("abc", "ac") == [0, 2]
    assert align("abc", "abxc") == [0, 1, None, 2]
    assert align("", "ab") == [None, None]
    assert align("ab", "") == []
    assert align(["one", "two"], ["two"]) == [1]


def test_alignments_have_the_fewest_edits_and_keep_the_order():
    rng = np.random.default_rng(1)
    for _ in range(300):
        true, read = ("".join(rng.choice(list("abc"), rng.integers(0, 9))) for _ in range(2))
        partners = align(true, read)
        taken = [partner for partner in partners if partner is not None]
        assert taken == sorted(set(taken))
        wrong = sum(p is None or true[p] != unit for p, unit in zip(partners, read, strict=True))
        assert wrong + len(true) - len(taken) == count_edits(true, read)


# Calibration errors and temperature


def test_calibration_error_by_hand():
    confidences = np.array([0.95, 0.95, 0.91, 1.0, 0.35, 0.35])
    right = np.array([True, True, False, True, True, False])
    # Upper bin: 3.81 expected, 3 right. Lower bin: 0.7 expected, 1 right.
    assert calibration_error(confidences, right) == pytest.approx((0.81 + 0.3) / 6)
    assert calibration_error(np.array([]), np.array([], dtype=bool)) is None


def test_log_loss_by_hand():
    loss = log_loss(np.array([0.8, 0.4]), np.array([True, False]))
    assert loss == pytest.approx(-(np.log(0.8) + np.log(0.6)) / 2)
    assert log_loss(np.array([1.0]), np.array([False])) == pytest.approx(-np.log(1e-6))


@pytest.mark.parametrize("sharpness", [0.6, 1.0, 2.5])
def test_temperature_undoes_a_known_sharpness(sharpness):
    outcomes = characters_with(sharpness=sharpness)
    assert fit_temperature(outcomes) == pytest.approx(sharpness, rel=0.05)


def test_temperature_has_less_loss_than_its_neighbours():
    outcomes = characters_with(sharpness=1.7, n_characters=4000)
    best = fit_temperature(outcomes)

    def loss(temperature: float) -> float:
        return log_loss(outcomes.character_confidences(temperature), outcomes.characters_right)

    assert all(loss(best) <= loss(best * factor) for factor in (0.5, 0.98, 1.02, 2))
    assert best == fit_temperature(outcomes)


@pytest.mark.parametrize(("is_right", "temperature"), [(True, 0.25), (False, 8.0)])
def test_temperature_stays_in_its_limits(is_right, temperature):
    texts = [score_text(scores_of("ab"), SYMBOLS)]
    outcomes = judge(texts, ["ab" if is_right else "  "])
    assert fit_temperature(outcomes) == temperature


# Words


def isotonic_by_definition(right: np.ndarray) -> np.ndarray:
    """The max-min formula: largest, over starts, of the smallest mean of windows around a place.

    Source: R. Barlow et al., Statistical Inference under Order Restrictions, 1972, chapter 1.
    """
    sums, n = np.append(0, np.cumsum(right)), len(right)
    first, last = np.arange(n)[:, None], np.arange(n)[None, :]
    means = (sums[1:][None, :] - sums[:-1][:, None]) / np.maximum(last - first + 1, 1)
    return np.array([means[: i + 1, i:].min(axis=1).max() for i in range(n)])


def test_word_points_are_the_isotonic_regression():
    rng = np.random.default_rng(2)
    blocks = [rng.random(20) < share for share in (0.2, 0.1, 0.5, 0.4, 0.9, 0.95)]
    right, products = np.concatenate(blocks), np.linspace(0.05, 0.95, 120)
    points = fit_word_points(products, right)
    regression = isotonic_by_definition(right)
    levels = np.unique(regression.round(9))
    assert 3 <= len(levels) <= MAX_WORD_POINTS
    assert [share for _, share in points] == pytest.approx(levels.tolist(), abs=1e-6)
    means = [products[np.isclose(regression, level)].mean() for level in levels]
    assert [product for product, _ in points] == pytest.approx(means, abs=1e-6)


def test_word_points_follow_a_known_curve_and_suit_the_manifest():
    rng = np.random.default_rng(3)
    products = rng.random(50_000) ** 0.5
    points = fit_word_points(products, rng.random(50_000) < products**2)
    assert len(points) == MAX_WORD_POINTS
    at = np.linspace(0.1, 0.95, 30)
    assert Calibration(1.0, points).word_confidences(at) == pytest.approx(at**2, abs=0.05)
    manifest_with(points)


def test_equal_products_have_one_point():
    products = np.repeat([0.2, 0.9], 100)
    right = np.concatenate([np.arange(100) < 30, np.arange(100) < 80])
    assert fit_word_points(products, right) == ((0.2, 0.3), (0.9, 0.8))
    assert fit_word_points(products[::-1], right[::-1]) == ((0.2, 0.3), (0.9, 0.8))


def test_products_that_say_nothing_give_a_level_line():
    products = np.linspace(0, 1, 200)
    points = fit_word_points(products, products < 0.25)  # the surer the model, the more wrong
    assert points == ((0.0, 0.25), (1.0, 0.25))
    manifest_with(points)


def test_products_that_are_almost_equal_make_no_two_points():
    products = np.concatenate([np.linspace(1e-9, 3e-9, 60), np.linspace(0.5, 0.6, 60)])
    points = fit_word_points(products, np.arange(120) % 60 >= 30)
    manifest_with(points)
    assert points[0][0] == 0.0
    with pytest.raises(BundleError):  # what the manifest would say to such points
        manifest_with(((0.0, 0.2), (0.0, 0.3)))


def test_few_words_give_no_points():
    assert fit_word_points(np.linspace(0, 1, 99), np.arange(99) > 50) is None
    assert fit_word_points(np.linspace(0, 1, 100), np.arange(100) > 50) is not None


def manifest_with(points: tuple[tuple[float, float], ...]) -> Manifest:
    return Manifest(
        name="m",
        version="1",
        task="line",
        input_normalisation="n",
        symbols=SYMBOLS,
        line_height=32,
        frame_stride=4,
        word_calibration=points,
    )


# Both together, judged by characters and words that were not fitted on


def test_calibration_makes_overconfident_scores_honest():
    calibration = fit_calibration(characters_with(sharpness=2.5, seed=1))
    others = characters_with(sharpness=2.5, seed=2)
    before = measure_calibration(others, UNCALIBRATED)
    after = measure_calibration(others, calibration)
    assert before.characters > 0.1
    assert before.words > 0.2
    assert after.characters < 0.01
    assert after.words < 0.02


def test_word_points_mend_what_the_product_of_characters_gets_wrong():
    # Characters are right on their own as often as they say; but words are right or wrong as one.
    rng = np.random.default_rng(4)
    outcomes = characters_with(sharpness=1.0)
    first = outcomes.character_confidences(1.0)[outcomes.word_starts]
    words_right = rng.random(len(first)) < first
    outcomes = Outcomes(
        outcomes.scores,
        outcomes.starts,
        np.repeat(words_right, 4),
        outcomes.is_letter,
        outcomes.word_starts,
        words_right,
    )
    assert measure_calibration(outcomes, UNCALIBRATED).words > 0.2
    assert measure_calibration(outcomes, fit_calibration(outcomes)).words < 0.02
