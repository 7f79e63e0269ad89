"""Composed pages: the ink of lines goes with them, and their places follow every change."""

import cv2
import numpy as np
import pytest
from drawn_pages import LINE_GAP, SENTENCES, draw_page

from text_recognizer.layout import FoundLine
from text_recognizer.synthesis.page_photo import (
    cast_shadow,
    lay_on_desk,
    show_through,
    tilt_page,
    turn_page,
)
from text_recognizer.synthesis.pages import (
    DrawnPage,
    PageLayout,
    compose_page,
    cut_out,
    paste_ink,
)
from text_recognizer.synthesis.paper import PaperStyle

LEFT, TOP = 60, 80
LAYOUT = PageLayout(gap=70, margin=50, paper=PaperStyle(brightness=1.0, grain=0.0))


def _cut_outs(shade: float = 0.0) -> list:
    page = draw_page(left=LEFT, top=TOP).astype(np.float32)
    page *= np.linspace(1.0, 1.0 - shade, page.shape[1], dtype=np.float32)
    found = []
    for i in range(len(SENTENCES)):
        y = TOP + i * LINE_GAP
        polygon = [[LEFT - 3, y - 32], [700, y - 32], [700, y + 14], [LEFT - 3, y + 14]]
        found.append(cut_out(page.astype(np.uint8), [[LEFT, y], [690, y]], polygon))
    return found


def _page(rng: np.random.Generator | None = None, **layout: float) -> DrawnPage:
    options = PageLayout(**{**vars(LAYOUT), **layout})
    return compose_page(_cut_outs(), options, rng or np.random.default_rng(1))


def _ink_above(page: DrawnPage, line: FoundLine) -> float:
    """Darkness in a strip that stands on a line's baseline, of the height of small letters."""
    (x0, y0), (x1, y1) = line.baseline[[0, -1]]
    up = np.array([y1 - y0, x0 - x1]) / np.hypot(x1 - x0, y1 - y0) * 16
    source = np.array([[x0, y0], [x1, y1], [x0 + up[0], y0 + up[1]]], np.float32)
    target = np.array([[0, 16], [400, 16], [0, 0]], np.float32)
    matrix = cv2.getAffineTransform(source, target)
    strip = cv2.warpAffine(page.image, matrix, (400, 16)).astype(np.float32)
    paper = np.percentile(page.image, 80)
    return float((1 - strip / paper).clip(0).mean())


def test_a_cut_out_is_ink_without_paper() -> None:
    for cut in _cut_outs(shade=0.4):
        assert np.percentile(cut.ink, 60) == 0
        assert cut.ink.max() > 180
        rows = np.flatnonzero(cut.ink.max(axis=1) > 100)
        foot = float(cut.place.baseline[:, 1].mean())
        assert rows[0] < foot - 18 and abs(rows[-1] - foot) < 12  # it stands on its baseline


def test_what_lies_outside_the_page_is_left_out() -> None:
    cut = cut_out(np.full((40, 60), 200, np.uint8), [[-9, 30], [70, 30]], [[-9, -9], [70, 50]])
    assert cut.ink.shape == (40, 60)
    image = np.full((20, 20), 200, np.uint8)
    paste_ink(image, np.full((10, 10), 255, np.uint8), (-5, 15))
    assert (image[15:, :5] == 0).all() and np.count_nonzero(image == 0) == 25
    paste_ink(image, np.full((10, 10), 255, np.uint8), (40, 40))


def test_lines_are_set_a_gap_apart() -> None:
    page = _page()
    feet = [float(line.baseline[:, 1].mean()) for line in page.lines]
    np.testing.assert_allclose(np.diff(feet), 70, atol=1)
    assert all(_ink_above(page, line) > 0.12 for line in page.lines)
    assert {round(float(line.baseline[0, 0])) for line in page.lines} == {56}


def test_lines_begin_and_stand_where_the_layout_lets_them() -> None:
    page = _page(indent=80, wander=5)
    starts = [float(line.baseline[0, 0]) for line in page.lines]
    feet = [float(line.baseline[:, 1].mean()) for line in page.lines]
    assert max(starts) - min(starts) > 10 and max(starts) <= 56 + 80
    assert 2 < np.std(np.diff(feet)) < 30
    assert all(_ink_above(page, line) > 0.12 for line in page.lines)


@pytest.mark.parametrize("degrees", [10, -10, 90])
def test_a_turned_page_keeps_its_lines(degrees: float) -> None:
    page = turn_page(_page(), degrees)
    assert all(_ink_above(page, line) > 0.1 for line in page.lines)
    (x0, y0), (x1, y1) = page.lines[0].baseline[[0, -1]]
    assert np.rad2deg(np.arctan2(y0 - y1, x1 - x0)) == pytest.approx(degrees, abs=0.1)


def _sides(page: DrawnPage) -> np.ndarray:
    """Lengths of the sides of the writing: first and last line, and between their ends."""
    top, bottom = page.lines[0].baseline, page.lines[-1].baseline
    corners = np.array([top[0], top[-1], bottom[-1], bottom[0]])
    return np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)


def test_a_tilted_page_has_one_side_shorter() -> None:
    flat, shortest = _sides(_page()), set()
    for seed in range(8):
        page = tilt_page(_page(), 0.15, np.random.default_rng(seed))
        assert all(_ink_above(page, line) > 0.1 for line in page.lines)
        change = _sides(page) / flat
        shortest.add(int(change.argmin()))
        assert 0.85 < change.min() < 0.97
    assert len(shortest) > 2


def test_a_shadow_takes_its_share_of_light_from_a_part() -> None:
    page = DrawnPage(np.full((600, 500), 200, np.uint8), ())
    for seed in range(8):
        image = cast_shadow(page, 0.4, np.random.default_rng(seed)).image
        assert int(image.min()) == pytest.approx(120, abs=3)
        assert int(image.max()) == pytest.approx(200, abs=3)
        assert 0.15 < (image < 160).mean() < 0.85


def test_the_other_side_shines_through_mirrored() -> None:
    back = np.full((300, 200), 240, np.uint8)
    back[100:200, 0:50] = 0
    page = show_through(DrawnPage(np.full((300, 200), 200, np.uint8), ()), back, 0.2)
    assert int(page.image[150, 175]) == pytest.approx(160, abs=2)
    assert page.image[150, 25] == 200


def test_a_desk_shows_around_the_page() -> None:
    page = lay_on_desk(_page(), 0.1, 0.25, np.random.default_rng(1))
    assert page.image[0].max() < 110
    assert all(_ink_above(page, line) > 0.12 for line in page.lines)


def test_equal_generators_give_equal_pages() -> None:
    first, second = (_page(np.random.default_rng(5), indent=50, wander=3) for _ in range(2))
    assert np.array_equal(first.image, second.image)
