"""A character's ink in 28 x 28 pixels, whatever its size, place, pen and light."""

import time

import cv2
import numpy as np
import pytest
from tiny_characters import draw

from text_recognizer.character_input import SIDE_PX, normalise_character
from text_recognizer.errors import InputError


def letter(*, side: int, pen: int, at: tuple[int, int] = (0, 0), canvas: int = 400) -> np.ndarray:
    """A capital L on a page, its longer side as given."""
    image = np.full((canvas, canvas), 235, np.uint8)
    x, y = at[0] + 40, at[1] + 40
    image[y : y + side, x : x + pen] = 30
    image[y + side - pen : y + side, x : x + side // 2] = 30
    return image


def normalised(image: np.ndarray) -> np.ndarray:
    ink = normalise_character(image)
    assert ink is not None
    assert ink.shape == (SIDE_PX, SIDE_PX) and ink.dtype == np.uint8
    return ink


@pytest.mark.parametrize(
    "other",
    [
        letter(side=200, pen=20, at=(90, 110)),
        letter(side=100, pen=10, canvas=200),
        letter(side=60, pen=6, canvas=120, at=(20, 5)),
        np.asarray(letter(side=200, pen=20) * np.linspace(0.6, 1.0, 400)[None], np.uint8),
    ],
    ids=["elsewhere", "half as large", "small", "in a shadow"],
)
def test_size_place_and_light_change_little(other: np.ndarray) -> None:
    usual = normalised(letter(side=200, pen=20)).astype(int)
    assert np.abs(normalised(other).astype(int) - usual).mean() < 12


def test_the_longer_side_fills_the_box_and_the_mass_is_in_the_middle() -> None:
    ink = normalised(letter(side=150, pen=15))
    rows, _ = np.nonzero(ink > 100)
    assert 20 <= np.ptp(rows) + 1 <= 23
    places = np.arange(SIDE_PX) + 0.5
    assert abs(places @ ink.sum(axis=1) / ink.sum() - SIDE_PX / 2) <= 0.6
    assert abs(places @ ink.sum(axis=0) / ink.sum() - SIDE_PX / 2) <= 0.6
    assert ink.max() == 255


def test_thin_pens_are_thickened() -> None:
    thin, thick = (normalised(letter(side=300, pen=pen)) for pen in (4, 36))
    assert 0.6 < (thin > 128).sum() / (thick > 128).sum() <= 1


def test_a_dot_stays_small() -> None:
    image = np.full((60, 60), 240, np.uint8)
    cv2.circle(image, (30, 40), 4, 20, -1)
    rows, columns = np.nonzero(normalised(image) > 100)
    assert 2 <= np.ptp(rows) + 1 <= 8
    assert 2 <= np.ptp(columns) + 1 <= 8


def test_what_is_in_form_stays_so() -> None:
    once = normalised(draw("+"))
    again = normalised(np.asarray(255 - once, np.uint8))
    assert np.abs(again.astype(int) - once).mean() < 12


def test_nothing_written() -> None:
    assert normalise_character(np.full((50, 30), 200, np.uint8)) is None


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (5, 5, 3)])
def test_no_image_at_all(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="A character's image has two dimensions and pixels"):
        normalise_character(np.zeros(shape, np.uint8))


def test_a_whole_line_of_ink_takes_no_longer_than_a_character() -> None:
    """Nobody's character, but a line is easily given in place of one."""
    image = np.full((40, 9000), 255, np.uint8)
    image[20:22, 50:-50] = 0
    image[5:35, 4000:4003] = 0
    started = time.process_time()
    ink = normalise_character(image)
    assert time.process_time() - started < 5.0
    assert ink is not None
    assert np.ptp(np.nonzero(ink > 100)[1]) + 1 >= 20
