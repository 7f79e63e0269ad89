"""Paragraphs of pages, read as a whole: what is cut, error rates, repeated and lost lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from drawn_paragraphs import INK, LINE_PX, PITCH_PX, DrawnPage, write_pages

from text_recognizer.errors import InputError
from text_recognizer.evaluation.metrics import ErrorCounts
from text_recognizer.evaluation.paragraph_evaluation import (
    cut_paragraphs,
    evaluate_paragraphs,
    paragraph_report_to_json,
    render_paragraph_report,
)
from text_recognizer.evaluation.repeated_lines import LineLosses
from text_recognizer.ground_truth import read_pages

LINES = ("Bread was dear", "that winter", "for us all")
PAGES = (
    DrawnPage("a", "test", "letter-a", LINES),
    DrawnPage("b", "test", "letter-b", ("Thank you so", "", "for the apples"), source="notes"),
    DrawnPage("c", "val", "letter-c", ("Come soon",)),
)


@dataclass
class Told:
    """A reader that gives texts in turn, and counts the images that it is given at once."""

    texts: list[str]

    def __post_init__(self) -> None:
        self.n_at_once: list[int] = []

    def read(self, images: Sequence[np.ndarray], /) -> "list[Told.Reading]":
        self.n_at_once.append(len(images))
        return [Told.Reading(self.texts.pop(0)) for _ in images]

    @dataclass(frozen=True)
    class Reading:
        text: str


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_pages(tmp_path / "pages", PAGES)


def test_rates_and_losses_by_source(folder: Path) -> None:
    reader = Told(["Bread was dear\nthat winter\nthat winter", "Thank you so\nfor the apple"])
    report = evaluate_paragraphs(folder, reader=reader, n_characters=100)
    letters, notes, everything = report.texts.rows
    assert (letters.name, notes.name, everything.name) == ("letters", "notes", "all")
    assert (letters.n_lines, notes.n_lines, everything.n_lines) == (1, 1, 2)
    assert report.texts.lines[1].characters == ErrorCounts(1, len("Thank you so for the apples"))
    assert report.losses == {
        "letters": LineLosses(1, 3, n_repeated=1, n_lost=1, n_flawed=1),
        "notes": LineLosses(1, 2),
        "all": LineLosses(2, 5, n_repeated=1, n_lost=1, n_flawed=1),
    }
    assert report.n_left_out == 1
    text = render_paragraph_report(report)
    assert "pages, test split, text form latin-ascii-1" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["letters", "1", "3", "33.3", "33.3", "1"] in rows
    assert ["notes", "1", "2", "0.0", "0.0", "0"] in rows
    assert text.endswith("\n1 lines are left out: without text or place, or too long.")
    content = paragraph_report_to_json(report)
    assert content["losses"][0]["n_repeated"] == 1 and content["n_left_out"] == 1
    assert content["lines"][0]["reference"] == "Bread was dear that winter for us all"


def test_long_pages_are_cut_into_runs(folder: Path) -> None:
    """27 characters hold two of the three lines, and not the third."""
    (page, *_) = read_pages(folder, split="test")
    first, second = cut_paragraphs(page, 27, "latin-ascii-1")
    assert (first.text, second.text) == ("Bread was dear", "that winter\nfor us all")
    assert (first.id, first.document, first.split) == ("a-1", "letter-a", "test")
    heights = [sample.read_image().shape[0] for sample in (first, second)]
    assert LINE_PX <= heights[0] < PITCH_PX + LINE_PX <= heights[1] < 2 * PITCH_PX + LINE_PX
    report = evaluate_paragraphs(folder, reader=Told([""] * 3), n_characters=27, split="test")
    assert [line.id for line in report.texts.lines] == ["a-1", "a-2", "b-1"]


def test_what_is_not_part_of_the_text_is_paper(folder: Path) -> None:
    """The empty line between two others has no text; whatever stands there is not shown."""
    page = next(page for page in read_pages(folder) if page.id == "b")
    (sample,) = cut_paragraphs(page, 100, "latin-ascii-1")
    image = sample.read_image()
    assert sample.text == "Thank you so\nfor the apples"
    assert image.min() <= INK + 20 < image[PITCH_PX : PITCH_PX + LINE_PX].min()


def test_few_images_are_in_memory_at_once(tmp_path: Path) -> None:
    pages = [DrawnPage(f"p{i}", "test", f"letter-{i}", LINES) for i in range(9)]
    reader = Told([""] * 27)
    evaluate_paragraphs(write_pages(tmp_path, pages), reader=reader, n_characters=14)
    assert reader.n_at_once == [8, 8, 8, 3]


def test_a_split_without_pages(folder: Path) -> None:
    with pytest.raises(InputError, match="pages has no train paragraphs; choose another split.$"):
        evaluate_paragraphs(folder, reader=Told([]), n_characters=100, split="train")
