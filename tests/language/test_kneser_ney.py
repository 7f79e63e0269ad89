"""Smoothed probabilities, compared with a direct implementation of the formulas."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from language_data import PROSE

from text_recognizer.errors import InputError
from text_recognizer.language.kneser_ney import estimate


class Direct:
    """Interpolated modified Kneser-Ney of a stream, one n-gram at a time, with dictionaries."""

    def __init__(self, stream: str, order: int) -> None:
        self.symbols = ["?", *sorted(set(stream))]  # `?` stands for unknown characters
        self.counts = [
            Counter(stream[i : i + n] for i in range(len(stream) - n + 1))
            for n in range(1, order + 1)
        ]
        adjusted = []
        for n, own in enumerate(self.counts):
            if n == order - 1:
                adjusted.append(dict(own))
                continue
            before: dict[str, set[str]] = defaultdict(set)
            for longer in self.counts[n + 1]:
                before[longer[1:]].add(longer[0])
            adjusted.append({gram: max(1, len(before[gram])) for gram in own})
        self.adjusted = adjusted
        self.discounts = [self._discounts(own) for own in adjusted]

    @staticmethod
    def _discounts(adjusted: dict[str, int]) -> list[float]:
        n = [sum(count == k for count in adjusted.values()) for k in range(5)]
        usual = [0.0, 0.5, 1.0, 1.5]
        if not all(n[1:5]):
            return usual
        y = n[1] / (n[1] + 2 * n[2])
        taken = [k - (k + 1) * y * n[k + 1] / n[k] for k in (1, 2, 3)]
        if not all(0 < d <= k for k, d in enumerate(taken, start=1)):
            return usual
        return [0.0, *taken]

    def probability(self, character: str, context: str) -> float:
        level = len(context)
        shorter = self.probability(character, context[1:]) if context else 1 / len(self.symbols)
        own = self.adjusted[level]
        children = {g: c for g, c in own.items() if g[:-1] == context}
        if not children:
            return shorter
        total = sum(children.values())
        taken = self.discounts[level]
        count = children.get(context + character, 0)
        left = sum(taken[min(c, 3)] for c in children.values())
        return (count - taken[min(count, 3)]) / total + left / total * shorter


@pytest.mark.parametrize("order", [2, 3, 5])
def test_probabilities_are_those_of_the_formulas(order: int) -> None:
    stream = " " + " ".join(PROSE)
    model = estimate(PROSE, order=order, rarest=1).model()
    direct = Direct(stream, order)
    contexts = {stream[i : i + n] for n in range(order) for i in range(0, len(stream) - n, 7)}
    assert len(contexts) > 10 * (order - 1)
    for context in sorted(contexts):
        probabilities = model.probabilities(context)
        for symbol, character in enumerate(model.characters, start=1):
            expected = direct.probability(character, context)
            assert probabilities[symbol] == pytest.approx(expected, abs=1e-9), (context, character)


@settings(max_examples=40, deadline=None)
@given(
    text=st.text("abc é", min_size=120, max_size=300),
    order=st.integers(2, 6),
    least_gain=st.sampled_from([0.0, 0.5, 2.0, 20.0]),
    context=st.text("abcxé ", max_size=8),
)
def test_probabilities_of_all_characters_sum_to_one(
    text: str, order: int, least_gain: float, context: str
) -> None:
    """After known and unknown contexts, pruned or not."""
    model = estimate([text], order=order).model(least_gain=least_gain)
    probabilities = model.probabilities(context)
    assert probabilities.sum() == pytest.approx(1.0, abs=1e-9)
    assert (probabilities > 0).all()


def test_pruning_leaves_out_what_gains_least() -> None:
    learnt = estimate(PROSE * 5, order=5)
    text = "the clocks were striking and the rain"
    sizes, losses = [], []
    for gain in (0.0, 2.0, 8.0, 40.0):
        model = learnt.model(least_gain=gain)
        sizes.append(len(model.trie.keys))
        losses.append(-float(model.log_probability([text])[0]))
        assert sum(learnt.levels_kept(gain)) == sizes[-1]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < sizes[0] / 3
    assert losses == sorted(losses)


def test_rare_characters_are_unknown() -> None:
    model = estimate([*PROSE, "a § b"], order=3, rarest=2).model()
    assert "§" not in model.characters
    assert model.encode("§a").tolist() == [0, 1 + model.characters.index("a")]
    assert model.probabilities("th")[0] > 0


def test_a_written_text_is_likelier_than_the_same_letters_in_another_order() -> None:
    model = estimate(PROSE, order=4).model()
    likely, other = model.log_probability(["the old harbour", "eht dlo ruobrah"])
    assert likely > other + 5


def test_texts_of_unequal_length_are_scored_alone() -> None:
    model = estimate(PROSE, order=4).model()
    texts = ["the", "", "and the road"]
    together = model.log_probability(texts)
    alone = [float(model.log_probability([text])[0]) for text in texts]
    assert np.allclose(together, alone)
    assert together[1] == 0


def test_too_little_text() -> None:
    with pytest.raises(InputError, match="5 characters of text are too few"):
        estimate(["seven"], order=3)


def test_text_of_which_no_character_is_known_well() -> None:
    text = "".join(chr(0x4E00 + i) for i in range(400))
    with pytest.raises(InputError, match="No character occurs 5 times"):
        estimate([text], order=3)
