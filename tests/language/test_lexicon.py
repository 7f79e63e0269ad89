"""A list of words as a scorer: bonuses of whole words, and nothing for others."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_bundles import bar_network, draw_bars, write_tiny_bundle
from typer.testing import CliRunner

from text_recognizer.beam_search import NoLanguage, Scorer
from text_recognizer.cli import app
from text_recognizer.errors import InputError
from text_recognizer.language.decoder import load_decoder
from text_recognizer.language.kneser_ney import estimate
from text_recognizer.language.lexicon import JoinedScorer, Lexicon, LexiconScorer, read_words
from text_recognizer.language.scorer import LanguageScorer
from text_recognizer.line_reader import LineReader

SYMBOLS = ("a", "b", "c", "-", " ", ",")


def total(scorer: Scorer, text: str) -> float:
    """What a scorer adds for a whole line."""
    states, added = scorer.start()[None], 0.0
    for character in text:
        more, states = scorer.extend(states, np.array([1 + SYMBOLS.index(character)]))
        added += float(more[0])
    return added + float(scorer.finish(states)[0])


def letters_of_words(words: list[str], text: str) -> int:
    """Letters of listed words in a text, one character at a time.

    Signs belong to a word where a listed word has them, and end it elsewhere.
    """

    def kept(beginning: str) -> int:
        ends = [n for n in range(1, len(beginning)) if beginning[n] in "-"]
        return max([n for n in ends if beginning[:n] in words], default=0)

    total, now = 0, ""
    is_off = False
    for character in [*text, " "]:
        if character in "abc-" and not is_off:
            if any(word.startswith(now + character) for word in words):
                now += character
                continue
        if character in "abc":
            total += 0 if is_off else kept(now)
            now, is_off = "", True
        else:
            total += 0 if is_off else len(now) if now in words else kept(now)
            now, is_off = "", False
    return total


@settings(max_examples=400, deadline=None)
@given(
    words=st.lists(st.text("abc-", min_size=1, max_size=5), min_size=1, max_size=8),
    text=st.text("abc- ,", max_size=16),
)
def test_only_letters_of_whole_words_of_the_list_count(words: list[str], text: str) -> None:
    scorer = LexiconScorer(Lexicon.of(words, SYMBOLS), SYMBOLS, bonus=0.75)
    assert total(scorer, text) == pytest.approx(0.75 * letters_of_words(words, text))


@pytest.mark.parametrize(
    "text", ["cab", "cab-", "-cab", "-cab-", "cab-b", "bb-cab", "cab, ", "cab-bb"]
)
def test_signs_beside_a_word_do_not_take_it_from_the_list(text: str) -> None:
    """Or else a hyphen that is there would be left out for the word's sake."""
    scorer = LexiconScorer(Lexicon.of(["cab", "cab-c"], SYMBOLS), SYMBOLS, bonus=1.0)
    assert total(scorer, text) == 3


def test_the_bonus_comes_letter_by_letter_and_goes_at_once() -> None:
    scorer = LexiconScorer(Lexicon.of(["abc"], SYMBOLS), SYMBOLS, bonus=1.0)
    states, steps = scorer.start()[None], []
    for character in "abbc":
        added, states = scorer.extend(states, np.array([1 + SYMBOLS.index(character)]))
        steps.append(float(added[0]))
    assert steps == [1.0, 1.0, -2.0, 0.0]
    assert scorer.most == 1.0


def test_two_scorers_in_one() -> None:
    model = estimate(["abc cab " * 30], order=3).model()
    one = LanguageScorer(model, SYMBOLS, weight=0.5, bonus=0.2)
    two = LexiconScorer(Lexicon.of(["cab"], SYMBOLS), SYMBOLS)
    both = JoinedScorer(one, two)
    for text in ("abc cab", "ccc", ""):
        assert total(both, text) == pytest.approx(total(one, text) + total(two, text))
    assert both.most == one.most + two.most
    assert NoLanguage().start().shape == (0,)


def test_words_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("\ufeffKew,  hooker\n(O\u2019Brien) jean-paul's\nhooker.\n", encoding="utf-8")
    assert read_words(path, "latin-ascii-1") == [
        "Hooker", "Jean-Paul's", "Jean-paul's", "Kew", "O'Brien", "hooker", "jean-paul's"
    ]  # fmt: skip


def test_files_that_are_no_lexicon(tmp_path: Path) -> None:
    empty, other = tmp_path / "empty.txt", tmp_path / "other.txt"
    empty.write_text(" \n")
    other.write_bytes(b"caf\xe9")
    with pytest.raises(InputError, match=r"empty\.txt holds no words"):
        read_words(empty, "nfc-1")
    with pytest.raises(InputError, match=r"other\.txt is not UTF-8"):
        read_words(other, "nfc-1")
    with pytest.raises(InputError, match=r"none\.txt cannot be read"):
        read_words(tmp_path / "none.txt", "nfc-1")
    with pytest.raises(InputError, match="No word of the list"):
        Lexicon.of(["xyz"], SYMBOLS)


def test_many_words() -> None:
    """A hundred thousand words are a trie of as many prefixes, each of which is found."""
    rng = np.random.default_rng(0)
    letters = [f"{a}{b}" for a in "abc" for b in "abc"]
    words = ["".join(rng.choice(letters, 6)) for _ in range(100_000)]
    lexicon = Lexicon.of(words, SYMBOLS)
    prefixes = {word[:n] for word in words for n in range(1, 13)}
    assert len(lexicon.keys) == len(prefixes)
    assert lexicon.is_word.sum() == len(set(words))
    scorer = LexiconScorer(lexicon, SYMBOLS, bonus=1.0)
    for word in words[:20]:
        assert total(scorer, word) == 12


def test_a_name_is_read_by_the_lexicon(tmp_path: Path) -> None:
    """The third bar could be `a` or `b`; the list knows `abba`."""
    bundle = write_tiny_bundle(tmp_path / "tiny", network=bar_network(sharpness=60.0))
    image = draw_bars("abba")
    image[: image.shape[0] - round(image.shape[0] * 11.8 / 32), 2 * 80 + 40 : 2 * 80 + 80] = 255
    names = tmp_path / "names.txt"
    names.write_text("abba\n")
    decoder = load_decoder(bundle, lexicon=names)
    (line,) = LineReader(bundle, decoder=decoder, n_threads=1).read([image])
    assert line.text == "abba"
    assert load_decoder(bundle) is None


def test_command_takes_a_lexicon(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path / "tiny")
    image, names = tmp_path / "line.png", tmp_path / "names.txt"
    cv2.imwrite(str(image), draw_bars("ab ba"))
    arguments = ["read", str(image), "--unit", "line", "--model", str(tmp_path / "tiny")]
    missing = CliRunner().invoke(app, [*arguments, "--lexicon", str(names)])
    assert missing.exit_code == 1
    assert "names.txt cannot be read" in missing.stderr
    names.write_text("abba\n")
    result = CliRunner().invoke(app, [*arguments, "--lexicon", str(names)])
    assert (result.exit_code, result.stdout) == (0, "ab ba\n")
