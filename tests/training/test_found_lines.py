"""Lines that the program cuts out of training pages itself."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_pages import SENTENCES, write_page
from numpy.typing import NDArray
from tiny_run import ALPHABET

from text_recognizer.data import DataPaths, HandwritingLines
from text_recognizer.data.found_lines import read_found_lines
from text_recognizer.layout import FoundLine, load_finder
from text_recognizer.line_image import cut
from text_recognizer.training.options import TrainingOptions


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training page of four lines and a validation page."""
    folder = tmp_path_factory.mktemp("pages")
    write_page(folder / "train", "t", SENTENCES)
    write_page(folder / "val", "v", SENTENCES[:2])
    return folder


def test_found_lines_have_the_text_of_the_reference(pages: Path) -> None:
    lines = read_found_lines(pages, load_finder(n_threads=1).find)
    assert [line.text for line in lines] == list(SENTENCES)
    assert {line.split for line in lines} == {"train"}
    assert len({line.id for line in lines}) == len(lines)


def test_a_line_is_cut_as_it_was_found(pages: Path) -> None:
    seen: list[tuple[NDArray[np.uint8], list[FoundLine]]] = []

    def find(image: NDArray[np.uint8]) -> list[FoundLine]:
        seen.append((image, load_finder(n_threads=1).find(image)))
        return seen[-1][1]

    lines = read_found_lines(pages, find)
    ((image, found),) = seen
    for line, place in zip(lines, found, strict=True):
        expected = cut(image, place.baseline, place.polygon).image
        assert np.array_equal(line.read_image(), expected)


def test_pieces_of_lines_are_left_out(pages: Path) -> None:
    """Half a line cannot be given the text of the whole."""

    def find(image: NDArray[np.uint8]) -> list[FoundLine]:
        first, *others = load_finder(n_threads=1).find(image)
        return [replace(first, baseline=first.baseline[: len(first.baseline) // 2]), *others]

    assert [line.text for line in read_found_lines(pages, find)] == list(SENTENCES[1:])


def test_other_sources_are_not_read(pages: Path) -> None:
    assert read_found_lines(pages, load_finder(n_threads=1).find, sources={"elsewhere"}) == []


def test_found_lines_are_drawn_in_place_of_those_of_their_source(
    options: TrainingOptions, line_folder: Path, tmp_path: Path
) -> None:
    pages = tmp_path / line_folder.name
    write_page(pages / "train", "t", SENTENCES)
    texts = {}
    for share in (0.0, 1.0):
        data = HandwritingLines(
            replace(options.data, found_lines=share),
            DataPaths(line_folder, pages=pages),
            ALPHABET,
            height=32,
            seed=1,
        )
        data.setup("fit")
        rng = np.random.default_rng(0)
        source = data.sources[line_folder.name]
        texts[share] = {source.draw(rng, short=False)[1] for _ in range(30)}
    assert texts[1.0] == set(SENTENCES)
    assert not texts[0.0] & set(SENTENCES)
