"""Drawn lines varied as a whole, and glyph by glyph."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from text_recognizer.data.glyph_variation import vary_glyphs
from text_recognizer.data.line_variation import vary_lines


def lines_of_ink(n_lines: int, n_columns: int) -> NDArray[np.uint8]:
    images = np.zeros((n_lines, 56, 1024), np.uint8)
    images[:, 14:42, 28 : 28 + n_columns] = 240
    return images


@pytest.mark.parametrize("n_columns", [28, 300, 985])
def test_varied_lines_lose_no_ink(n_columns: int) -> None:
    """The area of the ink, and so its sum, changes by scale and brightness only."""
    torch.manual_seed(0)
    varied = vary_lines(lines_of_ink(200, n_columns)).astype(np.float64)
    before = 28 * n_columns
    for image in varied:
        brightest = image.max()
        area = image.sum() / brightest
        n_rows = np.flatnonzero(image.any(1))
        assert 0.4**2 * before * 0.93 <= area <= 1.1**2 * before * 1.03
        assert 118 <= brightest <= 240
        assert 10 <= n_rows[-1] - n_rows[0] + 1 <= 56
        columns = np.flatnonzero(image.any(0))
        left_edge, right_edge = image[:, 0].max(), image[:, -1].max()
        assert columns[0] == 0 or left_edge == 0
        assert left_edge <= brightest and right_edge <= brightest


def test_whole_glyphs_stay_in_the_image() -> None:
    """What is drawn on a canvas with wide margins is what is drawn on the real one."""
    torch.manual_seed(1)
    images = lines_of_ink(100, 985)
    images[:, 14:42, 40:1000] = 0  # both ends of a full line
    for image, varied in zip(images, vary_lines(images), strict=True):
        halves = varied[:, :512].sum(dtype=np.int64), varied[:, 512:].sum(dtype=np.int64)
        ink = image[:, :512].sum(dtype=np.int64), image[:, 512:].sum(dtype=np.int64)
        assert halves[0] / halves[1] == pytest.approx(ink[0] / ink[1], rel=0.08)


def test_variation_depends_on_torch_alone_and_leaves_blanks() -> None:
    torch.manual_seed(4)
    first = vary_lines(lines_of_ink(3, 100))
    torch.manual_seed(4)
    assert np.array_equal(vary_lines(lines_of_ink(3, 100)), first)
    assert not np.array_equal(vary_lines(lines_of_ink(3, 100)), first)
    assert not vary_lines(np.zeros((2, 56, 1024), np.uint8)).any()


def glyph_bars(n_lines: int) -> NDArray[np.uint8]:
    """Lines of 28 x 280 with an upright stroke in the middle of each glyph's place."""
    images = np.zeros((n_lines, 28, 280), np.uint8)
    for left in range(0, 280, 28):
        images[:, 6:22, left + 12 : left + 16] = 200
    return images


def test_glyphs_of_a_line_differ_and_stay_in_their_places() -> None:
    torch.manual_seed(0)
    for image in vary_glyphs(glyph_bars(50)):
        glyphs = [image[:, left : left + 28] for left in range(0, 280, 28)]
        assert len({glyph.tobytes() for glyph in glyphs}) == 10
        for glyph in glyphs:
            rows, columns = np.nonzero(glyph > 60)
            assert 11 <= np.ptp(rows) + 1 <= 20
            assert abs(rows.mean() - 13.5) < 3.5 and abs(columns.mean() - 13.5) < 4.5
            assert np.ptp(columns) + 1 < np.ptp(rows) + 1


def test_glyphs_change_smoothly() -> None:
    """A bar as long as the line keeps its thickness and has no step."""
    images = np.zeros((50, 28, 280), np.uint8)
    images[:, 12:16] = 200
    torch.manual_seed(1)
    for image in vary_glyphs(images):
        inner = image[:, 8:-8].astype(np.float64)
        height = inner.sum(axis=0) / inner.max()
        middle = (inner * np.arange(28)[:, None]).sum(axis=0) / inner.sum(axis=0)
        assert (height > 2.5).all() and (height < 6.5).all()
        assert np.abs(np.diff(middle)).max() < 0.5
        assert np.ptp(middle) > 0.3


@pytest.mark.parametrize("width", [28, 31, 896, 1024])
def test_lines_of_any_width_are_varied(width: int) -> None:
    images = np.full((2, 28, width), 100, np.uint8)
    assert vary_glyphs(images).shape == images.shape


def test_variation_of_glyphs_depends_on_torch_alone_and_leaves_blanks() -> None:
    torch.manual_seed(4)
    first = vary_glyphs(glyph_bars(3))
    torch.manual_seed(4)
    assert np.array_equal(vary_glyphs(glyph_bars(3)), first)
    assert not np.array_equal(vary_glyphs(glyph_bars(3)), first)
    assert not vary_glyphs(np.zeros((2, 28, 280), np.uint8)).any()
