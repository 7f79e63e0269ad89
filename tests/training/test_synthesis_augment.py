"""Real lines varied: nothing written is lost, and effects follow the strength."""

import numpy as np
import pytest
from numpy.typing import NDArray

from text_recognizer.synthesis import augment_line, degrade
from text_recognizer.synthesis.geometry import LineWarp, warp_line

N_BARS = 12


def barred_line(top: int = 6, bottom: int = 58) -> NDArray[np.uint8]:
    """Light paper with upright bars, the first and the last at the very edges."""
    image = np.full((64, 2 + 44 * (N_BARS - 1) + 5), 235, np.uint8)
    for i in range(N_BARS):
        image[top:bottom, 1 + 44 * i : 6 + 44 * i] = 40
    return image


def count_bars(image: NDArray[np.uint8]) -> int:
    """Bars crossed by the line's middle, between the rows where its ink begins and ends."""
    middle = image[26:38].astype(np.float32).mean(axis=0)
    smooth = np.convolve(np.pad(middle, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    paper = np.median(smooth)
    is_dark = smooth < (paper + smooth.min()) / 2 + 0.15 * (paper - smooth.min())
    return int(np.count_nonzero(np.diff(is_dark.astype(np.int8), prepend=0) == 1))


@pytest.mark.parametrize("strength", [0.25, 0.5])
def test_no_bar_is_lost(strength: float) -> None:
    image = barred_line()
    for seed in range(60):
        assert count_bars(augment_line(image, np.random.default_rng(seed), strength)) == N_BARS


@pytest.mark.parametrize("seed", range(40))
def test_warps_keep_the_first_and_the_last_row_of_ink(seed: int) -> None:
    rng = np.random.default_rng(seed)
    image = np.full((64, 500), 235, np.uint8)
    image[2:5] = image[58:61] = 40
    warp = LineWarp(
        stretch=rng.uniform(0.75, 1.3),
        tall=rng.uniform(0.75, 1.05),
        slope=rng.uniform(-0.1, 0.1),
        bend=rng.uniform(0.0, 3.0),
        place=rng.uniform(0.0, 1.0),
    )
    warped = warp_line(image, warp, rng, ink_rows=(1.0, 62.0), border=235)
    assert warped.shape == (64, round(500 * warp.stretch))
    is_dark = (warped[:, 5:-5] < 137).astype(np.int8)
    edges = np.diff(is_dark, axis=0, prepend=0) == 1
    assert (edges.sum(axis=0) == 2).all()  # both rules, in each column


@pytest.mark.parametrize("slant", [-0.35, 0.35])
def test_leaning_bars_stay_whole(slant: float) -> None:
    rng = np.random.default_rng(0)
    warped = warp_line(barred_line(), LineWarp(slant=slant), rng, ink_rows=(6.0, 58.0), border=235)
    for row in (8, 32, 55):
        starts = np.diff((warped[row] < 137).astype(np.int8), prepend=0) == 1
        assert starts.sum() == N_BARS


def test_widths_stay_between_the_limits() -> None:
    image = barred_line()
    for seed in range(100):
        augmented = augment_line(image, np.random.default_rng(seed), 1.0)
        lean, margins = 0.35 * 64 + 4, 24
        assert augmented.shape[0] == 64
        assert 0.75 * image.shape[1] - 1 <= augmented.shape[1]
        assert augmented.shape[1] <= 1.3 * image.shape[1] + lean + margins


def test_equal_seeds_give_equal_images() -> None:
    image = barred_line()
    for seed in range(10):
        first = augment_line(image, np.random.default_rng(seed), 0.7)
        assert np.array_equal(first, augment_line(image, np.random.default_rng(seed), 0.7))
    other = augment_line(image, np.random.default_rng(99), 0.7)
    assert other.shape != first.shape or not np.array_equal(other, first)


def test_input_is_left_alone() -> None:
    image = barred_line()
    before = image.copy()
    for seed in range(20):
        augment_line(image, np.random.default_rng(seed), 1.0)
    assert np.array_equal(image, before)


def test_strength_zero_changes_nothing() -> None:
    image = barred_line()
    assert np.array_equal(augment_line(image, np.random.default_rng(0), 0.0), image)
    assert np.array_equal(degrade(image, np.random.default_rng(0), 0.0), image)


def test_changes_grow_with_strength() -> None:
    image = barred_line()

    def mean_change(strength: float) -> float:
        changes = [
            np.abs(degrade(image, np.random.default_rng(seed), strength).astype(int) - image).mean()
            for seed in range(60)
        ]
        return float(np.mean(changes))

    assert 0 < mean_change(0.25) < 0.7 * mean_change(1.0)


def test_degrade_keeps_form_and_contrast() -> None:
    image = barred_line()
    for seed in range(100):
        result = degrade(image, np.random.default_rng(seed), 1.0)
        assert result.shape == image.shape
        assert result.dtype == np.uint8
        assert result[20:44, 45:50].mean() < result[20:44, 60:80].mean() - 15


@pytest.mark.parametrize("shape", [(1, 1), (64, 3), (64, 4), (8, 300), (200, 1500)])
def test_odd_sizes(shape: tuple[int, int]) -> None:
    image = np.full(shape, 220, np.uint8)
    for seed in range(5):
        result = augment_line(image, np.random.default_rng(seed), 1.0)
        assert result.shape[0] == shape[0]
        assert result.dtype == np.uint8
