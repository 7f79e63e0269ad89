"""The command that trains a language model, and the text that it reads."""

import gzip
import logging
from pathlib import Path

import pytest
from language_data import PROSE
from typer.testing import CliRunner

from text_recognizer.cli import app
from text_recognizer.errors import BundleError, InputError, OptionError
from text_recognizer.language.corpus import read_corpus
from text_recognizer.language.ngram_bundle import load_language_model
from text_recognizer.language.training import NgramOptions, train_language_model
from text_recognizer.language.vocabulary import load_words


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A file of 200 lines."""
    path = tmp_path / "prose.txt"
    path.write_text("\n".join(PROSE * 50) + "\n", encoding="utf-8")
    return path


def test_a_tenth_of_every_file_is_held_back(text: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt.gz"
    other.write_bytes(gzip.compress("\n".join(f"line {i}" for i in range(1000)).encode()))
    corpus = read_corpus([text, other], "nfc-1", most=10**6)
    assert len(corpus.held_back) / (len(corpus.train) + len(corpus.held_back)) == pytest.approx(
        0.1, abs=0.01
    )
    held = [line for line in corpus.held_back if line.startswith("line ")]
    assert len(held) == pytest.approx(100, abs=5)
    assert not set(held) & set(corpus.train)
    assert corpus.n_taken == corpus.n_characters


def test_of_much_text_evenly_spread_parts_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("\n".join(f"{i:09d}" for i in range(1000)), encoding="utf-8")
    corpus = read_corpus([path], "nfc-1", most=1000)
    taken = sorted(int(line) for line in (*corpus.train, *corpus.held_back))
    assert len(taken) == pytest.approx(100, abs=2)
    gaps = [b - a for a, b in zip(taken, taken[1:], strict=False)]
    assert max(gaps) <= 12
    assert corpus.n_taken == pytest.approx(1000, abs=20)


def test_a_file_without_line_ends_is_read_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("text_recognizer.language.corpus._LONGEST_LINE", 7)
    path = tmp_path / "long.txt"
    path.write_text("é" * 50, encoding="utf-8")  # pieces end inside of a character
    corpus = read_corpus([path], "nfc-1", most=10**6)
    assert "".join((*corpus.train, *corpus.held_back)) == "é" * 50


@pytest.mark.parametrize("content", [b"caf\xe9 au lait\n", b"cut off \xc3"])
def test_text_in_another_encoding(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "old.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"old\.txt is not UTF-8 text"):
        read_corpus([path], "nfc-1", most=100)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.txt cannot be read: No such file"):
        read_corpus([tmp_path / "none.txt"], "nfc-1", most=100)
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(b"abc" * 1000)[:-10])
    damaged = bytearray(gzip.compress(bytes(range(256)) * 9))
    damaged[20:60] = b"\xff" * 40
    for content in (cut.read_bytes(), bytes(damaged)):
        cut.write_bytes(content)
        with pytest.raises(InputError, match=r"cut\.gz cannot be read"):
            read_corpus([cut], "nfc-1", most=10**6)


def test_command_trains_and_measures(text: Path, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    arguments = ["language-model", "train", str(text), "--output", str(folder), "--order", "5"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    bundle, model = load_language_model(folder)
    assert model.order == 5
    assert float(result.output.split()[1]) < 1.5  # the same four sentences again and again
    words = load_words(bundle)
    assert {"harbour", "candle"} <= set(words)
    made = f"The model with {len(model.trie.keys)} n-grams and {len(words)} words is in {folder}."
    assert made in result.output
    assert bundle.manifest.training_data[0].name == "prose.txt"
    command = (folder / "run_command.txt").read_text(encoding="utf-8")
    assert command.startswith("text-recognizer language-model train prose.txt --output archive")
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 1
    assert "holds a model already" in again.stderr


def test_a_model_is_as_small_as_asked(text: Path, tmp_path: Path) -> None:
    sizes = {}
    for megabytes in (3.0, 0.009):
        options = NgramOptions(order=6, megabytes=megabytes)
        made = train_language_model([text], tmp_path / str(megabytes), options)
        arrays = made.bundle.folder.glob("*.npy")
        sizes[megabytes] = sum(file.stat().st_size for file in arrays)
    assert sizes[0.009] <= 9_000 + 4 * 128 < sizes[3.0]
    with pytest.raises(InputError, match="cannot be so small"):
        train_language_model([text], tmp_path / "tiny", NgramOptions(megabytes=0.001))


def test_text_that_is_left_out_is_told(
    text: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        train_language_model([text], tmp_path / "some", NgramOptions(most_characters=5_000))
    assert "characters are taken, evenly spread" in caplog.text


def test_existing_models_are_kept(text: Path) -> None:
    with pytest.raises(BundleError, match="holds a model already"):
        train_language_model(
            [text], Path("text_recognizer/artifacts/line-finder").resolve(), NgramOptions()
        )


@pytest.mark.parametrize(
    "values", [{"order": 1}, {"order": 13}, {"megabytes": 0}, {"text_form": "other"}]
)
def test_options_that_make_no_sense(values: dict[str, int]) -> None:
    with pytest.raises(OptionError):
        NgramOptions(**values)  # type: ignore[arg-type]
