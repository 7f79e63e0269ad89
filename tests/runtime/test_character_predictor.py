"""One character in, its name and a confidence out, whatever the image comes as."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tiny_bundles import write_tiny_bundle
from tiny_characters import SYMBOLS, draw, write_bars

from text_recognizer.character_predictor import CharacterPredictor, softmax
from text_recognizer.errors import BundleError, InputError


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> CharacterPredictor:
    folder = tmp_path_factory.mktemp("models") / "bars"
    write_bars(folder)
    return CharacterPredictor(folder, n_threads=1)


@pytest.mark.parametrize(
    "given",
    [
        lambda path: path,
        str,
        Path.read_bytes,
        Image.open,
        lambda path: np.asarray(Image.open(path)),
        lambda path: 255 - np.asarray(Image.open(path)),
        lambda path: np.stack([np.asarray(Image.open(path))] * 3, axis=2),
    ],
    ids=["path", "str", "bytes", "pillow", "array", "inverted", "rgb"],
)
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_kind_of_image_reads_the_same(
    predictor: CharacterPredictor, tmp_path: Path, symbol: str, given: Callable[[Path], Any]
) -> None:
    Image.fromarray(draw(symbol)).save(tmp_path / "one.png")
    char, confidence = predictor.predict(given(tmp_path / "one.png"))
    assert char == symbol
    assert 0.9 < confidence <= 1


def test_blank_paper_is_nothing(predictor: CharacterPredictor) -> None:
    assert predictor.predict(np.full((40, 40), 250, np.uint8)) == ("", 0.0)


def test_a_file_of_two_pages_is_not_one_character(
    predictor: CharacterPredictor, tmp_path: Path
) -> None:
    pages = [Image.fromarray(draw(symbol)) for symbol in "|-"]
    pages[0].save(tmp_path / "two.tiff", save_all=True, append_images=pages[1:])
    with pytest.raises(
        InputError, match=r"two\.tiff has 2 pages: give the image of one character\.$"
    ):
        predictor.predict(tmp_path / "two.tiff")


def test_a_line_model_is_refused(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path / "line")
    with pytest.raises(BundleError, match="is a line model and a character model is needed here"):
        CharacterPredictor(tmp_path / "line")


def test_evaluation_counts_what_is_right(predictor: CharacterPredictor) -> None:
    blank = np.full((40, 40), 250, np.uint8)
    report = predictor.evaluate(
        [(draw("|"), "|"), (draw("|"), "l"), (draw("-"), "+"), (draw("+"), "+"), (blank, "-")]
    )
    assert (report.n_characters, report.n_right, report.n_right_folded) == (5, 2, 3)
    assert report.accuracy == 0.4
    assert report.accuracy_folded == 0.6
    assert predictor.evaluate([]).accuracy is None


def test_softmax_of_large_scores() -> None:
    scores = np.array([[1000.0, 1000.0], [0.0, -1000.0]], np.float32)
    np.testing.assert_allclose(softmax(scores), [[0.5, 0.5], [1.0, 0.0]])
