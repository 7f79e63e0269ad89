"""LinePredictor on lines that the project drew: the file's name is the text."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from text_recognizer.evaluation.metrics import count_character_errors
from text_recognizer.line_predictor import LinePredictor

SUPPORT = Path(__file__).parent / "support" / "emnist_lines"
TEXTS = ("Corsi left for", "do that In", "or if used the results")
WORST_CER = 0.2


@pytest.fixture(scope="module")
def predictor() -> LinePredictor:
    return LinePredictor()


def test_the_lines_are_those_of_the_lessons() -> None:
    assert sorted(path.stem for path in SUPPORT.iterdir()) == sorted(TEXTS)


@pytest.mark.parametrize("text", TEXTS)
def test_a_line_is_read(text: str, predictor: LinePredictor) -> None:
    check(text, predictor.predict(SUPPORT / f"{text}.png"))


@pytest.mark.parametrize("text", TEXTS)
def test_a_line_that_is_cut_on_the_right_is_read(text: str, predictor: LinePredictor) -> None:
    """Anywhere behind its last stroke."""
    image = np.asarray(Image.open(SUPPORT / f"{text}.png"))
    after_ink = int(np.flatnonzero(image.max(axis=0) > 100)[-1]) + 2
    for right in np.random.default_rng(0).integers(after_ink, image.shape[1], 5):
        check(text, predictor.predict(image[:, :right]))


def check(text: str, prediction: tuple[str, float]) -> None:
    read, confidence = prediction
    print(f"{text!r} is read as {read!r}, confidence {confidence:.2f}")
    cer = count_character_errors(text, read).rate
    assert cer is not None and cer < WORST_CER
    assert 0.5 < confidence <= 1
