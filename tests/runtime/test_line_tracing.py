"""From maps to lines, on maps drawn from lines that are known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from text_recognizer.layout import FoundLine
from text_recognizer.layout.line_tracing import LineMaps, trace_lines

SHAPE = (200, 400)  # of the maps
ABOVE, BELOW = 12.0, 5.0


def _maps(*lines: NDArray[np.float64], holes: tuple[tuple[int, int], ...] = ()) -> LineMaps:
    """Ridges along polylines (x, y) drawn left to right, with discs at their ends."""
    rows = np.arange(SHAPE[0])[:, None]
    columns = np.arange(SHAPE[1])
    ridge, ends = np.zeros((2, *SHAPE), np.float32)
    for line in lines:
        y = np.interp(columns, line[:, 0], line[:, 1])
        crest = np.exp(-0.5 * ((rows - y) / 1.5) ** 2)
        crest[:, (columns < line[0, 0]) | (columns > line[-1, 0])] = 0
        ridge = np.maximum(ridge, crest.astype(np.float32))
        for x, level in line[[0, -1]]:
            ends[(columns - x) ** 2 + (rows - level) ** 2 < 9] = 1
    for left, right in holes:
        ridge[:, left:right] = 0
    heights = np.full(SHAPE, ABOVE, np.float32), np.full(SHAPE, BELOW, np.float32)
    return LineMaps(ridge, ends, *heights)


def _level(y: float, left: float = 40, right: float = 360) -> NDArray[np.float64]:
    return np.array([[left, y], [right, y]])


def _largest_distance(line: FoundLine, truth: NDArray[np.float64]) -> float:
    expected = np.interp(line.baseline[:, 0], truth[:, 0], truth[:, 1])
    return float(np.abs(line.baseline[:, 1] - expected).max())


def test_baselines_are_where_the_ridges_are() -> None:
    truth = [_level(50), np.array([[40.0, 90.4], [360.0, 97.1]]), _level(150.3)]
    lines = trace_lines(_maps(*truth))
    assert len(lines) == 3
    for line, expected in zip(lines, truth, strict=True):
        assert _largest_distance(line, expected) < 0.3
        assert line.baseline[[0, -1], 0] == pytest.approx([40, 360], abs=2)


def test_polygons_reach_as_far_as_the_heights_say() -> None:
    (line,) = trace_lines(_maps(_level(100)))
    _, top, _, bottom = line.box
    assert 100 - top == pytest.approx(1.6 * ABOVE, abs=0.6)
    assert bottom - 100 == pytest.approx(1.6 * BELOW, abs=0.6)


@pytest.mark.parametrize("slope", [-0.5, -0.2, 0.2, 0.5])
def test_slanted_lines(slope: float) -> None:
    truth = np.array([[100.0, 100 - 100 * slope], [300.0, 100 + 100 * slope]])
    (line,) = trace_lines(_maps(truth))
    assert _largest_distance(line, truth) < 0.7


def test_curved_lines() -> None:
    x = np.arange(40, 361, 4.0)
    truth = np.stack([x, 100 + 12 * np.sin(x / 50)], axis=1)
    (line,) = trace_lines(_maps(truth))
    assert _largest_distance(line, truth) < 1.0


def test_a_hole_in_a_ridge_is_bridged() -> None:
    (line,) = trace_lines(_maps(_level(100), holes=((180, 196),)))
    assert np.ptp(line.baseline[:, 0]) == pytest.approx(320, abs=3)


def test_two_lines_side_by_side_stay_two() -> None:
    """The hole between them is no wider than a gap between words, but their ends are marked."""
    lines = trace_lines(_maps(_level(100, 40, 180), _level(100, 196, 360)))
    assert sorted(line.baseline[0, 0] for line in lines) == pytest.approx([40, 196], abs=2)


def test_lines_close_to_each_other_share_the_paper_between_them() -> None:
    upper, lower = trace_lines(_maps(_level(100), _level(113)))
    assert upper.box[3] <= lower.box[1] + 0.5
    assert 100 < upper.box[3] < 113 - ABOVE / 3


def test_specks_are_no_lines() -> None:
    assert trace_lines(_maps(_level(100, 40, 45))) == []


def test_blank_maps_have_no_lines() -> None:
    assert trace_lines(_maps()) == []
