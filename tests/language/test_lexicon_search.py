"""Near words of a lexicon, compared with a look at every word."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_weighted_edits import LETTERS, random_costs

from text_recognizer.language.lexicon import Lexicon
from text_recognizer.language.lexicon_search import LexiconSearch, NearWords
from text_recognizer.language.mending import Edit, Proposal
from text_recognizer.language.weighted_edits import weighted_distance

SYMBOLS = tuple(LETTERS + "x")


@settings(max_examples=200, deadline=None)
@given(
    words=st.lists(st.text(SYMBOLS, min_size=1, max_size=6), min_size=1, max_size=12, unique=True),
    read=st.text("abcxy", max_size=6),
    seed=st.integers(0, 20),
)
def test_all_words_that_are_near(words: list[str], read: str, seed: int) -> None:
    costs = random_costs(seed)
    search = LexiconSearch(Lexicon.of(words, SYMBOLS), SYMBOLS, costs)
    found = search.find(read, most_cost=2.5, n_best=100)
    expected = {word: weighted_distance(word, read, costs) for word in words}
    expected = {word: cost for word, cost in expected.items() if cost <= 2.5}
    assert {near.word for near in found} == expected.keys()
    for near in found:
        assert near.cost == pytest.approx(expected[near.word], abs=1e-9)
    assert [near.cost for near in found] == sorted(near.cost for near in found)


def test_the_nearest_come_first_and_no_more_than_asked() -> None:
    search = LexiconSearch(Lexicon.of(["abc", "abb", "cab"], SYMBOLS), SYMBOLS)
    assert [near.word for near in search.find("abc", n_best=2)] == ["abc", "abb"]
    assert search.find("xxxxxx") == []


def test_a_large_lexicon() -> None:
    """Of a hundred thousand words only beginnings that are near are looked at."""
    rng = np.random.default_rng(0)
    words = {"".join(rng.choice(list("abcdefgh"), 9)) for _ in range(100_000)}
    symbols = tuple("abcdefgh")
    search = LexiconSearch(Lexicon.of(words, symbols), symbols)
    for word in sorted(words)[::20_000]:
        read = word[:4] + word[5:]
        nearest = [near.word for near in search.find(read, most_cost=1.0, n_best=1000)]
        assert word in nearest
        assert all(weighted_distance(near, read) <= 1 for near in nearest)


def test_words_that_are_not_listed_get_proposals() -> None:
    words = ["abba", "cab"]
    search = LexiconSearch(Lexicon.of(words, tuple("abc")), tuple("abc"))
    proposer = NearWords(words, search)
    assert proposer.propose(["abba cb, ab!", "abbb", "ccc ccc", ""]) == [
        [],
        [Proposal((Edit(0, 4, "abba"),))],
        [Proposal((Edit(0, 3, "cab"),)), Proposal((Edit(4, 7, "cab"),))],
        [],
    ]
