"""Random choices, smooth random curves and fields: the raw material of wander, shade and warps."""

from collections.abc import Mapping
from functools import cache
from typing import TypeVar

import cv2
import numpy as np

from text_recognizer.synthesis.arrays import Floats, GreyImage

Name = TypeVar("Name", bound=str)
_BANK_SIZE = (256, 4096)
_BANK_MEAN, _BANK_DEVIATION = 128.0, 32.0


def pick(shares: Mapping[Name, float], rng: np.random.Generator) -> Name:
    """One of the names, each as often as its share of the sum says."""
    place = rng.random() * sum(shares.values())
    for name, share in shares.items():
        place -= share
        if place < 0:
            return name
    return name


def smooth_curve(n_points: int, knot_distance: float, rng: np.random.Generator) -> Floats:
    """Random curve of shape (n_points,), -1 to 1, that turns every `knot_distance` points."""
    return smooth_values(np.arange(n_points, dtype=np.float32), knot_distance, rng)


def smooth_values(places: Floats, knot_distance: float, rng: np.random.Generator) -> Floats:
    """Values, -1 to 1, of one random curve at places from 0 on; it turns every `knot_distance`."""
    n_knots = int(float(places.max(initial=0.0)) / knot_distance) + 3
    knots = rng.uniform(-1.0, 1.0, n_knots)
    shift = rng.random()
    at = places / knot_distance + shift
    return np.asarray(np.interp(at, np.arange(n_knots), knots), dtype=np.float32)


def smooth_field(size: tuple[int, int], cell: float, rng: np.random.Generator) -> Floats:
    """Random field of shape `size` (height, width), -1 to 1, with waves about `cell` px long."""
    knots = rng.random(_knots(size, cell), dtype=np.float32) * 2.0 - 1.0
    field = cv2.resize(knots, size[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(field, dtype=np.float32)


def weaken(
    image: GreyImage, depth: float, cell: float, rng: np.random.Generator, *, share: float = 1.0
) -> GreyImage:
    """Image multiplied by a smooth random field between 1 - depth and 1.

    Args:
        image: of shape (H, W), uint8.
        depth: what the field takes away at most, 0 to 1.
        cell: length of its waves in px.
        rng: source of all chance.
        share: of the image that it touches; elsewhere the factor is 1.
    """
    size = (image.shape[0], image.shape[1])
    loss = np.maximum(rng.random(_knots(size, cell), dtype=np.float32) - (1.0 - share), 0.0)
    factor = (255.5 - 255.0 * depth / max(share, 1e-3) * loss).astype(np.uint8)
    field = cv2.resize(factor, size[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.multiply(image, field, scale=1 / 255), dtype=np.uint8)


def add_noise(image: GreyImage, deviation: float, rng: np.random.Generator) -> GreyImage:
    """Image with normally distributed noise, of standard deviation `deviation` in grey levels.

    The noise is cut from a fixed bank of a million values at a random place, which costs a tenth of
    drawing them.
    """
    height, width = image.shape
    bank = _noise_bank()
    if height > bank.shape[0] or width > bank.shape[1]:
        bank = np.tile(bank, (-(-height // bank.shape[0]), -(-width // bank.shape[1])))
    top = int(rng.integers(bank.shape[0] - height + 1))
    left = int(rng.integers(bank.shape[1] - width + 1))
    noise = bank[top : top + height, left : left + width]
    scale = deviation / _BANK_DEVIATION
    mixed = cv2.addWeighted(image, 1.0, noise, scale, -scale * _BANK_MEAN)
    return np.asarray(mixed, dtype=np.uint8)


def _knots(size: tuple[int, int], cell: float) -> tuple[int, int]:
    return max(2, round(size[0] / cell) + 1), max(2, round(size[1] / cell) + 1)


@cache
def _noise_bank() -> GreyImage:
    values = np.random.default_rng(1).standard_normal(_BANK_SIZE, dtype=np.float32)
    levels = np.clip(values * _BANK_DEVIATION + _BANK_MEAN + 0.5, 0, 255)
    return np.asarray(levels, dtype=np.uint8)
