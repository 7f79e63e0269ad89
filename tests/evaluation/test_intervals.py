import numpy as np
import pytest

from text_recognizer.evaluation.intervals import bootstrap_interval
from text_recognizer.evaluation.metrics import ErrorCounts


def test_one_document_has_no_interval():
    assert bootstrap_interval([]) is None
    assert bootstrap_interval([ErrorCounts(3, 10)]) is None
    assert bootstrap_interval([ErrorCounts(3, 10), ErrorCounts(1, 0)]) is None


def test_equal_documents_have_an_interval_of_no_width():
    assert bootstrap_interval([ErrorCounts(1, 10)] * 5) == (0.1, 0.1)


def test_two_documents_reach_from_one_to_the_other():
    # Resamples are one of the two alone in half of the cases, far more than 2.5 % each.
    assert bootstrap_interval([ErrorCounts(0, 10), ErrorCounts(5, 10)]) == (0.0, 0.5)


def test_the_interval_is_the_same_every_time_and_agrees_with_theory():
    rng = np.random.default_rng(3)
    documents = [ErrorCounts(int(edits), 1000) for edits in rng.binomial(1000, 0.1, size=400)]
    low, high = bootstrap_interval(documents)
    assert (low, high) == bootstrap_interval(documents)
    rates = np.array([document.edits / 1000 for document in documents])
    expected = 1.96 * rates.std() / np.sqrt(len(rates))  # the central limit theorem
    assert (high - low) / 2 == pytest.approx(expected, rel=0.1)
    assert (high + low) / 2 == pytest.approx(rates.mean(), rel=0.01)


def test_large_documents_weigh_more():
    low, high = bootstrap_interval([ErrorCounts(10, 10)] + [ErrorCounts(0, 10_000)] * 20)
    assert low == 0.0
    assert 0 < high < 0.001  # the mean of the rates of documents would reach 0.14


def test_documents_without_text_are_drawn_too():
    documents = [ErrorCounts(2, 0), ErrorCounts(1, 10), ErrorCounts(1, 10)]
    low, high = bootstrap_interval(documents)
    assert low == 0.1
    assert high == 0.5  # twice the one without text and one other
