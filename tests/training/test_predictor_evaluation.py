"""The doors in `evaluation/`: figures of the predictors on data modules, sentences without data."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from character_files import UNIPEN_CHARACTERS, write_emnist_idx, write_unipen

from text_recognizer.data import FakeImageData, FakeImageDataOptions, UnipenCharacters
from text_recognizer.data import UnipenCharactersOptions as Options
from text_recognizer.evaluation.character_evaluation import CharacterReport, compare_characters
from text_recognizer.evaluation.line_evaluation import evaluate_pairs
from text_recognizer.evaluation.report import EvaluationReport
from text_recognizer.line_reader import LineReading
from text_recognizer.training.experiments import predictor_evaluation
from text_recognizer.training.experiments.predictor_evaluation import (
    Pair,
    evaluate_character_predictor,
    evaluate_line_predictor,
    written_pairs,
)

pytestmark = pytest.mark.train

ROOT = Path(__file__).parents[2]


class CharacterByMark:
    """Reads the miniature's characters by the pixel that tells the label, but for one class."""

    def __init__(self, model: str | None) -> None:
        assert model is None

    def evaluate(self, dataset: Iterable[Pair]) -> CharacterReport:
        read = [(text, UNIPEN_CHARACTERS[image[4, 5] - 1]) for image, text in dataset]
        return compare_characters((text, "?" if text == "a" else char) for text, char in read)


class AlwaysThe:
    """Reads "the" everywhere."""

    def __init__(self, model: str | None) -> None:
        assert model == "mine"

    def evaluate(self, dataset: Iterable[Pair]) -> EvaluationReport:
        return evaluate_pairs(list(dataset), reader=self)

    def read(self, images: list[object]) -> list[LineReading]:
        return [LineReading("the", 1.0, (), ()) for _ in images]


def test_pairs_are_the_split_as_it_lies_in_the_files(tmp_path: Path) -> None:
    data = UnipenCharacters(Options(data_dir=write_unipen(tmp_path)))
    data.setup()
    pairs = list(written_pairs(data, "validation"))
    assert len(pairs) == 3 * len(UNIPEN_CHARACTERS)
    for image, text in pairs:
        assert image.dtype == np.uint8 and image.shape == (28, 28)
        assert (UNIPEN_CHARACTERS[image[4, 5] - 1], image[6, 20]) == (text, 20)


def test_normalised_images_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, normalised = (FakeImageData(FakeImageDataOptions(num_samples=40)) for _ in range(2))
    plain.setup()
    normalised.normalisation = (0.13, 0.31)
    normalised.setup()
    for samples in normalised.splits.values():
        samples.normalisation = normalised.normalisation  # type: ignore[attr-defined]
    for one, other in zip(
        written_pairs(plain, "test"), written_pairs(normalised, "test"), strict=True
    ):
        assert np.array_equal(one[0], other[0]) and one[1] == other[1]


def test_figures_of_characters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(predictor_evaluation, "CharacterPredictor", CharacterByMark)
    words = ["--data_class=UnipenCharacters", f"--data_dir={write_unipen(tmp_path)}"]
    assert evaluate_character_predictor([*words, "--min_accuracy=0.98"]) == 0
    expected = "characters: 279\naccuracy: 0.9892\naccuracy_folded: 0.9892\n"
    assert capsys.readouterr() == (expected, "")
    assert evaluate_character_predictor([*words, "--min_accuracy=0.99"]) == 1
    assert capsys.readouterr() == (expected, "The accuracy is under 0.99.\n")


def test_figures_of_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(predictor_evaluation, "LinePredictor", AlwaysThe)
    write_emnist_idx(tmp_path)
    words = [f"--data_dir={tmp_path}", "--text=project", "--num_train=4", "--num_val=4"]
    assert evaluate_line_predictor([*words, "--num_test=20", "--model=mine"]) == 0
    figures = dict(line.split(": ") for line in capsys.readouterr().out.splitlines())
    assert figures["lines"] == "20"
    assert 0.5 < float(figures["cer"]) <= 1 and 0.5 < float(figures["wer"]) <= 1
    assert float(figures["accuracy"]) == pytest.approx(1 - float(figures["cer"]), abs=1e-4)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--data_class=EMNISTLines"], 2, "EMNISTLines holds lines: give a --data_class of cha"),
        (["--data_class=Q"], 2, "--data_class: no data set is called 'Q'; there are MNIST"),
        (["--data_class=EMNIST+MNIST"], 2, "--data_class: give one data set, not several"),
        (["--data_class=UnipenCharacters", "--data_dir=nowhere"], 1, "UnipenCharacters needs"),
    ],
)
def test_what_cannot_be_evaluated_is_a_sentence(
    words: list[str], code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate_character_predictor(words) == code
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.startswith(sentence)
    assert len(shown.err.splitlines()) == 1


def test_characters_are_no_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate_line_predictor(["--data_class=MNIST"]) == 2
    assert capsys.readouterr().err == "MNIST holds characters: give a --data_class of lines.\n"


@pytest.mark.parametrize("kind", ["character", "line"])
def test_doors_are_programs(kind: str, tmp_path: Path) -> None:
    door = ROOT / "evaluation" / f"evaluate_{kind}_predictor.py"
    assert len(door.read_text(encoding="utf-8").splitlines()) <= 20
    run = subprocess.run(
        [sys.executable, str(door), "--data_class=Q"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("--data_class: no data set is called 'Q'")
