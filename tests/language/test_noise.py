"""Noise drawn from confusions, and the tags that undo it."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from text_recognizer.language.confusions import Confusions, find_confusions
from text_recognizer.language.edit_tags import (
    LENGTH_MULTIPLE,
    EditSymbols,
    apply_tags,
    padded_length,
    tag_pieces,
)
from text_recognizer.language.noise import NoiseChannel
from text_recognizer.language.weighted_edits import align_texts

SYMBOLS = EditSymbols(tuple("abcdefghimnorstu ,"))
PAIRS = [
    ("the cat sat on the mat", "the cot sat on the mat"),
    ("a bin, a tin", "a bm a tin"),
    ("sea and sun", "sea nd sun"),
] * 10


def draw_many(factor: float, n: int = 400) -> list[tuple[str, str]]:
    channel, rng = NoiseChannel(Confusions.of(PAIRS)), np.random.default_rng(1)
    texts = [true for true, _ in PAIRS]
    drawn = [channel.draw(texts[i % len(texts)], rng, factor=factor) for i in range(n)]
    return [("".join(t for t, _ in own), "".join(r for _, r in own)) for own in drawn]


@settings(max_examples=200, deadline=None)
@given(text=st.text("abcinmst ,", max_size=20), seed=st.integers(0, 10_000))
def test_the_pieces_are_the_text(text: str, seed: int) -> None:
    pieces = NoiseChannel(Confusions.of(PAIRS)).draw(text, np.random.default_rng(seed), factor=5.0)
    assert "".join(true for true, _ in pieces) == text


def test_noise_is_as_frequent_as_the_confusions_and_the_same() -> None:
    found = Counter(piece for true, read in draw_many(1.0) for piece in find_confusions(true, read))
    seen = Confusions.of(PAIRS)
    written = sum(len(true) + 1 for true, _ in draw_many(1.0))
    expected = 1.1 * sum(seen.pieces.values()) / seen.written[""]  # and a tenth of any kind
    assert sum(found.values()) / written == pytest.approx(expected, rel=0.2)
    assert {piece for piece, _ in found.most_common(4)} >= {("a", "o"), ("in,", "m"), ("a", "")}


def test_no_noise_by_factor_nothing_and_more_by_more() -> None:
    assert all(true == read for true, read in draw_many(0.0))
    few, many = (
        sum(len(find_confusions(true, read)) for true, read in draw_many(factor))
        for factor in (0.5, 3.0)
    )
    assert many > 3 * few


def test_noise_of_a_reader_without_errors() -> None:
    channel = NoiseChannel(Confusions.of([("abc", "abc")]))
    assert channel.draw("cab", np.random.default_rng(0)) == [("c", "c"), ("a", "a"), ("b", "b")]
    assert NoiseChannel(Confusions.of([])).draw("", np.random.default_rng(0)) == []


def as_tags(own: list[str], missing: list[str]) -> np.ndarray:
    """Probabilities that are sure of the tags."""
    tags = np.zeros((len(own), 2, SYMBOLS.n_tags), np.float32)
    for place, characters in enumerate(zip(own, missing, strict=True)):
        for row, character in enumerate(characters):
            tags[place, row, SYMBOLS.encode(character)[0] if character else 0] = 1.0
    return tags


@settings(max_examples=300, deadline=None)
@given(true=st.text("abc ", max_size=8), read=st.text("abc ", max_size=8))
def test_tags_turn_what_was_read_into_the_text(true: str, read: str) -> None:
    """But for characters of which several are missing in one place: only the first is tagged."""
    pairs = align_texts(true, read)
    seen, own, missing = tag_pieces(pairs)
    assert seen == read
    mended = apply_tags(read, as_tags(own, missing), SYMBOLS)
    lost = sum(
        not before[1] and not after[1] for before, after in zip(pairs, pairs[1:], strict=False)
    )
    assert len(mended) == len(true) - lost
    if not lost:
        assert mended == true


def test_pieces_of_several_characters() -> None:
    read, own, missing = tag_pieces([("b", "b"), ("in", "m"), (",", ""), ("", "x")])
    assert read == "bmx"
    assert apply_tags(read, as_tags(own, missing), SYMBOLS) in ("bin", "bin,")


def test_padding_leaves_room_behind_every_text() -> None:
    for n in range(40):
        assert padded_length(n) % LENGTH_MULTIPLE == 0
        assert padded_length(n) >= n + 2
    assert SYMBOLS.encode("aZ") == [1, SYMBOLS.n_tags]
    assert SYMBOLS.n_symbols == SYMBOLS.n_tags + 1
