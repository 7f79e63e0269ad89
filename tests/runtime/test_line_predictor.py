"""One line in, text and confidence out, whatever the image comes as."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tiny_bundles import draw_bars, write_tiny_bundle

from text_recognizer import image_source
from text_recognizer.bundle import DEFAULT_LINE_MODEL
from text_recognizer.errors import BundleError, InputError
from text_recognizer.line_predictor import LinePredictor

TEXT = "ab ba"


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> LinePredictor:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    write_tiny_bundle(folder)
    return LinePredictor(folder, n_threads=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    Image.fromarray(draw_bars(TEXT)).save(tmp_path / "line.png")
    return tmp_path / "line.png"


@pytest.mark.parametrize(
    "given",
    [
        lambda path: path,
        str,
        Path.read_bytes,
        Image.open,
        lambda path: Image.open(path).convert("RGB"),
        lambda path: np.asarray(Image.open(path)),
        lambda path: np.stack([np.asarray(Image.open(path))] * 3, axis=2),
        lambda path: np.asarray(Image.open(path)) / 255.0,
    ],
    ids=["path", "str", "bytes", "pillow", "pillow rgb", "array", "rgb array", "float array"],
)
def test_every_kind_of_image_reads_the_same(
    predictor: LinePredictor, file: Path, given: Callable[[Path], Any]
) -> None:
    text, confidence = predictor.predict(given(file))
    assert text == TEXT
    assert 0.95 < confidence <= 1


def test_an_address_is_fetched(
    predictor: LinePredictor, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = {"https://example.org/line.png": file.read_bytes()}
    monkeypatch.setattr(image_source, "fetch", fetched.__getitem__)
    assert predictor.predict("https://example.org/line.png")[0] == TEXT


def test_a_blank_image_has_no_text_and_no_confidence(predictor: LinePredictor) -> None:
    assert predictor.predict(np.full((30, 200), 250, dtype=np.uint8)) == ("", 0.0)


def test_a_missing_file_is_named(predictor: LinePredictor, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.png"):
        predictor.predict(tmp_path / "none.png")


def test_a_file_of_two_pages_is_not_one_line(predictor: LinePredictor, tmp_path: Path) -> None:
    pages = [Image.fromarray(draw_bars(text)) for text in ("a", "b")]
    pages[0].save(tmp_path / "two.tiff", save_all=True, append_images=pages[1:])
    with pytest.raises(InputError, match=r"two\.tiff has 2 pages: give the image of one line\.$"):
        predictor.predict(tmp_path / "two.tiff")


def test_a_model_for_another_task_is_refused(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path / "m", task="character")
    with pytest.raises(BundleError, match="is a character model and a line model is needed"):
        LinePredictor(tmp_path / "m")


def test_the_shipped_model_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tiny_bundle(tmp_path / "artifacts" / DEFAULT_LINE_MODEL)
    monkeypatch.chdir(tmp_path)  # ./artifacts is asked before the package
    assert LinePredictor(n_threads=1).predict(draw_bars(TEXT))[0] == TEXT
