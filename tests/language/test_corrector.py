"""A corrector's proposals, and lines that are read with one."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from tiny_bundles import bar_network, draw_bars, write_tiny_bundle
from tiny_correctors import write_tiny_corrector
from typer.testing import CliRunner

from text_recognizer.bundle import Bundle
from text_recognizer.cli import app
from text_recognizer.errors import BundleError, InputError
from text_recognizer.evaluation.corrector_tuning import JudgedLine, tune_corrector
from text_recognizer.language.corrector import load_corrector
from text_recognizer.language.decoder import load_decoder
from text_recognizer.language.mending import Edit, JudgedProposal, Proposal
from text_recognizer.line_reader import LineReader
from text_recognizer.manifest import CorrectionSettings, Manifest
from text_recognizer.recognizer import Recognizer

TO_B = {("a", "b", False): 3.0}


def test_proposals_are_the_likely_edits(tmp_path: Path) -> None:
    odds = {
        ("a", "b", False): 2.0,
        ("b", "", False): -1.0,
        ("b", "a", True): 1.0,
        (" ", "a", True): -9.0,  # too unlikely to be looked at
    }
    corrector = load_corrector(write_tiny_corrector(tmp_path / "tiny", odds).folder)
    (found,) = corrector.propose(["ab"])
    singles = {own.edits[0]: own.log_odds for own in found if len(own.edits) == 1}
    assert singles == {
        Edit(0, 1, "b"): pytest.approx(2.0, abs=1e-4),
        Edit(1, 2, ""): pytest.approx(-1.0, abs=1e-4),
        Edit(2, 2, "a"): pytest.approx(1.0, abs=1e-4),
    }
    pairs = {own.edits: own.log_odds for own in found if len(own.edits) == 2}
    assert pairs == {
        (Edit(0, 1, "b"), Edit(1, 2, "")): pytest.approx(1.0, abs=1e-4),
        (Edit(1, 2, ""), Edit(2, 2, "a")): pytest.approx(0.0, abs=1e-4),
    }
    assert [own.log_odds for own in found] == sorted((p.log_odds for p in found), reverse=True)


def test_digits_and_rare_signs_stay(tmp_path: Path) -> None:
    """However sure the network is."""
    odds = {
        ("1", "a", False): 9.0,
        ("a", "2", False): 9.0,
        ("a", "%", True): 9.0,
        ("%", "", False): 9.0,
    }
    symbols = ("a", "b", " ", "1", "2", "%", ",")
    bundle = write_tiny_corrector(tmp_path / "tiny", {**odds, **TO_B}, symbols=symbols)
    corrector = load_corrector(bundle.folder)
    assert [own.edits for own in corrector.propose(["1a%"])[0]] == [(Edit(1, 2, "b"),)]
    parts = write_tiny_corrector(tmp_path / "parts", {("1", " ", True): 9.0}, symbols=symbols)
    inside, behind = load_corrector(parts.folder).propose(["112", "1a"])
    assert inside == []
    assert [own.edits for own in behind] == [(Edit(1, 1, " "),)]


def test_texts_of_any_length_and_unknown_characters(tmp_path: Path) -> None:
    corrector = load_corrector(write_tiny_corrector(tmp_path / "tiny", TO_B).folder)
    nothing, unknown, long = corrector.propose(["", "\u00e9a", "b" * 5_000 + "a"])
    assert nothing == []
    assert [own.edits for own in unknown] == [(Edit(1, 2, "b"),)]
    assert [own.edits for own in long] == [(Edit(5_000, 5_001, "b"),)]
    assert corrector.propose([]) == []


@pytest.fixture
def unclear(tmp_path: Path) -> Path:
    """A line `abb` whose last bar is a little low: it is read as `aba`."""
    image = draw_bars("abb")
    image[: image.shape[0] - round(image.shape[0] * 11.5 / 32), 200:240] = 255
    cv2.imwrite(str(tmp_path / "line.png"), image)
    return tmp_path / "line.png"


@pytest.fixture
def model(tmp_path: Path) -> Bundle:
    return write_tiny_bundle(tmp_path / "tiny", network=bar_network(sharpness=60.0))


@pytest.mark.parametrize(
    ("log_odds", "margin", "text"),
    [(2.0, 0.0, "abb"), (2.0, 1.9, "aba"), (0.1, 0.0, "aba"), (-1.0, 0.0, "aba")],
)
def test_a_line_is_mended_where_the_corrector_is_surer(
    model: Bundle, unclear: Path, tmp_path: Path, log_odds: float, margin: float, text: str
) -> None:
    """The clear `a` at the start stays: the image knows better."""
    corrector = write_tiny_corrector(
        tmp_path / "mends",
        {("a", "b", False): log_odds},
        settings=CorrectionSettings(1.0, margin),
    )
    recognizer = Recognizer(model.folder, corrector=corrector.folder, n_threads=1)
    (page,) = recognizer.read(unclear, unit="line")
    assert page.text == text
    assert next(Recognizer(model.folder, n_threads=1).read(unclear, unit="line")).text == "aba"


def test_command_reads_with_a_corrector(model: Bundle, unclear: Path, tmp_path: Path) -> None:
    corrector = write_tiny_corrector(
        tmp_path / "mends", {("a", "b", False): 2.0}, settings=CorrectionSettings(1.0, 0.0)
    )
    arguments = ["read", str(unclear), "--unit", "line", "--model", str(model.folder)]
    arguments += ["--corrector", str(corrector.folder)]
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, result.stdout) == (0, "abb\n")
    result = CliRunner().invoke(app, [*arguments, "--format", "json", "--n-best", "2"])
    (line,) = json.loads(result.stdout)["pages"][0]["lines"]
    assert [own["text"] for own in line["alternatives"]] == ["abb", "aba"]
    assert line["text"] == "abb"


def test_correctors_that_cannot_be_used(model: Bundle, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="No model is called nobody"):
        load_decoder(model, corrector="nobody")
    other = write_tiny_corrector(tmp_path / "other", TO_B, text_form="nfc-1")
    with pytest.raises(BundleError, match=r"train a corrector in that text form"):
        load_decoder(model, corrector=other.folder)
    broken = write_tiny_corrector(tmp_path / "broken", TO_B, fill=float("nan"))
    decoder = load_decoder(model, corrector=broken.folder)
    with pytest.raises(BundleError, match="gives probabilities that are not numbers"):
        LineReader(model, decoder=decoder, n_threads=1).read([draw_bars("ab")])
    (tmp_path / "broken" / "model.onnx").write_bytes(b"")
    with pytest.raises(BundleError, match="is damaged"):
        load_corrector(tmp_path / "broken")


def test_settings_in_the_manifest(tmp_path: Path) -> None:
    settings = CorrectionSettings(0.5, 1.5)
    bundle = write_tiny_corrector(tmp_path / "tuned", TO_B, settings=settings)
    assert load_corrector(bundle.folder).settings == settings
    content = json.loads(json.dumps(bundle.manifest.to_json()))
    assert Manifest.from_json(content) == bundle.manifest
    for wrong in ({"weight": -1.0, "margin": 0.0}, {"weight": 1.0}, {"weight": 1.0, "x": 1}):
        with pytest.raises(BundleError):
            Manifest.from_json(content | {"correction": wrong})


def _line(source: str, reference: str, read: str, *judged: tuple[Edit, float, float]) -> JudgedLine:
    proposals = tuple(JudgedProposal(Proposal((e,), odds), loss) for e, odds, loss in judged)
    return JudgedLine(source, reference, read, proposals)


def test_tuning_keeps_what_mends_and_no_more() -> None:
    """Right edits have log-odds of 4 and wrong ones of 2; both cost the reader 1."""
    right = _line("one", "bb", "ba", (Edit(1, 2, "b"), 4.0, 1.0))
    wrong = _line("two", "aa", "aa", (Edit(1, 2, "b"), 2.0, 1.0))
    other = _line("two", "aaa", "aab")
    tuned = tune_corrector([right, wrong, other])
    assert tuned.before == {"one": 0.5, "two": 0.2}
    assert tuned.after == {"one": 0.0, "two": 0.2}
    weight, margin = tuned.settings.weight, tuned.settings.margin
    assert 4 * weight - 1 > margin >= 2 * weight - 1
    with pytest.raises(InputError, match="without an error already"):
        tune_corrector([wrong])


def test_of_settings_that_are_alike_the_one_that_mends_least() -> None:
    neutral = _line("one", "bb", "ba", (Edit(1, 2, "c"), -2.0, -5.0))
    tuned = tune_corrector([neutral])
    assert tuned.settings.weight * -2.0 + 5.0 <= tuned.settings.margin


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Validation lines whose last bar is low, of `b` in truth."""
    folder = tmp_path / "bars"
    folder.mkdir()
    rows = ["id\tsplit\twriter_or_document\ttext\tlanguage"]
    for i, text in enumerate(("abb", "bbb", "ab abb", "aa")):
        image = draw_bars(text)
        if text != "aa":
            last = 80 * (len(text) - 1)
            image[: image.shape[0] - round(image.shape[0] * 11.5 / 32), last + 40 : last + 80] = 255
        cv2.imwrite(str(folder / f"l{i}.png"), image)
        rows.append(f"l{i}\tval\tdocument-{i % 2}\t{text}\tund")
    (folder / "lines.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def test_commands_tune_and_compare(model: Bundle, data: Path, tmp_path: Path) -> None:
    corrector = write_tiny_corrector(tmp_path / "raw", {("a", "b", False): 4.0})
    shown = ["evaluate", str(data), "--split", "validation", "--model", str(model.folder)]
    tune = ["corrector", "tune", str(corrector.folder), "--data", str(data)]
    tune += ["--model", str(model.folder), "--output", str(tmp_path / "tuned")]
    result = CliRunner().invoke(app, tune)
    assert result.exit_code == 0, result.output
    assert "bars: 21.43 % -> 0.00 %" in result.stdout
    assert CliRunner().invoke(app, tune).exit_code == 1  # it is there already

    names = tmp_path / "names.txt"
    names.write_text("bbb\n")
    stages = [*shown, "--stages", "--lexicon", str(names), "--corrector", str(tmp_path / "tuned")]
    table = CliRunner().invoke(app, stages)
    assert table.exit_code == 0, table.output
    rows = [line.split()[1:] for line in table.output.splitlines() if line.startswith("bars")]
    names_of_stages = [" ".join(row[:2]) if row[0] == "+" else row[0] for row in rows]
    assert names_of_stages == ["greedy", "beam", "+ lexicon", "+ corrector"]
    rates = [row[3] if row[0] == "+" else row[2] for row in rows]
    assert rates == ["21.43", "21.43", "14.29", "0.00"]


def test_a_corrector_that_mends_nothing_is_said_to_be(
    model: Bundle, data: Path, tmp_path: Path
) -> None:
    corrector = write_tiny_corrector(tmp_path / "raw", {("b", "a", False): 4.0})
    arguments = ["corrector", "tune", str(corrector.folder), "--data", str(data)]
    arguments += ["--model", str(model.folder), "--output", str(tmp_path / "tuned")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "It mends no source: read without it." in result.stdout


def test_command_shows_what_is_mixed_up(model: Bundle, data: Path) -> None:
    shown = ["evaluate", str(data), "--split", "validation", "--model", str(model.folder)]
    result = CliRunner().invoke(app, [*shown, "--confusions", "3"])
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.stdout.splitlines()]
    place = rows.index(["written", "read", "times", "%", "of", "all", "cost"])
    assert rows[place + 1][:4] == ["b", "a", "3", "100.00"]
    assert np.isclose(float(rows[place + 1][4]), 1.0)
    both = CliRunner().invoke(app, [*shown, "--confusions", "3", "--stages"])
    assert both.exit_code == 2
