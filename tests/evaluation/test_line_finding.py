"""Found and reference lines are paired by their baselines, one to one."""

import numpy as np
import pytest

from text_recognizer.evaluation.line_finding import (
    FindingCounts,
    distance_to_line,
    local_gaps,
    match_lines,
    resample,
    sum_findings,
)


def _level(y: float, x0: float = 0, x1: float = 1000) -> np.ndarray:
    return np.array([[x0, y], [x1, y]], np.float32)


PAGE = [_level(100), _level(200), _level(300)]


def _match(found: list[np.ndarray], reference: list[np.ndarray] = PAGE):
    return match_lines(reference, found, lone_gap=80)


def test_lines_match_within_a_quarter_of_the_gap() -> None:
    assert _match([_level(124), _level(224), _level(326)]).pairs == ((0, 0), (1, 1))


def test_lines_match_over_three_quarters_of_their_lengths() -> None:
    assert _match([_level(100, 0, 760), _level(200, 0, 700)]).pairs == ((0, 0),)
    longer = _match([_level(100, 0, 1200), _level(200, 0, 1400)])  # the first is 83 % on the line
    assert longer.pairs == ((0, 0),)


def test_halves_of_a_line_and_two_lines_in_one_do_not_match() -> None:
    halves = [_level(100, 0, 500), _level(100, 500, 1000)]
    assert _match(halves).pairs == ()
    columns = [_level(y, x, x + 450) for x in (0, 550) for y in (100, 200, 300)]
    assert _match([_level(200)], columns).pairs == ()


def test_one_line_is_paired_once_with_the_closest() -> None:
    match = _match([_level(100, 0, 900), _level(110), _level(300)])
    assert match.pairs == ((0, 1), (2, 2))
    assert match.ignored == ()


def test_only_lines_far_from_the_reference_are_not_judged() -> None:
    match = _match([_level(400), _level(150), _level(200, 1100, 1500), _level(220, 900, 1100)])
    assert match.pairs == ()
    assert match.ignored == (0, 2)  # 150 lies half a gap from two lines: judged, and wrong


def test_turning_a_page_changes_nothing() -> None:
    found = [_level(124), _level(160), _level(326), _level(500)]
    turned = match_lines(
        [line[:, ::-1] for line in PAGE], [line[:, ::-1] for line in found], lone_gap=80
    )
    assert turned == _match(found)


def test_gaps_are_local_and_those_of_lone_lines_are_bounded() -> None:
    lines = [_level(0), _level(50), _level(100), _level(900)]
    np.testing.assert_allclose(local_gaps(lines, lone_gap=80), [50, 50, 50, 75])
    np.testing.assert_allclose(local_gaps(lines[:1], lone_gap=80), [80])
    assert local_gaps([], lone_gap=80).shape == (0,)
    pieces = [_level(0, 0, 480), _level(0, 500, 1000), _level(60)]  # of one row, side by side
    np.testing.assert_allclose(local_gaps(pieces, lone_gap=80), [60, 60, 60])


def test_pages_without_lines() -> None:
    assert match_lines([], [_level(3)], lone_gap=80).ignored == (0,)
    assert match_lines(PAGE, [], lone_gap=80).pairs == ()


def test_counts_add_up_to_rates() -> None:
    counts = sum_findings([FindingCounts(10, 12, 8, 2), FindingCounts(10, 10, 10, 0)])
    assert counts.recall == pytest.approx(0.9)
    assert counts.precision == pytest.approx(0.9)
    assert counts.f1 == pytest.approx(0.9)
    assert FindingCounts(4, 2, 1, 0).f1 == pytest.approx(2 * 0.25 * 0.5 / 0.75)
    assert FindingCounts(3, 2, 0, 2).f1 == FindingCounts(3).f1 == 0.0
    assert FindingCounts().recall is None
    assert FindingCounts(n_found=2).f1 is None
    assert FindingCounts(n_found=1, n_ignored=1).precision is None


def test_points_are_spaced_along_the_line() -> None:
    bent = np.array([[0, 0], [30, 40], [30, 100]], np.float32)  # 50 and 60 long
    points = resample(bent, 11)
    assert len(points) == 11
    np.testing.assert_allclose(points[[0, -1]], bent[[0, -1]])
    np.testing.assert_allclose(points[5], [30, 45])
    np.testing.assert_allclose(distance_to_line(np.array([[60.0, 40], [30, 120]]), bent), [30, 20])
    assert resample(np.array([[5, 5], [5, 5]], np.float32), 1).tolist() == [[5, 5], [5, 5]]
