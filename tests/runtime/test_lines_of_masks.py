"""From maps of odd and even lines to lines, on bands that are known."""

from typing import Any

import numpy as np
import pytest
from drawn_pages import blank_page, draw_page
from numpy.typing import NDArray

from text_recognizer.layout import FoundLine
from text_recognizer.layout.line_masks import detector_input, lines_of_masks

SHAPE = (240, 400)
BAND = 10
LEFT, RIGHT = 40, 360
Maps = NDArray[np.float32]


def bands(*feet: float, band: int = BAND, slope: float = 0.0, shape: Any = SHAPE) -> Maps:
    """Maps (2, H, W) of bands whose lower edges are at `feet`, odd and even in turn."""
    maps = np.zeros((2, *shape), np.float32)
    rows = np.arange(shape[0])[:, None] + 0.5
    columns = np.arange(shape[1])
    for number, foot in enumerate(feet):
        level = foot + slope * (columns - shape[1] / 2)
        inside = (rows > level - band) & (rows < level) & (columns >= LEFT) & (columns < RIGHT)
        maps[number % 2][inside] = 1
    return maps


def find(maps: Maps, size: tuple[int, int] = SHAPE) -> list[FoundLine]:
    return lines_of_masks(maps[0], maps[1], size)


def levels(lines: list[FoundLine]) -> list[float]:
    return [float(line.baseline[:, 1].mean()) for line in lines]


def test_baselines_are_the_feet_of_the_bands() -> None:
    lines = find(bands(50, 80, 110, 200))
    assert levels(lines) == pytest.approx([50, 80, 110, 200], abs=0.5)
    for line in lines:
        assert line.baseline[[0, -1], 0] == pytest.approx([LEFT, RIGHT], abs=8)
        left, top, right, bottom = line.box
        assert top < line.baseline[0, 1] - BAND and bottom > line.baseline[0, 1]
        assert left < LEFT + 8 and right > RIGHT - 8


def test_lines_are_in_pixels_of_the_page() -> None:
    lines = find(bands(50, 80), (SHAPE[0] * 3, SHAPE[1] * 2))
    assert levels(lines) == pytest.approx([150, 240], abs=1.5)
    assert lines[0].baseline[[0, -1], 0] == pytest.approx([2 * LEFT, 2 * RIGHT], abs=16)


@pytest.mark.parametrize("value", [0.0, 0.2])
def test_blank_pages_have_no_lines(value: float) -> None:
    assert find(np.full((2, *SHAPE), value, np.float32)) == []


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (200, 3)])
def test_tiny_images_have_no_lines(shape: tuple[int, int]) -> None:
    assert find(np.ones((2, *shape), np.float32), shape) == []


def test_lines_that_touch_are_told_apart() -> None:
    """Outlines of odd and even lines without paper between them."""
    feet = [60, 90, 120, 150]
    assert levels(find(bands(*feet, band=30))) == pytest.approx(feet, abs=1.5)


def test_lines_of_one_class_that_touch_at_a_letter_are_told_apart() -> None:
    maps = bands(60, 90, 120, 150)
    maps[0] = maps.max(axis=0)
    maps[1] = 0
    maps[0, 50:150, 200:206] = 1
    assert levels(find(maps)) == pytest.approx([60, 90, 120, 150], abs=1)


def test_a_line_goes_on_where_odd_and_even_change_places() -> None:
    maps = bands(50, 80, 110)
    maps[:, :, 200:] = maps[::-1, :, 200:]
    lines = find(maps)
    assert levels(lines) == pytest.approx([50, 80, 110], abs=0.5)
    assert all(np.ptp(line.baseline[:, 0]) > 300 for line in lines)


def test_a_line_goes_on_where_odd_and_even_are_as_likely() -> None:
    maps = bands(50, 80, 110)
    maps[:, :, 150:250] = maps.sum(axis=0)[:, 150:250] / 2
    assert levels(find(maps)) == pytest.approx([50, 80, 110], abs=0.5)


def test_a_hole_between_words_is_bridged() -> None:
    maps = bands(50, 80)
    maps[:, :, 190:202] = 0
    assert len(find(maps)) == 2


@pytest.mark.parametrize("slope", [-0.15, 0.15])
def test_slanted_lines(slope: float) -> None:
    lines = find(bands(90, 120, 150, slope=slope))
    assert levels(lines) == pytest.approx([90, 120, 150], abs=1)
    start, end = lines[0].baseline[[0, -1], 1]
    assert end - start == pytest.approx(slope * (RIGHT - LEFT), abs=4)


def test_specks_are_no_lines() -> None:
    maps = bands(50, 80)
    maps[0, 150:158, 100:107] = 1
    assert len(find(maps)) == 2


def test_input_keeps_the_ratio_of_the_sides() -> None:
    page = draw_page()
    values = detector_input(page, 300)
    assert max(values.shape) == 300 and values.dtype == np.float32
    assert values.shape[0] / values.shape[1] == pytest.approx(
        page.shape[0] / page.shape[1], abs=0.01
    )
    assert 0 <= values.min() < 0.01 and 0.5 < values.max() <= 1


def test_input_of_blank_and_small_pages() -> None:
    assert not detector_input(blank_page(), 256).any()
    assert detector_input(np.full((1, 90), 200, np.uint8), 30).shape == (1, 30)
