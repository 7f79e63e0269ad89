"""Publishing a tiny model that is sure of everything and right in seven words of ten."""

import gzip
import hashlib
import io
import re
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from onnx import helper
from programs import load_program
from tiny_bundles import HEIGHT, STRIDE, bar_network, draw_bars, make_network, write_tiny_bundle

from text_recognizer.bundle import load_bundle
from text_recognizer.evaluation import evaluate
from text_recognizer.evaluation.calibration import judge
from text_recognizer.ground_truth import read_lines
from text_recognizer.language.decoder import load_decoder
from text_recognizer.language.kneser_ney import estimate
from text_recognizer.language.ngram_bundle import write_ngram_bundle
from text_recognizer.line_reader import LineReader

SHARE_RIGHT = 0.7
SHARPNESS = 80.0  # every character gets about 0.99


@pytest.fixture(scope="module")
def task():
    return load_program("tasks/publish_model.py")


def write_source(folder: Path, name: str, rows: list[tuple[str, str, str]]) -> None:
    """A zip of lines: split, text to be drawn in bars (none: white paper), transcription."""
    table = ["id\tsplit\twriter_or_document\ttext\tlanguage"]
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
        for number, (split, drawn, text) in enumerate(rows):
            table.append(f"{name}-{number}\t{split}\t{split}-{number % 3}\t{text}\teng")
            image = cv2.imencode(".png", draw_bars(drawn))[1].tobytes()
            archive.writestr(f"{name}-{number}.png", image)
        archive.writestr("lines.tsv", "\n".join(table) + "\n")


def write_stroke_source(folder: Path, name: str) -> None:
    """A stroke file with a scribble in validation and one in test; both look like the letter b."""
    folder.mkdir(parents=True)
    n = 30
    arrays = {"dx": [0, *[2] * (n - 1)] * 2, "dy": [0, *[75, -75] * n][:n] * 2}
    arrays["pen_up"] = [*[0] * (n - 1), 1] * 2
    np.savez(folder / f"{name}.npz", **arrays, offset=[0, n, 2 * n])
    rows = [
        "id\tsplit\twriter_or_document\ttext\tlanguage",
        "v\tval\tw1\ta\teng",
        "t\ttest\tw2\tb\teng",
    ]
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="w") as file:
        file.write("\n".join(rows).encode())
    (folder / f"{name}.tsv.gz").write_bytes(packed.getvalue())


def drawn_lines(rng: np.random.Generator, split: str, n: int, share_right: float):
    """Lines of three words, of which some are not what is drawn."""
    for _ in range(n):
        drawn = ["".join(rng.choice(["a", "b"], rng.integers(1, 4))) for _ in range(3)]
        right = rng.random(3) < share_right
        swapped = [word.translate(str.maketrans("ab", "ba")) for word in drawn]
        text = " ".join(d if r else s for d, s, r in zip(drawn, swapped, right, strict=True))
        yield split, " ".join(drawn), text


def write_data(folder: Path, *, test_share: float = SHARE_RIGHT) -> Path:
    rng = np.random.default_rng(5)
    letters = [*drawn_lines(rng, "val", 120, SHARE_RIGHT)]
    odd = [("val", "a  b ", "a b"), ("val", "", "a"), ("test", "  b", "b")]
    tests = [*drawn_lines(rng, "test", 40, test_share)]
    write_source(folder, "letters", [*letters, *odd, *tests, ("train", "a", "a")])
    write_source(folder, "peraire", [("val", "bb", "aa"), ("test", "bb", "bb")])
    write_source(folder, "jeremy", [("val", "a", "a"), ("test", "a", "b")])
    write_stroke_source(folder / "strokes", "prompts")
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_data(tmp_path_factory.mktemp("sets") / "data")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    network = bar_network(sharpness=SHARPNESS)
    return write_tiny_bundle(tmp_path_factory.mktemp("models") / "tiny", network=network, seed=7)


@pytest.fixture(scope="module")
def published(task, bundle, data, tmp_path_factory):
    """The published model, what the program printed, and the lines that the network got."""
    folder = tmp_path_factory.mktemp("published") / "tiny"
    n_lines = []
    with pytest.MonkeyPatch.context() as patch:
        scores, output = LineReader.scores, io.StringIO()
        patch.setattr(
            LineReader,
            "scores",
            lambda self, images: n_lines.append(len(images)) or scores(self, images),
        )
        patch.setattr(sys, "stdout", output)
        arguments = ["--data", str(data), "--version", "2", "--output", str(folder)]
        assert task.main([str(bundle.folder), *arguments]) == 0
    return SimpleNamespace(
        bundle=load_bundle(folder), printed=output.getvalue(), n_lines=sum(n_lines)
    )


def table_rows(printed: str, heading: str) -> dict[str, list[str]]:
    """Cells of a table's rows by their first cell."""
    table = printed[printed.index(heading) :].split("\n\n")[1]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert all(len(row) == 10 for row in rows)
    return {row[0]: row[1:] for row in rows}


def test_only_the_manifest_is_another(published, bundle):
    before, after = bundle.manifest, published.bundle.manifest
    assert after.files.keys() - before.files.keys() == {"confusions.json"}
    for name in before.files:
        assert after.files[name] == before.files[name]
    for name, sha256 in before.files.items():
        data = (published.bundle.folder / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == sha256
        assert data == (bundle.folder / name).read_bytes()
    assert (after.version, after.name, after.seed) == ("2", "tiny", 7)
    assert after.temperature != before.temperature
    assert load_bundle(bundle.folder).manifest == before


def test_the_published_model_is_as_sure_as_it_is_right(published, bundle, data):
    images = [s.read_image() for s in read_lines(data, split="test", sources=["letters"])]
    before, after = (
        [word.confidence for reading in LineReader(b).read(images) for word in reading.words]
        for b in (bundle, published.bundle)
    )
    assert np.mean(before) > 0.97
    assert np.mean(after) == pytest.approx(SHARE_RIGHT, abs=0.05)
    assert 1 < published.bundle.manifest.temperature < 8


def test_the_manifest_holds_what_evaluation_measures(published, data):
    expected = []
    reader = LineReader(published.bundle)
    for split in ("validation", "test"):
        report = evaluate(
            data, reader=reader, split=split, sources=["letters", "peraire", "prompts"]
        )
        expected += [(split, row) for row in report.rows if row.name != "all"]
    rates = published.bundle.manifest.cer
    assert [(r.split, r.data) for r in rates] == [(split, row.name) for split, row in expected]
    assert [r.data for r in rates] == ["letters", "peraire", "prompts"] * 2
    for rate, (_, row) in zip(rates, expected, strict=True):
        assert rate.cer == pytest.approx(row.cer, abs=1e-5)
        assert rate.n_characters == row.n_characters
        interval = None if rate.low is None else (rate.low, rate.high)
        assert interval == pytest.approx(row.cer_interval, abs=1e-5)
        assert rate.note == ("frozen drawing" if row.name == "prompts" else "")
    assert rates[0].low < rates[0].cer < rates[0].high
    assert rates[1].low is None


@pytest.mark.parametrize(("split", "n_lines"), [("validation", 122), ("test", 41)])
def test_the_tables_hold_the_evaluation_and_the_calibration_errors(published, data, split, n_lines):
    rows = table_rows(published.printed, f"{split.capitalize()} split, text form `latin-ascii-1`:")
    assert list(rows)[2:] == ["letters", "peraire", "prompts", "all"]
    report = evaluate(data, reader=LineReader(published.bundle), split=split, sources=["letters"])
    row, cells = report.rows[0], rows["letters"]
    assert cells[:3] == [str(n_lines), "3", str(row.n_characters)]
    low, high = row.cer_interval
    assert cells[3] == f"{100 * row.cer:.2f} ({100 * low:.1f}-{100 * high:.1f})"
    numbers = (row.wer, row.folded_cer, row.empty_share)
    assert cells[4:7] == [f"{100 * number:.2f}" for number in numbers]
    assert [float(cell) for cell in cells[7:]] == pytest.approx([0, 0], abs=10)
    sentence = f"Calibration errors of all {split} lines without calibration: characters "
    before = published.printed.partition(sentence)[2].split(" %")
    assert float(before[0]) > 15
    assert float(before[1].removeprefix(", words ")) > 20


def test_calibration_errors_stand_in_the_rows_of_whole_sources_only(task, bundle, data, tmp_path):
    folder = write_data(tmp_path / "data")
    (folder / "strokes" / "unseen.txt").write_text("v\n")
    measured = task.measure(bundle, folder, split="validation", sources=["prompts", "letters"])
    rows = table_rows(task.render_section(measured, task.UNCALIBRATED), "Validation")
    subsets = ["prompts, unseen text", "prompts, up to 80 characters"]
    assert [name for name, cells in rows.items() if cells[-2:] == ["-", "-"]] == subsets
    assert [r.note for r in task.measured_rates(measured.report, {"prompts"})][1:] == [
        task.STROKES_NOTE
    ] * 3


def test_every_line_goes_through_the_network_once(published, data):
    samples = [s for split in ("validation", "test") for s in read_lines(data, split=split)]
    assert published.n_lines == sum(sample.source != "jeremy" for sample in samples)


def test_nothing_is_fitted_on_test_lines(task, published, bundle, tmp_path):
    others = write_data(tmp_path / "data", test_share=0.1)
    output = tmp_path / "out"
    assert task.main([str(bundle.folder), "--data", str(others), "--output", str(output)]) == 0
    one, two = published.bundle.manifest, load_bundle(output).manifest
    assert (one.temperature, one.word_calibration) == (two.temperature, two.word_calibration)
    assert [r.cer for r in one.cer if r.split == "test"] != [
        r.cer for r in two.cer if r.split == "test"
    ]


def test_lines_to_fit_are_taken_evenly_and_not_from_unseen_hands(task, monkeypatch):
    monkeypatch.setattr(task, "MAX_LINES_TO_FIT", 4)
    sources = ["few"] * 2 + ["many"] * 10 + ["peraire"] * 5
    report = SimpleNamespace(dataset="d", lines=[SimpleNamespace(source=s) for s in sources])
    assert task.lines_to_fit(task.Measurement(report, ())) == [0, 1, 2, 4, 7, 9]


def test_a_line_without_ink_reads_as_nothing_whatever_the_network_says(task, tmp_path):
    nodes = [
        helper.make_node(
            "Conv", ["image", "weight", "bias"], ["map"], strides=[HEIGHT, STRIDE], name="conv"
        ),
        helper.make_node("Squeeze", ["map", "rows"], ["columns"]),
        helper.make_node("Transpose", ["columns"], ["scores"], perm=[0, 2, 1]),
    ]
    constants = {
        "weight": np.zeros((4, 1, HEIGHT, STRIDE), np.float32),
        "bias": np.array([0, 5, 0, 0], np.float32),
        "rows": np.array([2]),
    }
    bundle = write_tiny_bundle(tmp_path / "m", network=make_network(nodes, constants))
    images = [draw_bars("b"), np.full((HEIGHT, 40), 255, np.uint8)]
    texts = task.ScoringReader(bundle).read(images)
    assert [text.text for text in texts] == ["a", ""]
    assert [reading.text for reading in LineReader(bundle).read(images)] == ["a", ""]


def test_confidences_are_those_of_the_line_reader(task, published):
    images = [draw_bars(text) for text in ("ab", " a  bb ", "b")]
    texts = task.ScoringReader(published.bundle).read(images)
    readings = LineReader(published.bundle).read(images)
    assert [text.text for text in texts] == [reading.text for reading in readings]
    manifest = published.bundle.manifest
    outcomes = judge(texts, [""] * len(texts))
    confidences = outcomes.character_confidences(manifest.temperature)
    expected = [c.confidence for reading in readings for c in reading.characters]
    assert confidences == pytest.approx(expected, abs=1e-5)
    calibration = task.Calibration(manifest.temperature, manifest.word_calibration)
    words = calibration.word_confidences(outcomes.word_products(manifest.temperature))
    assert words == pytest.approx([w.confidence for r in readings for w in r.words], abs=1e-4)


def test_sources_are_all_but_single_words_unless_named(task, data):
    assert task.choose_sources(data, None, ()) == ["letters", "peraire", "prompts"]
    assert task.choose_sources(data, None, ["prompts"]) == ["letters", "peraire"]
    assert task.choose_sources(data, ["jeremy", "prompts"], ()) == ["jeremy", "prompts"]


def test_the_copy_lies_beside_the_model_unless_told_otherwise(task, bundle, data, capsys):
    arguments = [str(bundle.folder), "--data", str(data), "--version", "1.1"]
    assert task.main([*arguments, "--sources", "letters"]) == 0
    folder = bundle.folder.with_name("tiny-1.1")
    assert capsys.readouterr().out.endswith(
        f"122 validation lines of letters. The model is in {folder}.\n"
    )
    assert {rate.data for rate in load_bundle(folder).manifest.cer} == {"letters"}
    assert task.main(arguments) == 1
    message = f"{folder} holds a model already: choose another folder.\n"
    assert capsys.readouterr().err == message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--without", "x"], "--without: {} has no source x; it has {present}."),
        (
            ["--sources", "jeremy", "--without", "jeremy"],
            "No source of {} is left to measure: give --sources.",
        ),
        (["--sources", "x"], "{} has no source x; it has {present}."),
        (["--sources", "peraire"], "data has no lines to fit the calibration on."),
    ],
)
def test_options_of_no_use_are_one_sentence(
    task, bundle, data, tmp_path, capsys, arguments, message
):
    output = tmp_path / "out"
    options = [str(bundle.folder), "--data", str(data), "--output", str(output), *arguments]
    assert task.main(options) == 1
    assert (
        capsys.readouterr().err
        == message.format(data, present="jeremy, letters, peraire, prompts") + "\n"
    )
    assert not output.exists()


def test_with_a_language_model_the_manifest_says_how_well_it_reads_with_it(
    task, bundle, data, tmp_path, capsys
):
    language = estimate(["ab ba aab abb bab b a " * 10], order=3).model()
    values = {"version": "1", "text_form": "latin-ascii-1"}
    named = write_ngram_bundle(tmp_path / "letters-ab", language, values, {})
    folder = tmp_path / "with-language"
    arguments = [str(bundle.folder), "--data", str(data), "--output", str(folder)]
    assert task.main([*arguments, "--language-model", str(named.folder)]) == 0
    made = load_bundle(folder)
    assert made.manifest.language is not None
    assert made.manifest.language.name == "letters-ab"
    printed = capsys.readouterr().out
    assert "With letters-ab:" in printed
    told = re.findall(r"Calibration errors of all (\w+) lines read with letters-ab: .*", printed)
    assert told == ["validation", "test"]
    reader = LineReader(made, decoder=load_decoder(made, named.folder))
    rates = [rate for rate in made.manifest.cer if rate.split == "test"]
    report = evaluate(data, reader=reader, split="test", sources=[r.data for r in rates])
    assert [r.cer for r in rates] == pytest.approx(
        [row.cer for row in report.rows if row.name != "all"], abs=1e-5
    )
