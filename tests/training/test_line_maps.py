"""What the finder learns: maps drawn from lines, and lines read back from them."""

import numpy as np
import pytest

from text_recognizer.evaluation.line_finding import match_lines
from text_recognizer.layout import FoundLine
from text_recognizer.layout.line_tracing import LineMaps, trace_lines
from text_recognizer.synthesis.line_maps import (
    SizedLine,
    draw_maps,
    foreign_ink,
    measure_heights,
)


def _line(y: float, left: float = 60, right: float = 340, *, rise: float = 0.0) -> SizedLine:
    """A line with letters 18 over and 6 under its baseline."""
    baseline = np.array([[left, y], [right, y - rise]], np.float32)
    polygon = np.concatenate([baseline - [0, 18], baseline[::-1] + [0, 6]]).astype(np.float32)
    return SizedLine(FoundLine(baseline, polygon), 40.0, 18.0, 6.0)


def test_lines_are_found_again_in_their_maps() -> None:
    lines = [_line(60), _line(140, rise=20), _line(200, 60, 190), _line(200, 230, 340)]
    maps = draw_maps(lines, (280, 400))
    found = trace_lines(
        LineMaps(maps.ridge, maps.ends, np.exp(maps.above) / 2, np.exp(maps.below) / 2)
    )
    match = match_lines(
        [line.place.baseline for line in lines],
        [line.baseline * 2 for line in found],
        lone_gap=40,
    )
    assert len(match.pairs) == len(found) == 4
    assert [2 * line.height / 1.6 for line in found] == pytest.approx([24] * 4, abs=3.0)


def test_heights_are_learnt_on_ridges_only() -> None:
    maps = draw_maps([_line(60)], (120, 400))
    on = maps.on_ridge > 0
    assert np.exp(maps.above[on]) == pytest.approx(18, abs=0.01)
    assert np.exp(maps.below[on]) == pytest.approx(6, abs=0.01)
    rows = np.flatnonzero(on.any(axis=1))
    assert rows.mean() == pytest.approx(30, abs=0.6)
    assert np.ptp(rows) < 8
    assert maps.area[30 - 4, 100] == 1
    assert maps.area[30 + 8, 100] == 0


def test_lines_outside_of_the_image_leave_no_mark() -> None:
    maps = draw_maps([_line(-50), _line(500), _line(60, 900, 1200)], (120, 400))
    for part in (maps.ridge, maps.ends, maps.area, maps.on_ridge):
        assert not part.any()


@pytest.mark.parametrize("rise", [0, 40, -40])
def test_heights_are_measured_across_slanted_lines(rise: float) -> None:
    place = _line(100, rise=rise).place
    cos = 280 / np.hypot(280, rise)
    assert measure_heights(place) == pytest.approx((18 * cos, 6 * cos), abs=1.2)


def test_writing_far_from_every_line_is_foreign() -> None:
    page = np.full((240, 400), 230, np.uint8)
    page[42:60, 80:90] = 40  # on the line
    page[170:190, 200:212] = 40  # a note that no reference knows
    page[230:232] = 40  # a rule: no writing
    foreign = foreign_ink(page, [_line(60)])
    assert foreign[180, 206] == 1
    assert not foreign[42:60, 80:90].any()
    assert not foreign[:120].any()
    assert foreign[231, 5] == 0
