import cv2
import numpy as np
import pytest
from drawn_pages import blank_page, draw_text

from text_recognizer.errors import InputError
from text_recognizer.line_image import cut, whole


def band(points: list[tuple[float, float]], above: float, below: float) -> np.ndarray:
    """Outline of a band around a polyline."""
    line = np.array(points, np.float32)
    up, down = np.array([0, above]), np.array([0, below])
    return np.concatenate([line - up, (line + down)[::-1]]).astype(np.float32)


def test_level_line_is_cut_as_it_stands() -> None:
    page = blank_page()
    draw_text(page, "level", (100, 200))
    ends = [(95.0, 200.0), (200.0, 200.0)]
    found = cut(page, np.array(ends, np.float32), band(ends, 30, 10))
    assert (found.above, found.below) == pytest.approx((30, 10))
    assert found.image.shape == (40, 105)
    assert np.array_equal(found.image, page[170:210, 95:200])


def test_slanted_line_comes_out_level() -> None:
    page = blank_page(500, 900)
    draw_text(page, "slanted line of words", (100, 200))
    turn = cv2.getRotationMatrix2D((100, 200), -15, 1)
    turned = cv2.warpAffine(page, turn, (900, 500), borderValue=240).astype(np.uint8)
    ends = np.array([[95, 200], [480, 200]], np.float32)
    outline = band([(95, 200), (480, 200)], 30, 12)
    straight = cut(page, ends, outline).image
    rotated = cut(
        turned,
        cv2.transform(ends[None], turn)[0].astype(np.float32),
        cv2.transform(outline[None], turn)[0].astype(np.float32),
    ).image
    assert abs(rotated.shape[1] - straight.shape[1]) <= 4
    rows = min(len(rotated), len(straight))
    profiles = [(240.0 - image[:rows]).mean(axis=1) for image in (straight, rotated)]
    assert np.corrcoef(profiles[0], profiles[1])[0, 1] > 0.95


def test_bent_line_comes_out_level() -> None:
    page = blank_page(300, 700)
    x = np.arange(50, 650)
    y = 150 + 40 * np.sin((x - 50) / 600 * np.pi)
    for at, height in zip(x, y, strict=True):
        page[round(height) - 3 : round(height), at] = 0
    knots = [(float(x[n]), float(y[n])) for n in (*range(0, 600, 30), 599)]
    image = cut(page, np.array(knots, np.float32), band(knots, 20, 8)).image
    centres = (np.arange(len(image))[:, None] * (240.0 - image)).sum(axis=0)
    centres /= (240.0 - image).sum(axis=0)
    assert np.ptp(centres[20:-20]) < 2.0  # 40 on the page


def test_ink_outside_of_the_polygon_becomes_paper() -> None:
    page = blank_page()
    page[:] = np.linspace(250, 150, 900, dtype=np.uint8)  # a shade across the page
    draw_text(page, "wanted", (100, 200), ink=20)
    draw_text(page, "below", (100, 232), ink=20)
    ends = [(95.0, 200.0), (230.0, 200.0)]
    outline = np.array(
        [[95, 170], [230, 170], [230, 204], [215, 230], [200, 204], [95, 204]], np.float32
    )
    found = cut(page, np.array(ends, np.float32), outline)
    assert found.image[round(found.above) + 8 :, :100].min() > 200
    near = page[203, 230:].astype(int)[0]
    assert abs(int(np.median(found.image[:, -3:])) - near) < 12


def test_polygon_past_the_ends_of_the_baseline_lengthens_the_cut() -> None:
    page = blank_page()
    baseline = np.array([[100, 200], [200, 200]], np.float32)
    outline = band([(80, 200), (230, 200)], 20, 10)
    found = cut(page, baseline, outline)
    assert found.image.shape[1] == 150
    assert tuple(found.feet[0]) == (80, 200)


def test_line_over_the_edge_of_the_page() -> None:
    page = blank_page(100, 200)
    ends = [(-10.0, 5.0), (210.0, 5.0)]
    found = cut(page, np.array(ends, np.float32), band(ends, 30, 10))
    assert found.image.shape == (15, 220)
    assert (found.image == 240).all()


def test_columns_lead_back_to_the_page() -> None:
    page = blank_page(600, 900)
    angle = np.deg2rad(10)
    start, step = np.array([100.0, 300.0]), np.array([np.cos(angle), np.sin(angle)])
    baseline = np.array([start, start + 400 * step], np.float32)
    up = np.array([step[1], -step[0]])
    corners = [baseline[0] + 30 * up, baseline[1] + 30 * up, baseline[1] - 10 * up]
    outline = np.array([*corners, baseline[0] - 10 * up], np.float32)
    found = cut(page, baseline, outline)
    word = found.outline(50, 90)
    expected = [start + x * step + h * up for x, h in ((50, 30), (90, 30), (90, -10), (50, -10))]
    assert np.abs(word - np.array(expected)).max() < 1.0


def test_long_pieces_of_a_bent_line_get_more_points() -> None:
    page = blank_page()
    ends = [(50.0, 200.0), (850.0, 200.0)]
    found = cut(page, np.array(ends, np.float32), band(ends, 30, 10))
    assert len(found.outline(0, 800)) > len(found.outline(0, 30)) == 4


def test_baseline_without_length_is_refused() -> None:
    spot = np.array([[100, 200], [100, 200]], np.float32)
    with pytest.raises(InputError, match=r"has no length\.$"):
        cut(blank_page(), spot, band([(90, 200), (110, 200)], 20, 10))


def test_line_that_is_too_long_is_refused() -> None:
    ends = [(0.0, 10.0), (40_000.0, 10.0)]
    with pytest.raises(InputError, match=r"^A line 40000 pixels long cannot be cut out\.$"):
        cut(blank_page(20, 100), np.array(ends, np.float32), band(ends, 5, 5))


def test_one_long_letter_does_not_make_the_line_higher() -> None:
    ends = [(50.0, 200.0), (850.0, 200.0)]
    outline = band([ends[0], (399, 200), (402, 200), (405, 200), ends[1]], 30, 10)
    outline[7, 1] = 290  # of the outline's lower side
    found = cut(blank_page(), np.array(ends, np.float32), outline)
    assert found.image.shape[0] == pytest.approx(41, abs=2)
    assert cut(blank_page(), np.array(ends, np.float32), band(ends, 30, 10)).image.shape[0] == 40


def test_whole_image_is_left_as_it_is() -> None:
    page = blank_page(64, 300)
    found = whole(page)
    assert found.image is page
    corners = [[10, 0], [40, 0], [40, 64], [10, 64]]
    assert np.abs(found.outline(10, 40) - corners).max() < 0.01
