"""Weighted edits, compared with the definition written out cell by cell."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from text_recognizer.evaluation.metrics import count_edits
from text_recognizer.language.weighted_edits import EditCosts, align_texts, weighted_distance

LETTERS = "abc "


def random_costs(seed: int) -> EditCosts:
    rng = np.random.default_rng(seed)
    n = len(LETTERS) + 1
    return EditCosts(
        tuple(LETTERS), rng.uniform(0.1, 3, (n, n)), rng.uniform(0.1, 3, n), rng.uniform(0.1, 3, n)
    )


def cell_by_cell(true: str, read: str, costs: EditCosts) -> float:
    """The recurrence of Wagner and Fischer."""
    one, other = costs.encode(true), costs.encode(read)
    table = np.full((len(true) + 1, len(read) + 1), math.inf)
    table[0, 0] = 0.0
    for i in range(len(true) + 1):
        for j in range(len(read) + 1):
            if i:
                table[i, j] = min(table[i, j], table[i - 1, j] + costs.lost[one[i - 1]])
            if j:
                table[i, j] = min(table[i, j], table[i, j - 1] + costs.added[other[j - 1]])
            if i and j:
                replaced = costs.replaced[one[i - 1], other[j - 1]]
                replaced = 0.0 if true[i - 1] == read[j - 1] else replaced
                table[i, j] = min(table[i, j], table[i - 1, j - 1] + replaced)
    return float(table[-1, -1])


texts = st.text(LETTERS + "xy", max_size=9)  # x and y have no costs of their own


@settings(max_examples=300, deadline=None)
@given(true=texts, read=texts, seed=st.integers(0, 50))
def test_the_distance_is_that_of_the_definition(true: str, read: str, seed: int) -> None:
    costs = random_costs(seed)
    assert weighted_distance(true, read, costs) == pytest.approx(
        cell_by_cell(true, read, costs), abs=1e-9
    )


@settings(max_examples=200, deadline=None)
@given(true=texts, read=texts)
def test_edits_that_cost_the_same_are_levenshteins(true: str, read: str) -> None:
    assert weighted_distance(true, read) == count_edits(true, read)


@settings(max_examples=200, deadline=None)
@given(true=texts, read=texts, seed=st.integers(0, 50))
def test_an_alignment_costs_the_distance(true: str, read: str, seed: int) -> None:
    costs = random_costs(seed)
    pairs = align_texts(true, read, costs)
    assert "".join(one for one, _ in pairs) == true
    assert "".join(other for _, other in pairs) == read
    total = sum(cell_by_cell(one, other, costs) for one, other in pairs)
    assert total == pytest.approx(weighted_distance(true, read, costs), abs=1e-6)


def test_costs_have_a_direction() -> None:
    """An `a` is easily read as an `o`, and not the other way round."""
    replaced = np.ones((3, 3))
    replaced[1, 2] = 0.2
    costs = EditCosts(("a", "o"), replaced, np.ones(3), np.ones(3))
    assert weighted_distance("hat", "hot", costs) == pytest.approx(0.2)
    assert weighted_distance("hot", "hat", costs) == pytest.approx(1.0)


def test_tables_that_are_no_costs() -> None:
    with pytest.raises(ValueError, match="have shapes"):
        EditCosts(("a",), np.ones((1, 1)), np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="over 0"):
        EditCosts((), np.zeros((1, 1)), np.ones(1), np.ones(1))
