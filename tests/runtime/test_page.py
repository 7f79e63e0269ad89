import dataclasses

import pytest

from text_recognizer.page import Line, Page, Region

SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def line(id: str, text: str) -> Line:
    return Line(id, text, 0.5, SQUARE[:2], SQUARE)


def page(*regions: tuple[str, ...]) -> Page:
    numbered = (
        Region(f"r{n}", SQUARE, tuple(line(f"l{n}{k}", text) for k, text in enumerate(texts)))
        for n, texts in enumerate(regions)
    )
    return Page("a.png", 1, 10, 20, tuple(numbered))


def test_text_joins_lines_by_newline_and_regions_by_blank_line() -> None:
    assert page(("one", "two"), ("three",)).text == "one\ntwo\n\nthree"


def test_text_leaves_out_lines_and_regions_without_text() -> None:
    assert page(("one", "", "two"), ("",), ("three",)).text == "one\ntwo\n\nthree"


def test_page_without_lines_has_no_text() -> None:
    assert page().text == ""
    assert page().lines == ()


def test_lines_go_through_the_regions_in_order() -> None:
    assert [line.id for line in page(("a", "b"), ("c",)).lines] == ["l00", "l01", "l10"]


def test_page_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        page().width = 3  # type: ignore[misc]
