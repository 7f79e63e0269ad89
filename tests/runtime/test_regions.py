"""Columns, tables, double pages and notes in the margin, in the order in which they are read."""

import numpy as np
import pytest

from text_recognizer.layout import FoundLine, find_regions

GAP = 40


def line(left: float, level: float, right: float) -> FoundLine:
    baseline = np.array([[left, level], [right, level]], np.float32)
    box = [[left, level - 20], [right, level - 20], [right, level + 6], [left, level + 6]]
    return FoundLine(baseline, np.array(box, np.float32))


def block(left: float, right: float, n_lines: int, *, top: float = 100, gap: float = GAP):
    return [line(left, top + gap * n, right) for n in range(n_lines)]


def found(*lines: FoundLine) -> list[tuple[str, list[int]]]:
    """Kind of each region and the numbers of its lines, in the order given."""
    shuffled = [lines[i] for i in np.random.default_rng(1).permutation(len(lines))]
    numbers = {id(item): number for number, item in enumerate(lines)}
    return [(r.kind, [numbers[id(item)] for item in r.lines]) for r in find_regions(shuffled)]


def turned(item: FoundLine, degrees: float) -> FoundLine:
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
    return FoundLine(item.baseline @ turn.T, item.polygon @ turn.T)


def test_no_lines_no_regions() -> None:
    assert find_regions([]) == []


def test_one_column_is_one_region() -> None:
    assert found(*block(100, 700, 6)) == [("paragraph", [0, 1, 2, 3, 4, 5])]


def test_two_columns_are_two_regions() -> None:
    regions = found(*block(100, 400, 4), *block(460, 760, 4, top=110))
    assert regions == [("paragraph", [0, 1, 2, 3]), ("paragraph", [4, 5, 6, 7])]


@pytest.mark.parametrize("degrees", [0, 6, -6])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_note_comes_after_the_text_that_it_stands_beside(side: str, degrees: float) -> None:
    body = block(200, 800, 10)
    left = 40 if side == "left" else 820
    note = block(left, left + 140, 2, top=233, gap=30)
    lines = [turned(item, degrees) for item in (*body, *note)]
    assert found(*lines) == [("paragraph", list(range(10))), ("marginalia", [10, 11])]


@pytest.mark.parametrize("n_lines", [1, 3, 7])
def test_short_and_long_notes(n_lines: int) -> None:
    body = block(200, 800, 12)
    note = block(20, 160, n_lines, top=113, gap=31)
    regions = found(*body, *note)
    assert regions == [
        ("paragraph", list(range(12))),
        ("marginalia", list(range(12, 12 + n_lines))),
    ]


def test_two_notes_are_two_regions() -> None:
    body = block(200, 800, 14)
    notes = [*block(20, 160, 2, top=120, gap=30), *block(20, 150, 2, top=440, gap=30)]
    kinds = found(*body, *notes)
    assert kinds[1:] == [("marginalia", [14, 15]), ("marginalia", [16, 17])]


def test_a_table_is_read_row_by_row() -> None:
    """Amounts stand in the rows of what they are for."""
    entries, amounts = block(100, 600, 5), block(700, 780, 5)
    assert found(*entries, *amounts) == [("paragraph", [0, 5, 1, 6, 2, 7, 3, 8, 4, 9])]


def test_numbers_of_a_list_stay_in_their_rows() -> None:
    items = block(200, 800, 5)
    numbers = [line(150, 100, 175), line(150, 180, 175)]
    assert found(*items, *numbers) == [("paragraph", [5, 0, 1, 6, 2, 3, 4])]


def test_a_date_over_a_letter_and_a_name_under_it_are_no_notes() -> None:
    body = block(100, 800, 6, top=200)
    date, name = line(650, 120, 810), line(600, 480, 760)
    assert found(date, *body, name) == [("paragraph", list(range(8)))]


def test_double_pages_with_a_note_on_each() -> None:
    left, right = block(200, 800, 8), block(1000, 1600, 8, top=90)
    notes = [line(20, 150, 160), line(1640, 230, 1760)]
    regions = found(*left, *right, *notes)
    assert [kind for kind, _ in regions] == ["paragraph", "marginalia", "paragraph", "marginalia"]
    assert [numbers for _, numbers in regions] == [
        list(range(8)),
        [16],
        list(range(8, 16)),
        [17],
    ]
