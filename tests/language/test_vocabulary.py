"""The words of a language model: collected, kept, and worth a bonus."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from test_lexicon import SYMBOLS, total
from tiny_bundles import write_tiny_bundle

from text_recognizer.bundle import Bundle
from text_recognizer.errors import BundleError
from text_recognizer.language.decoder import language_scorer, load_decoder
from text_recognizer.language.kneser_ney import estimate
from text_recognizer.language.lexicon import find_words
from text_recognizer.language.ngram_bundle import write_ngram_bundle
from text_recognizer.language.ngram_model import NgramModel
from text_recognizer.language.vocabulary import (
    WORDS_FILE,
    collect_words,
    load_words,
    words_to_bytes,
)
from text_recognizer.manifest import LanguageSettings


@pytest.fixture
def model() -> NgramModel:
    return estimate(["abba bab abba " * 20], order=3).model()


def write(folder: Path, model: NgramModel, content: bytes | None) -> Bundle:
    values = {"version": "1", "text_form": "latin-ascii-1"}
    return write_ngram_bundle(
        folder, model, values, {} if content is None else {WORDS_FILE: content}
    )


def test_words_of_a_text() -> None:
    text = "It's a well-known fact, 'twas said; 3rd _time_ l'\u00e9t\u00e9."
    found = ["It's", "a", "well-known", "fact", "twas", "said", "3rd", "time", "l'\u00e9t\u00e9"]
    assert find_words(text) == found


def test_words_that_occur_once_are_left_out() -> None:
    assert collect_words(["b a, a- 12 12", "c b. 3rd 3rd"]) == ["a", "b"]
    assert collect_words(["b a, a"], least=1) == ["a", "b"]


def test_kept_beside_the_n_grams(model: NgramModel, tmp_path: Path) -> None:
    words = ["abba", "bab", "\u00e9t\u00e9"]
    assert load_words(write(tmp_path / "words", model, words_to_bytes(words))) == words
    assert load_words(write(tmp_path / "none", model, None)) == []
    assert words_to_bytes(words) == words_to_bytes(words)  # no time of day in it


@pytest.mark.parametrize(
    "content", [b"", b"abba\n", gzip.compress(b"caf\xe9"), gzip.compress(b"abba" * 99)[:-9]]
)
def test_damaged_words(model: NgramModel, tmp_path: Path, content: bytes) -> None:
    bundle = write(tmp_path / "words", model, content)
    if content == b"":
        assert load_words(bundle) == []
        return
    with pytest.raises(BundleError, match=r"words\.txt\.gz holds no words that can be read"):
        load_words(bundle)


def test_a_listed_word_is_worth_its_letters(model: NgramModel) -> None:
    settings = LanguageSettings("x", 0.5, 0.2, word_bonus=0.25)
    plain = language_scorer(model, [], settings, SYMBOLS)
    with_words = language_scorer(model, ["abba"], settings, SYMBOLS)
    for text, letters in (("abba", 4), ("bab abba", 4), ("bab", 0)):
        expected = total(plain, text) + 0.25 * letters
        assert total(with_words, text) == pytest.approx(expected)
    foreign = language_scorer(model, ["\u0431\u0430"], settings, SYMBOLS)
    assert total(foreign, "abba") == total(plain, "abba")
    assert np.isfinite(with_words.most)


def test_the_line_model_says_what_words_are_worth(model: NgramModel, tmp_path: Path) -> None:
    """A damaged list is noticed where it is used, and only there."""
    language = write(tmp_path / "damaged", model, b"no gzip")
    used, unused = (
        write_tiny_bundle(
            tmp_path / f"line-{bonus}",
            language=LanguageSettings(str(language.folder.name), 0.5, 0.0, word_bonus=bonus),
        )
        for bonus in (0.2, 0.0)
    )
    assert load_decoder(unused, language.folder) is not None
    with pytest.raises(BundleError, match="holds no words"):
        load_decoder(used, language.folder)
    with pytest.raises(BundleError, match="language.word_bonus must be 0 or more"):
        LanguageSettings("x", 0.5, 0.0, word_bonus=-1.0)
