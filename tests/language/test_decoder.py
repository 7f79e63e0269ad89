"""Reading with a language model: texts, places and confidences of lines."""

import json
import string
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tiny_bundles import bar_network, draw_bars, write_tiny_bundle
from typer.testing import CliRunner

from text_recognizer.beam_search import score_language
from text_recognizer.bundle import Bundle
from text_recognizer.cli import app
from text_recognizer.ctc import decode_greedy, find_runs
from text_recognizer.errors import BundleError
from text_recognizer.language.decoder import LanguageDecoder, language_scorer, load_decoder
from text_recognizer.language.kneser_ney import estimate
from text_recognizer.language.ngram_bundle import write_ngram_bundle
from text_recognizer.language.scorer import LanguageScorer
from text_recognizer.line_reader import LineReader
from text_recognizer.manifest import LanguageSettings

PROSE = ("abba abba bab abba bab " * 20).strip()


@pytest.fixture
def language(tmp_path: Path) -> Bundle:
    """A language of two words."""
    values = {"version": "1", "text_form": "latin-ascii-1"}
    model = estimate([PROSE], order=5).model()
    return write_ngram_bundle(tmp_path / "two-words", model, values, {})


def _reader(bundle: Bundle, language_model: str | Path | None) -> LineReader:
    return LineReader(bundle, decoder=load_decoder(bundle, language_model), n_threads=1)


def test_the_line_model_names_its_language_model(language: Bundle, tmp_path: Path) -> None:
    settings = LanguageSettings("two-words", 0.5, 0.0)
    bundle = write_tiny_bundle(tmp_path / "tiny", language=settings)
    assert load_decoder(bundle, "none") is None
    assert load_decoder(bundle, language.folder) is not None
    with pytest.raises(BundleError, match="No model is called two-words"):
        load_decoder(bundle)
    assert load_decoder(write_tiny_bundle(tmp_path / "plain")) is None


def test_clear_lines_read_as_without_a_language(language: Bundle, tmp_path: Path) -> None:
    """Texts, places and confidences are those of the scores, even of unlikely words."""
    bundle = write_tiny_bundle(tmp_path / "tiny")
    images = [draw_bars(text) for text in ("abba bab", "aaa", "b b")]
    greedy = LineReader(bundle, n_threads=1).read(images)
    fused = _reader(bundle, language.folder).read(images)
    assert [line.text for line in fused] == ["abba bab", "aaa", "b b"]
    for one, other in zip(greedy, fused, strict=True):
        assert one.text == other.text
        for a, b in zip(one.characters, other.characters, strict=True):
            assert (a.x0, a.x1) == pytest.approx((b.x0, b.x1))
            assert a.confidence == pytest.approx(b.confidence, abs=1e-6)


def test_doubtful_letters_go_by_the_language(language: Bundle, tmp_path: Path) -> None:
    """A bar between `a` and `b` in height, nearer to `a`, is a `b` in the word `abba`."""
    bundle = write_tiny_bundle(tmp_path / "tiny", network=bar_network(sharpness=60.0))
    image = draw_bars("abba")
    height = image.shape[0]
    image[: height - round(height * 11.5 / 32), 2 * 80 + 40 : 2 * 80 + 80] = 255
    (greedy,) = LineReader(bundle, n_threads=1).read([image])
    (fused,) = _reader(bundle, language.folder).read([image])
    assert greedy.text == "abaa"
    assert fused.text == "abba"
    doubtful = fused.characters[2]
    assert doubtful.confidence < 0.5 < min(fused.characters[i].confidence for i in (0, 1, 3))
    assert doubtful.x0 == pytest.approx(greedy.characters[2].x0)


def test_lines_without_ink_stay_empty(language: Bundle, tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "tiny")
    reader = _reader(bundle, language.folder)
    assert [line.text for line in reader.read([np.full((300, 500), 255, np.uint8)])] == [""]
    assert reader.read([]) == []


def test_word_confidences_go_by_the_calibration_of_the_decoder(
    language: Bundle, tmp_path: Path
) -> None:
    points = ((0.0, 0.25), (1.0, 0.25))
    settings = LanguageSettings("two-words", 0.5, 0.0, points)
    bundle = write_tiny_bundle(
        tmp_path / "tiny", language=settings, word_calibration=((0.0, 0.75), (1.0, 0.75))
    )
    image = draw_bars("abba")
    for name, expected in ((language.folder, 0.25), ("none", 0.75)):
        (line,) = _reader(bundle, name).read([image])
        assert [word.confidence for word in line.words] == [expected]


def test_another_text_form_is_refused(tmp_path: Path) -> None:
    model = estimate([PROSE], order=3).model()
    other = write_ngram_bundle(
        tmp_path / "other", model, {"version": "1", "text_form": "nfc-1"}, {}
    )
    bundle = write_tiny_bundle(tmp_path / "tiny")
    with pytest.raises(BundleError, match="writes nfc-1, and .* writes latin-ascii-1"):
        load_decoder(bundle, other.folder)


def test_weight_and_bonus() -> None:
    """A label's score is weight times log-probability, and the bonus."""
    model = estimate([PROSE], order=4).model()
    symbols = (*string.ascii_lowercase, " ")
    scorer = LanguageScorer(model, symbols, weight=0.5, bonus=2.0)
    text, states, total = "abba", scorer.start()[None], 0.0
    for character in text:
        added, states = scorer.extend(states, np.array([1 + symbols.index(character)]))
        total += float(added[0])
    assert total == pytest.approx(0.5 * float(model.log_probability([text])[0]) + 2.0 * len(text))
    assert scorer.finish(states).tolist() == [0.0]


def _scores(best: list[int], n_labels: int = 4) -> NDArray[np.float32]:
    probabilities = np.full((len(best), n_labels), 0.02)
    probabilities[np.arange(len(best)), best] = 1 - 0.02 * (n_labels - 1)
    return np.log(probabilities).astype(np.float32)


def test_runs_of_the_greedy_text_are_the_greedy_runs() -> None:
    scores = _scores([0, 1, 1, 0, 1, 2, 2, 2, 0, 3])
    (greedy,) = decode_greedy(scores[None])
    found = find_runs(scores, [run.label for run in greedy], [run.start for run in greedy])
    for one, other in zip(greedy, found, strict=True):
        assert (one.label, one.start, one.end) == (other.label, other.start, other.end)
        assert one.confidence == pytest.approx(other.confidence)


def test_no_labels_have_no_runs() -> None:
    assert find_runs(_scores([0, 0]), [], []) == []
    assert find_runs(_scores([])[:0], [], []) == []


def test_a_label_that_is_nowhere_the_best_has_one_frame_and_little_confidence() -> None:
    scores = _scores([0, 1, 0, 0])
    scores[2, 3] = np.log(0.1)
    first, second = find_runs(scores, [1, 3], [1, 2])
    assert (second.start, second.end) == (2, 3)
    assert second.confidence < 0.12 < 0.9 < first.confidence


def test_a_decoder_gives_several_texts() -> None:
    scores = np.log(np.array([[0.1, 0.5, 0.4], [0.9, 0.05, 0.05]])).astype(np.float32)
    model = estimate([PROSE], order=3).model()
    decoder = LanguageDecoder(LanguageScorer(model, ("a", "b"), weight=0.0, bonus=0.0))
    ((first, second, *_),) = decoder.search([scores], n_best=5)
    assert (first.labels, second.labels) == ((1,), (2,))
    assert first.score > second.score


def test_several_texts_of_a_line_in_json(tmp_path: Path) -> None:
    """The third bar may be an `a` or a `b`; without a language, too."""
    bundle = write_tiny_bundle(tmp_path / "tiny", network=bar_network(sharpness=60.0))
    image = draw_bars("abba")
    image[: image.shape[0] - round(image.shape[0] * 11.5 / 32), 2 * 80 + 40 : 2 * 80 + 80] = 255
    path = tmp_path / "line.png"
    cv2.imwrite(str(path), image)
    arguments = ["read", str(path), "--unit", "line", "--model", str(bundle.folder)]
    shown = CliRunner().invoke(app, [*arguments, "--format", "json", "--n-best", "3"])
    assert shown.exit_code == 0, shown.output
    (line,) = json.loads(shown.output)["pages"][0]["lines"]
    texts = [other["text"] for other in line["alternatives"]]
    assert texts[:2] == ["abaa", "abba"] == [line["text"], "abba"]
    assert 2 <= len(texts) <= 3
    assert len(set(texts)) == len(texts)
    scores = [other["score"] for other in line["alternatives"]]
    assert scores == sorted(scores, reverse=True)
    plain = CliRunner().invoke(app, [*arguments, "--format", "json"])
    assert "alternatives" not in plain.output
    refused = CliRunner().invoke(app, [*arguments, "--n-best", "3"])
    assert refused.exit_code == 2
    assert "--n-best needs --format json" in refused.stderr


def test_numbers_are_read_without_the_language() -> None:
    """Digits, and what follows one, add nothing; a letter after a letter does."""
    symbols = ("a", "b", " ", "1", "2")
    model = estimate(["ab ba 1 ab b 2 ba abb " * 30], order=4).model()
    scorer = LanguageScorer(model, symbols, weight=0.5, bonus=2.0)
    labels = {symbol: label for label, symbol in enumerate(symbols, start=1)}
    states, scores = scorer.start()[None], []
    for symbol in "ab 12 b":
        added, states = scorer.extend(states, np.array([labels[symbol]]))
        scores.append(float(added[0]))
    assert [score == 0 for score in scores] == [False, False, False, True, True, True, False]
    assert model.ends_with("")[model.start()] == np.False_
    assert model.ends_with(" ")[model.start()] == np.True_


def test_numbers_are_read_without_the_words_of_the_language(tmp_path: Path) -> None:
    """Whatever numbers a language model lists."""
    symbols = ("a", "b", " ", "1", "0")
    model = estimate(["ab ba 100 ab b 100 ba abb " * 30], order=4).model()
    settings = LanguageSettings("x", 0.5, 0.0, word_bonus=1.0)
    scorer = language_scorer(model, ["100", "abb"], settings, symbols)
    labels = np.array([[4, 5, 5]])
    assert score_language(labels, scorer)[0] == 0.0
