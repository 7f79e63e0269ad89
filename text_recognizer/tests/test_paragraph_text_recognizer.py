"""ParagraphTextRecognizer on a page of seven lines that the project drew."""

from pathlib import Path

import pytest

from text_recognizer.evaluation.metrics import count_character_errors
from text_recognizer.paragraph_text_recognizer import ParagraphTextRecognizer

PAGE = Path(__file__).parent / "support" / "paragraphs" / "seven-lines.jpg"
WORST_CER = 0.1


@pytest.fixture(scope="module")
def recognizer() -> ParagraphTextRecognizer:
    return ParagraphTextRecognizer()


def test_seven_lines_are_found(recognizer: ParagraphTextRecognizer) -> None:
    lines = recognizer.lines(PAGE)
    assert len(lines) == 7
    assert all(line.shape[1] > 5 * line.shape[0] for line in lines)


def test_the_page_is_read(recognizer: ParagraphTextRecognizer) -> None:
    text = PAGE.with_suffix(".txt").read_text(encoding="utf-8").rstrip("\n")
    read = recognizer.predict(PAGE)
    print(read)
    assert len(read.splitlines()) == len(text.splitlines()) == 7
    cer = count_character_errors(text, read).rate
    assert cer is not None and cer < WORST_CER
