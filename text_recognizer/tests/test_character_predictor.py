"""CharacterPredictor on characters that the project drew: the file's name is the character."""

from pathlib import Path

import pytest

from text_recognizer.character_predictor import CharacterPredictor

SUPPORT = Path(__file__).parent / "support" / "emnist"
CHARACTERS = ("8", "U", "e")
LEAST_CONFIDENCE = 0.7


@pytest.fixture(scope="module")
def predictor() -> CharacterPredictor:
    return CharacterPredictor()


def test_the_characters_are_those_of_the_lessons() -> None:
    assert sorted(path.stem for path in SUPPORT.iterdir()) == sorted(CHARACTERS)


@pytest.mark.parametrize("character", CHARACTERS)
def test_a_character_is_read(character: str, predictor: CharacterPredictor) -> None:
    read, confidence = predictor.predict(SUPPORT / f"{character}.png")
    print(f"{character!r} is read as {read!r}, confidence {confidence:.2f}")
    assert read == character
    assert LEAST_CONFIDENCE < confidence <= 1
