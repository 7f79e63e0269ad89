"""Places of lines, ink without neighbours, variation that loses nothing."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from text_recognizer.data.ink_variation import (
    LINE_RANGES,
    N_CHANCES,
    PARAGRAPH_RANGES,
    InkRanges,
    vary_ink,
)
from text_recognizer.errors import InputError
from text_recognizer.ground_truth import PageLine, PageSample
from text_recognizer.ground_truth.page_cuts import FittedCut, PageLayout, cut_lines, read_page_image
from text_recognizer.paragraph_input import fitting_scale, paragraph_input, place

pytestmark = pytest.mark.train


def box(x0: float, y0: float, x1: float, y1: float) -> tuple[tuple[float, float], ...]:
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def page_of(path: Path, *outlines: tuple[tuple[float, float], ...]) -> PageSample:
    """A page of 100 by 200 pixels with a dark bar in the middle rows of each outline."""
    image = np.full((100, 200), 220, np.uint8)
    for outline in outlines:
        points = np.array(outline)
        (x0, y0), (x1, y1) = points.min(axis=0).astype(int), points.max(axis=0).astype(int)
        image[(y0 + y1) // 2 - 1 : (y0 + y1) // 2 + 1, x0 + 2 : x1 - 2] = 20
    cv2.imwrite(str(path), image)
    lines = tuple(PageLine(f"l{i}", f"text {i}", (), o) for i, o in enumerate(outlines))
    return PageSample("p", "s", "d", "eng", "train", path, 200, 100, lines)


def test_padding_is_half_the_gap_to_neighbours_at_most(tmp_path: Path) -> None:
    outlines = (box(20, 10, 150, 30), box(20, 36, 150, 56), box(20, 54, 150, 74))
    layout = PageLayout(page_of(tmp_path / "p.png", *outlines))
    assert layout.padded(0) == (12, 2, 158, 33)  # 6 free rows under it: half of them
    assert layout.padded(1) == (12, 33, 158, 56)  # the next one begins inside of it
    assert layout.padded(2) == (12, 54, 158, 82)


def test_lines_beside_each_other_are_no_neighbours(tmp_path: Path) -> None:
    layout = PageLayout(page_of(tmp_path / "p.png", box(5, 40, 90, 60), box(110, 44, 190, 64)))
    assert layout.padded(0) == (0, 32, 98, 68)


def test_a_paragraph_is_the_box_of_its_lines(tmp_path: Path) -> None:
    outlines = (box(20, 10, 150, 30), box(40, 36, 180, 56), box(20, 70, 150, 90))
    layout = PageLayout(page_of(tmp_path / "p.png", *outlines))
    assert layout.cut([0, 1]).box == (12, 2, 188, 63)
    assert layout.cut([0, 1, 2]).box == (12, 2, 188, 98)


def test_outlines_that_enclose_nothing_have_no_place(tmp_path: Path) -> None:
    bad = (((5.0, 5.0),), (), box(10, 10, 10, 40), box(300, 10, 400, 30))
    page = page_of(tmp_path / "p.png", box(20, 10, 150, 30))
    lines = (*page.lines, *(PageLine("x", "text", (), outline) for outline in bad))
    page = PageSample(*list(vars(page).values())[:-1], lines)
    assert list(PageLayout(page).places) == [0]
    assert [line.id for line in cut_lines(page)] == ["l0"]


def test_ink_of_other_lines_is_left_out(tmp_path: Path) -> None:
    slanted = ((10.0, 40.0), (190.0, 10.0), (190.0, 30.0), (10.0, 60.0))
    other = ((100.0, 55.0), (190.0, 40.0), (190.0, 70.0), (100.0, 75.0))
    page = page_of(tmp_path / "p.png", slanted, other)
    image = np.full((100, 200), 220, np.uint8)
    cv2.line(image, (20, 48), (180, 22), 20, 2)
    cv2.line(image, (110, 60), (185, 50), 20, 2)
    cv2.imwrite(str(page.image_path), image)
    cut = PageLayout(page).cut([0])
    ink = cut.read_ink(1.0)
    assert cut.box[3] > 53  # the other line's ink is in the box
    own = cv2.line(np.zeros((100, 200), np.uint8), (20, 48), (180, 22), 255, 2)
    left, top, right, bottom = cut.box
    assert ink[own[top:bottom, left:right] > 0].min() > 200
    assert ink[own[top:bottom, left:right] == 0].max() < 60
    assert cut.read_grey()[own[top:bottom, left:right] == 0].min() == 220
    both = PageLayout(page).cut([0, 1]).read_ink(1.0)
    assert np.count_nonzero(both > 128) > np.count_nonzero(ink > 128) + 100


def test_what_is_larger_is_made_smaller_and_never_cut(tmp_path: Path) -> None:
    page = page_of(tmp_path / "p.png", box(8, 10, 192, 30), box(8, 60, 192, 92))
    cut = PageLayout(page).cut([0, 1])
    fitted = FittedCut.on(cut, (40, 64), largest=1.0)
    assert fitted.scale == pytest.approx(64 / 200)
    ink = fitted()
    assert ink.shape[0] <= 40 and ink.shape[1] == 64
    columns = np.flatnonzero((ink > 60).any(axis=0))
    assert columns[0] <= 4 and columns[-1] >= 59  # both ends of the lines are seen
    assert FittedCut.on(cut, (400, 640), largest=0.5).scale == 0.5


def test_an_image_of_another_size_is_named(tmp_path: Path) -> None:
    page = page_of(tmp_path / "p.png", box(8, 10, 192, 30))
    with pytest.raises(InputError, match=r"p\.png is 200 by 100 pixels .* says 90 by 80"):
        read_page_image(page.image_path, (80, 90))


def test_paragraphs_in_use_look_as_in_validation(tmp_path: Path) -> None:
    page = page_of(tmp_path / "p.png", box(30, 20, 150, 60))
    cut = PageLayout(page).cut([0])
    seen = place(FittedCut.on(cut, (48, 64), largest=1.0)(), (48, 64))
    left, top, right, bottom = cut.box
    image = cv2.imread(str(page.image_path), cv2.IMREAD_GRAYSCALE)[top:bottom, left:right]
    assert np.array_equal(paragraph_input(image, (48, 64)), seen)


def test_ink_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match=r"An image of \(5, 9\) does not fit"):
        place(np.zeros((5, 9), np.uint8), (5, 8))
    with pytest.raises(InputError, match="needs two dimensions and some pixels"):
        fitting_scale((0, 4), (5, 8))
    assert place(np.ones((1, 2), np.uint8), (3, 4), down=1.0, right=0.0)[2, :2].tolist() == [1, 1]


@pytest.mark.parametrize("ranges", [PARAGRAPH_RANGES, LINE_RANGES])
@pytest.mark.parametrize("shape", [(60, 80), (48, 100), (100, 120), (20, 119)])
def test_no_ink_leaves_the_image(ranges: InkRanges, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    ink = np.zeros(shape, np.uint8)
    for x, y in ((2, 2), (-5, 2), (2, -5), (-5, -5)):  # a block near each corner
        ink[y:, x:][:3, :3] = 255
    for _ in range(60):
        varied = vary_ink(ink, (100, 120), ranges, rng.random(N_CHANCES))
        assert varied.shape == (100, 120)
        floor = float(np.median(varied))
        bright = (varied > floor + (float(varied.max()) - floor) / 3).astype(np.uint8)
        n_blocks, _ = cv2.connectedComponents(cv2.dilate(bright, np.ones((3, 3), np.uint8)))
        assert n_blocks - 1 == 4


def test_the_size_of_a_paragraph_varies() -> None:
    """In use, text with more paper around it is shown smaller."""
    upright = replace(PARAGRAPH_RANGES, angle_deg=(0, 0), shear_deg=(0, 0), perspective=0.0)
    rng = np.random.default_rng(2)
    ink = np.full((100, 120), 255, np.uint8)
    seen = [vary_ink(ink, (100, 120), upright, rng.random(N_CHANCES)) for _ in range(60)]
    widths = [np.count_nonzero((image > 100).any(axis=0)) for image in seen]
    assert 95 <= min(widths) <= 100 and 117 <= max(widths) <= 120


def test_the_place_of_the_text_varies() -> None:
    ink = np.full((20, 30), 255, np.uint8)
    rng = np.random.default_rng(2)
    corners = set()
    for _ in range(40):
        varied = vary_ink(ink, (100, 120), PARAGRAPH_RANGES, rng.random(N_CHANCES)) > 100
        corners.add((varied.any(axis=1).argmax() // 25, varied.any(axis=0).argmax() // 30))
    assert len(corners) > 8
    plain = InkRanges((0, 0), (0, 0))
    chance = np.zeros(N_CHANCES)
    still = vary_ink(ink, (100, 120), plain, chance)
    assert np.array_equal(still, place(ink, (100, 120), down=0, right=0))
