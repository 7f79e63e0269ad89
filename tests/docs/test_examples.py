"""The example pages: in step with the program that draws them, and read by the shipped model."""

from pathlib import Path

import pytest
from documents import ROOT
from programs import load_program

from text_recognizer.evaluation.metrics import count_character_errors
from text_recognizer.layout import load_finder
from text_recognizer.loading import open_pages
from text_recognizer.recognizer import Recognizer

EXAMPLES = ROOT / "examples"
PAGES = ["field-notes.pdf", "letter.jpg", "line.png", "to-do-list.jpg"]
WORST_CER = 0.08
"""Share of the characters of one file that the shipped model may read wrongly."""


def test_pages_are_those_of_the_program() -> None:
    program = load_program("tasks/draw_examples.py")
    assert sorted(example.file_name for example in program.EXAMPLES) == PAGES
    for example in program.EXAMPLES:
        assert true_text(example.file_name) == example.text


def test_no_other_files() -> None:
    texts = [str(Path(name).with_suffix(".txt")) for name in PAGES]
    assert sorted(path.name for path in EXAMPLES.iterdir()) == sorted([*PAGES, *texts, "README.md"])


@pytest.mark.parametrize("name", PAGES)
def test_page_is_small(name: str) -> None:
    assert (EXAMPLES / name).stat().st_size < 300_000


@pytest.mark.parametrize("name", PAGES)
def test_readme_names_the_page(name: str) -> None:
    assert f"`{name}`" in (EXAMPLES / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_every_line_is_found(name: str) -> None:
    lines = [line for line in true_text(name).splitlines() if line]
    finder = load_finder()
    assert sum(len(finder.find(page.read())) for page in open_pages(EXAMPLES / name)) == len(lines)


@pytest.mark.parametrize("name", PAGES)
def test_shipped_model_reads_the_page(name: str, shipped_model: Path) -> None:
    read = " ".join(page.text for page in Recognizer(shipped_model).read(EXAMPLES / name))
    errors = count_character_errors(" ".join(true_text(name).split()), " ".join(read.split()))
    assert errors.rate is not None
    assert errors.rate <= WORST_CER, read


def true_text(name: str) -> str:
    return (EXAMPLES / name).with_suffix(".txt").read_text(encoding="utf-8")
