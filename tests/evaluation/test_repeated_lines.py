"""Lines read twice and lines not read."""

import pytest

from text_recognizer.evaluation.repeated_lines import LineLosses, count_line_losses

TRUE = "the first line\na second one\nand the end"


@pytest.mark.parametrize(
    ("hypothesis", "n_repeated", "n_lost"),
    [
        (TRUE, 0, 0),
        ("the frist line\n\n a secand one \nand thn end", 0, 0),  # edits are no lost lines
        ("the first line\nthe first line\nand the end", 1, 1),
        ("the first line\na second one\nthe first line\na second one\nand the end", 2, 0),
        ("the first line\nand the end", 0, 1),
        ("", 0, 3),
        ("the first line\na second one\nzzzzzzzzzzz", 0, 1),  # misread, not repeated
        ("and the end\nthe first line\na second one", 0, 0),  # an order of its own
    ],
)
def test_lines_of_a_paragraph(hypothesis: str, n_repeated: int, n_lost: int) -> None:
    flawed = int(n_repeated + n_lost > 0)
    expected = LineLosses(1, 3, n_repeated, n_lost, flawed)
    assert count_line_losses([(TRUE, hypothesis)]) == expected


def test_lines_that_are_there_twice_may_be_read_twice() -> None:
    assert count_line_losses([("ho ho\nho ho", "ho ho\nho ho")]) == LineLosses(1, 2, 0, 0, 0)
    assert count_line_losses([("ho ho\nho ho", "ho ho\nho ho\nho ho")]).n_repeated == 1


def test_sums_over_paragraphs() -> None:
    losses = count_line_losses([(TRUE, TRUE), (TRUE, "the first line\nthe first line"), ("a", "a")])
    assert losses == LineLosses(3, 7, 1, 2, 1)
    assert losses.repeated_per_100 == pytest.approx(100 / 7)
    assert losses.lost_per_100 == pytest.approx(200 / 7)
    assert count_line_losses([]).lost_per_100 is None
    assert LineLosses().repeated_per_100 is None
