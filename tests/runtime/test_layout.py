from collections.abc import Callable

import cv2
import numpy as np
import pytest
from drawn_pages import LINE_GAP, SENTENCES, blank_page, draw_page, draw_text
from numpy.typing import NDArray

from text_recognizer.layout import FoundLine, load_finder, order_lines

GreyImage = NDArray[np.uint8]
Find = Callable[[GreyImage], list[FoundLine]]


@pytest.fixture(scope="module")
def find() -> Find:
    """The finder that comes with the package."""
    return load_finder(n_threads=2).find


def levels(lines: list[FoundLine]) -> list[float]:
    return [float(line.baseline[:, 1].mean()) for line in lines]


def baselines(n_lines: int, top: int = 80) -> list[int]:
    return [top + LINE_GAP * n for n in range(n_lines)]


def test_lines_of_a_page(find: Find) -> None:
    lines = find(draw_page())
    assert levels(lines) == pytest.approx(baselines(4), abs=4)
    for line, sentence in zip(lines, SENTENCES, strict=True):
        width, _ = cv2.getTextSize(sentence, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 2)[0]
        left, top, right, bottom = line.box
        assert 60 - 30 < left < 60 + 4
        assert 60 + width - 4 < right < 60 + width + 30
        assert 20 < bottom - top < 1.2 * LINE_GAP


def test_polygons_hold_the_ink_of_their_line(find: Find) -> None:
    page = draw_page()
    covered = np.zeros_like(page)
    for line in find(page):
        cv2.fillPoly(covered, [line.polygon.astype(np.int32)], 1)
    ink = page < 128
    assert (covered[ink] == 1).mean() > 0.999
    assert covered.mean() < 0.42


@pytest.mark.parametrize("degrees", [-8, -3, 3, 8])
def test_skewed_page(find: Find, degrees: float) -> None:
    page = draw_page(top=140)
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    turned = cv2.warpAffine(page, turn, (width, height), borderValue=240).astype(np.uint8)
    lines = find(turned)
    assert len(lines) == 4
    slopes = [np.diff(line.baseline[[0, -1]], axis=0)[0] for line in lines]
    angles = [np.rad2deg(np.arctan2(-y, x)) for x, y in slopes]
    assert angles == pytest.approx([degrees] * 4, abs=1)


def test_ruled_paper_and_shade(find: Find) -> None:
    page = draw_page().astype(np.float32)
    for level in baselines(6):
        page[level + 4 : level + 6, 20:-20] *= 0.6
    page *= np.linspace(1, 0.55, page.shape[1], dtype=np.float32)
    lines = find(page.astype(np.uint8))
    assert levels(lines) == pytest.approx(baselines(4), abs=5)


def test_dark_border_of_a_scan_is_no_line(find: Find) -> None:
    page = draw_page()
    page[:, :18] = 20
    page[-10:] = 20
    assert levels(find(page)) == pytest.approx(baselines(4), abs=4)


def test_long_letters_that_touch_the_next_line_do_not_join_lines(find: Find) -> None:
    page = draw_page()
    for x in (150, 300, 420):
        cv2.line(page, (x, 60), (x - 10, 125), 30, 2)
    assert levels(find(page)) == pytest.approx(baselines(4), abs=5)


def test_the_point_at_the_end_of_a_line_belongs_to_it(find: Find) -> None:
    page = blank_page()
    draw_text(page, "to the end", (60, 150))
    right = find(page)[0].box[2]
    draw_text(page, ".", (round(right) + 3, 150))
    assert find(page)[0].box[2] > right + 6


@pytest.mark.parametrize("scale", [0.5, 2.0, 4.0])
def test_size_of_the_image_does_not_matter(find: Find, scale: float) -> None:
    page = draw_page()
    sized = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    lines = find(sized.astype(np.uint8))
    assert levels(lines) == pytest.approx([scale * y for y in baselines(4)], abs=5 * scale)


@pytest.mark.parametrize("height", [40, 64, 120])
def test_image_of_one_line_gives_one_line(find: Find, height: int) -> None:
    page = blank_page(64, 900)
    draw_text(page, "just one line, quoted; jumping", (10, 42))
    sized = cv2.resize(page, (900 * height // 64, height), interpolation=cv2.INTER_AREA)
    (line,) = find(sized.astype(np.uint8))
    columns = np.flatnonzero((sized < 128).any(axis=0))
    left, _, right, _ = line.box
    assert columns[0] - height / 2 < left < columns[0] + height / 16
    assert columns[-1] - height / 16 < right < columns[-1] + height / 2


def test_long_strip_is_looked_at_large_enough(find: Find) -> None:
    """Reduced to the size of a page, a strip of 30,000 columns would be four rows high."""
    strip = blank_page(120, 30_000)
    for left in range(100, 29_000, 1_200):
        draw_text(strip, "seven apples lie under the tree", (left, 80), size=2.0)
    lines = find(strip)
    assert lines
    written = sum(line.box[2] - line.box[0] for line in lines)
    assert written > 0.9 * 24 * 1_000
    assert all(70 < level < 90 for level in levels(lines))


def test_pieces_of_other_lines_do_not_make_an_image_of_one_line_two(find: Find) -> None:
    page = blank_page(80, 900)
    draw_text(page, "one line of a page", (10, 52))
    page[:6, 30:60] = 30  # the feet of letters above
    page[-5:, 200:240] = 30
    assert len(find(page)) == 1


@pytest.mark.parametrize(
    "image",
    [
        np.full((300, 400), 255, np.uint8),
        np.full((300, 400), 128, np.uint8),
        np.zeros((300, 400), np.uint8),
        np.zeros((1, 1), np.uint8),
        np.full((7, 900), 200, np.uint8),
        np.random.default_rng(0).normal(200, 4, (600, 500)).astype(np.uint8),
        np.linspace(60, 250, 400, dtype=np.uint8)[None].repeat(300, axis=0),
    ],
    ids=["white", "grey", "black", "one pixel", "seven rows", "noise", "shade"],
)
def test_nothing_written_gives_no_lines(find: Find, image: GreyImage) -> None:
    assert find(image) == []


def test_outlines_stay_on_the_page(find: Find) -> None:
    page = blank_page(120, 400)
    draw_text(page, "over the edge of it", (-8, 26))
    for line in find(page):
        assert line.polygon.min() >= 0
        assert (line.polygon <= [400, 120]).all()


def found(left: float, level: float, right: float, *, height: float = 20) -> FoundLine:
    baseline = np.array([[left, level], [right, level]], np.float32)
    corners = [[left, level - height], [right, level - height], [right, level], [left, level]]
    return FoundLine(baseline, np.array(corners, np.float32))


def places(columns: list[list[FoundLine]]) -> list[list[tuple[float, float]]]:
    return [[(line.box[0], line.box[3]) for line in column] for column in columns]


def test_lines_are_read_from_top_to_bottom() -> None:
    lines = [found(0, level, 500) for level in (90, 30, 60)]
    assert places(order_lines(lines)) == [[(0, 30), (0, 60), (0, 90)]]


def test_pieces_of_one_row_are_read_from_left_to_right() -> None:
    lines = [found(300, 31, 500), found(0, 60, 500), found(0, 35, 250)]
    assert places(order_lines(lines)) == [[(0, 35), (300, 31), (0, 60)]]


def test_columns_are_read_one_after_the_other() -> None:
    left = [found(0, level, 200) for level in (30, 60, 90, 120)]
    right = [found(240, level, 440) for level in (32, 62, 92)]
    columns = order_lines([*right, *left])
    assert places(columns) == [
        [(0, y) for y in (30, 60, 90, 120)],
        [(240, y) for y in (32, 62, 92)],
    ]


def test_heading_and_foot_across_columns() -> None:
    heading, foot = found(0, 10, 440), found(0, 200, 440)
    left = [found(0, level, 200) for level in (40, 70, 100)]
    right = [found(240, level, 440) for level in (40, 70, 100)]
    columns = order_lines([foot, *right, *left, heading])
    assert [len(column) for column in columns] == [1, 3, 3, 1]
    assert columns[0] == [heading] and columns[3] == [foot]


def test_indents_and_short_lines_are_no_columns() -> None:
    lines = [found(0, 30, 500), found(60, 60, 500), found(0, 90, 80), found(420, 120, 500)]
    assert len(order_lines(lines)) == 1


def test_address_above_and_to_the_right_is_no_column() -> None:
    address = [found(300, level, 500) for level in (30, 60, 90)]
    letter = [found(0, level, 280) for level in (200, 230, 260, 290)]
    assert len(order_lines(address + letter)) == 1


def test_rows_of_a_skewed_page_keep_their_order() -> None:
    def skewed(left: float, level: float, right: float) -> FoundLine:
        line = found(left, level, right)
        rise = np.array([0, 0.1], np.float32)
        return FoundLine(
            line.baseline + line.baseline[:, :1] * rise, line.polygon + line.polygon[:, :1] * rise
        )

    long = [skewed(0, level, 900) for level in (30, 60, 90)]
    short = skewed(0, 120, 60)
    assert order_lines([*long, short])[0] == [*long, short]


def test_no_lines_have_no_order() -> None:
    assert order_lines([]) == []
