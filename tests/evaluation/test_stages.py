"""The table of what each stage of decoding adds."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from tiny_bundles import bar_network, draw_bars, write_tiny_bundle
from typer.testing import CliRunner

from text_recognizer.bundle import Bundle
from text_recognizer.cli import app
from text_recognizer.errors import InputError
from text_recognizer.evaluation.language_tuning import tune_language
from text_recognizer.evaluation.metrics import ErrorCounts
from text_recognizer.evaluation.report import LineResult
from text_recognizer.evaluation.scored_lines import read_scored_lines
from text_recognizer.evaluation.stages import StageResult, paired_p_value, render_stages
from text_recognizer.language.kneser_ney import estimate
from text_recognizer.language.ngram_bundle import write_ngram_bundle
from text_recognizer.language.ngram_model import NgramModel
from text_recognizer.line_reader import LineReader
from text_recognizer.manifest import LanguageSettings

WORDS = ("abba", "bab", "abba bab", "bab abba", "abba abba", "bab bab")
PROSE = ("abba bab bab abba abba bab " * 20).strip()


@pytest.fixture(scope="module")
def language() -> NgramModel:
    return estimate([PROSE], order=5).model()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lines of two documents; the second bar of each `bb` is low enough to look like an `a`."""
    folder = tmp_path_factory.mktemp("bars")
    rows = ["id\tsplit\twriter_or_document\ttext\tlanguage"]
    for i, text in enumerate(WORDS):
        image = draw_bars(text)
        for place in range(1, len(text)):
            if text[place - 1 : place + 1] == "bb":
                columns = slice(80 * place + 40, 80 * place + 80)
                image[: image.shape[0] - round(image.shape[0] * 11.5 / 32), columns] = 255
        cv2.imwrite(str(folder / f"l{i}.png"), image)
        rows.append(f"l{i}\tval\tdocument-{i % 3}\t{text}\tund")
    (folder / "lines.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return write_tiny_bundle(tmp_path / "tiny", network=bar_network(sharpness=60.0))


def test_tuning_finds_what_the_language_mends(
    bundle: Bundle, data: Path, language: NgramModel
) -> None:
    lines = read_scored_lines(data, LineReader(bundle, n_threads=1), split="validation")
    tried: list[tuple[LanguageSettings, float]] = []
    tuned = tune_language(
        bundle, "two-words", language, lines, on_try=lambda *values: tried.append(values)
    )
    (source,) = tuned.before
    assert tuned.before[source] == pytest.approx(5 / 39)  # every `bb` is read as `ba`
    assert tuned.after[source] == 0
    assert tuned.helps_everywhere
    assert tuned.settings.name == "two-words"
    assert min(mean for _, mean in tried) == 0
    assert (replace(tuned.settings, word_calibration=None), 0.0) in tried
    assert len({settings for settings, _ in tried}) == len(tried)
    assert {settings.word_bonus for settings, _ in tried} == {0.0}  # the model lists no words


def test_tuning_finds_what_words_mend(bundle: Bundle, data: Path) -> None:
    """The n-grams know nothing of `bb`; the list does."""
    lines = read_scored_lines(data, LineReader(bundle, n_threads=1), split="validation")
    flat = estimate(["ab ba aa bb " * 40], order=1).model()
    without = tune_language(bundle, "flat", flat, lines)
    tuned = tune_language(bundle, "flat", flat, lines, words=["abba"])
    (source,) = tuned.before
    assert tuned.settings.word_bonus > 0
    assert tuned.after[source] < without.after[source]
    assert without.settings.word_bonus == 0


def test_nothing_to_tune(bundle: Bundle, data: Path, language: NgramModel) -> None:
    lines = read_scored_lines(data, LineReader(bundle, n_threads=1), split="validation")
    clear = [line for line in lines if "bb" not in line.sample.text]
    with pytest.raises(InputError, match="without an error already"):
        tune_language(bundle, "two-words", language, clear)


def test_lines_of_a_source_are_evenly_spaced(bundle: Bundle, data: Path) -> None:
    reader = LineReader(bundle, n_threads=1)
    lines = read_scored_lines(data, reader, split="validation", most=3)
    assert [line.sample.id for line in lines] == ["l0", "l2", "l4"]
    with pytest.raises(InputError, match="has no test lines"):
        read_scored_lines(data, reader, split="test")


def test_commands_tune_and_compare(
    bundle: Bundle,
    data: Path,
    language: NgramModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    values = {"version": "1", "text_form": "latin-ascii-1"}
    write_ngram_bundle(tmp_path / "artifacts" / "two-words", language, values, {})
    arguments = ["--model", str(bundle.folder), "--data", str(data), "--output", "tuned"]
    result = CliRunner().invoke(app, ["language-model", "tune", "two-words", *arguments])
    assert result.exit_code == 0, result.output
    assert f"{data.name}: 12.82 % -> 0.00 %" in result.output
    assert "reads with two-words is in tuned." in result.output
    again = CliRunner().invoke(app, ["language-model", "tune", "two-words", *arguments])
    assert again.exit_code == 1
    unknown = [*arguments[:-1], "other", "--without", "elsewhere"]
    other = CliRunner().invoke(app, ["language-model", "tune", "two-words", *unknown])
    assert other.exit_code == 2
    assert "has no source elsewhere" in other.stderr

    shown = ["evaluate", str(data), "--split", "validation", "--model", "tuned", "--threads", "1"]
    table = CliRunner().invoke(app, [*shown, "--stages"])
    assert table.exit_code == 0, table.output
    rows = [line.split() for line in table.output.splitlines() if line.startswith(data.name)]
    assert [row[1] for row in rows] == ["greedy", "beam", "+"]
    assert [row[2 if row[1] != "+" else 3] for row in rows] == ["6"] * 3
    assert rows[0][3] == "12.82"
    assert rows[2][4] == "0.00"
    assert "-100.0 %" in table.output
    whole = CliRunner().invoke(app, shown)
    assert f"{data.name}" in whole.output
    assert " 0.00" in whole.output
    greedy = CliRunner().invoke(app, [*shown, "--language-model", "none"])
    assert "12.82" in greedy.output
    both = CliRunner().invoke(app, [*shown, "--stages", "--json", "x.json"])
    assert both.exit_code == 2


def _lines(edits: list[int]) -> list[SimpleNamespace]:
    return [
        SimpleNamespace(source="s", document=f"d{i}", characters=SimpleNamespace(edits=n))
        for i, n in enumerate(edits)
    ]


def test_p_values() -> None:
    """Eight documents that all gain are no chance: 2 of 256 swaps differ as much."""
    before, after = _lines([5] * 8), _lines([4] * 8)
    value = paired_p_value(before, after)  # type: ignore[arg-type]
    assert value == pytest.approx(2 / 256, abs=0.003)
    assert paired_p_value(before, before) == 1.0  # type: ignore[arg-type]
    mixed = _lines([4, 6] * 4)
    assert paired_p_value(before, mixed) == 1.0  # type: ignore[arg-type]
    assert paired_p_value(before[:1], after[:1]) is None  # type: ignore[arg-type]
    assert np.isfinite(value)


def test_lines_that_a_language_might_spoil_have_rows_of_their_own() -> None:
    texts = ("in 1887 he came", "12 3/4 lb", "Dear Mr Hooker and", "nothing of these", "The Kew")
    lines = tuple(
        LineResult(
            id=text,
            source="letters",
            document="d",
            reference=text,
            hypothesis=text,
            characters=ErrorCounts(0, len(text)),
            words=ErrorCounts(0, 1),
            folded=ErrorCounts(0, 1),
        )
        for text in texts
    )
    table = render_stages([StageResult("greedy", lines, 1.0)])
    n_lines = {
        row.split("greedy")[0].strip(): int(row.split("greedy")[1].split()[0])
        for row in table.splitlines()
        if "greedy" in row
    }
    assert n_lines == {"letters": 5, "with digits": 2, "mostly digits": 1, "with names": 1}
