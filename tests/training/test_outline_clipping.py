"""Outlines and baselines inside their page: exact edges, stray points, points that are none."""

from pathlib import Path

import numpy as np
import pytest

from text_recognizer.data.outline_clipping import clip_baseline, clip_lines, clip_outline
from text_recognizer.ground_truth import PageLine, PageSample

pytestmark = pytest.mark.train

WIDTH, HEIGHT = 100, 60
BOX = ((10.0, 20.0), (80.0, 20.0), (80.0, 40.0), (10.0, 40.0))


def test_what_is_on_the_page_stays_as_it_is() -> None:
    assert clip_outline(BOX, WIDTH, HEIGHT) == BOX
    whole = ((0.0, 0.0), (100.0, 0.0), (100.0, 60.0), (0.0, 60.0))
    assert clip_outline(whole, WIDTH, HEIGHT) == whole
    assert clip_baseline(whole[2:], WIDTH, HEIGHT) == whole[2:]


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        ((-30, 0), {(0, 20), (50, 20), (50, 40), (0, 40)}),
        ((40, 0), {(50, 20), (100, 20), (100, 40), (50, 40)}),
        ((0, -25), {(10, 0), (80, 0), (80, 15), (10, 15)}),
        ((30, 30), {(40, 50), (100, 50), (100, 60), (40, 60)}),
    ],
)
def test_outlines_end_at_the_edge(
    shift: tuple[int, int], expected: set[tuple[float, float]]
) -> None:
    moved = [(x + shift[0], y + shift[1]) for x, y in BOX]
    assert set(clip_outline(moved, WIDTH, HEIGHT)) == expected


def test_slopes_are_kept() -> None:
    triangle = ((50.0, 30.0), (150.0, 20.0), (150.0, 40.0))
    assert set(clip_outline(triangle, WIDTH, HEIGHT)) == {(50, 30), (100, 25), (100, 35)}
    assert clip_baseline(((-50, 10), (150, 50)), WIDTH, HEIGHT) == ((0, 20), (100, 40))


@pytest.mark.parametrize("stray", [(40.0, 1e6), (-1e300, 30.0), (1e308, -1e308)])
def test_stray_points_do_not_count(stray: tuple[float, float]) -> None:
    for points in (
        clip_outline((*BOX, stray), WIDTH, HEIGHT),
        clip_baseline((stray, *BOX), 100, 60),
    ):
        low, high = np.min(points, axis=0), np.max(points, axis=0)
        assert (low >= 0).all() and (high <= (WIDTH, HEIGHT)).all()
        assert (low <= (10, 20)).all() and (high >= (80, 40)).all()


def test_points_that_are_no_numbers_do_not_count() -> None:
    bad = ((float("nan"), 3.0), (5.0, float("inf")))
    assert clip_outline((bad[0], *BOX, bad[1]), WIDTH, HEIGHT) == BOX
    assert clip_baseline((*BOX[:2], *bad), WIDTH, HEIGHT) == BOX[:2]
    assert clip_outline(bad, WIDTH, HEIGHT) == clip_baseline(bad, WIDTH, HEIGHT) == ()


def test_what_encloses_nothing_on_the_page_is_empty() -> None:
    for dx, dy in ((-90, 0), (100, 0), (0, -40), (0, 39), (500, 500)):  # at most a row is left
        assert clip_outline([(x + dx, y + dy) for x, y in BOX], WIDTH, HEIGHT) == ()
    assert clip_outline(BOX[:2], WIDTH, HEIGHT) == clip_outline((), WIDTH, HEIGHT) == ()
    assert clip_baseline(((0, 61), (90, 70)), WIDTH, HEIGHT) == clip_baseline((), 9, 9) == ()
    assert clip_baseline(((4, 5), (4, 5)), WIDTH, HEIGHT) == ()


def test_lines_of_a_page_keep_their_order_and_texts() -> None:
    away = tuple((x, y + 100) for x, y in BOX)
    lines = (PageLine("a", "one", away[:2], away), PageLine("b", "two", BOX[:2], BOX))
    page = PageSample("p", "s", "d", "eng", "train", Path("p.png"), WIDTH, HEIGHT, lines)
    first, second = clip_lines(page).lines
    assert (first.id, first.text, first.polygon, first.baseline) == ("a", "one", (), ())
    assert second == lines[1]
