from typing import Any

import cv2
import numpy as np
import pytest
from drawn_pages import blank_page, draw_page, draw_text
from numpy.typing import NDArray
from PIL import Image

from text_recognizer.errors import InputError
from text_recognizer.grey_image import (
    grey_from_array,
    grey_from_picture,
    has_bright_ink,
    with_dark_ink,
)

PAGE = draw_page()


def close_to_page(image: NDArray[np.uint8], tolerance: int = 2) -> bool:
    return bool(np.abs(image.astype(int) - PAGE.astype(int)).max() <= tolerance)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "CMYK", "YCbCr"])
def test_every_mode_gives_the_same_page(mode: str) -> None:
    picture = Image.fromarray(PAGE).convert("RGB").convert(mode)
    assert close_to_page(grey_from_picture(picture), 6)


def test_palette_picture() -> None:
    assert close_to_page(grey_from_picture(Image.fromarray(PAGE).convert("RGB").quantize(256)), 6)


def test_black_and_white_picture() -> None:
    grey = grey_from_picture(Image.fromarray(PAGE).point(lambda v: 255 * (v > 128)).convert("1"))
    assert set(np.unique(grey)) == {0, 255}
    assert grey.mean() > 200


def test_palette_with_a_transparent_colour_is_put_on_white() -> None:
    picture = Image.fromarray(np.where(PAGE < 128, 1, 0).astype(np.uint8), mode=None)
    picture = picture.convert("L").convert("P")
    picture.putpalette([90, 90, 90, 0, 0, 0] + [0] * 762)
    picture.info["transparency"] = 0
    grey = grey_from_picture(picture)
    assert grey[0, 0] == 255
    assert grey.min() == 0


def test_transparent_parts_become_white() -> None:
    pixels = np.zeros((*PAGE.shape, 4), np.uint8)  # black ink, and paper that is not there
    pixels[..., 3] = 255 - PAGE
    grey = grey_from_picture(Image.fromarray(pixels))
    assert close_to_page(grey)


@pytest.mark.parametrize("white", [4095, 65535])
def test_sixteen_bits_are_scaled_by_what_they_can_mean(white: int) -> None:
    deep = (PAGE.astype(np.uint32) * white // 255).astype(np.uint16)
    if white == 65535:
        deep[0, 0] = 65535
    assert np.median(grey_from_picture(Image.fromarray(deep))) == pytest.approx(240, abs=1)
    assert np.median(grey_from_array(deep)) == pytest.approx(240, abs=1)


@pytest.mark.parametrize(
    "array",
    [
        PAGE,
        PAGE[:, :, None],
        np.dstack([PAGE] * 3),
        np.dstack([PAGE] * 3 + [np.full_like(PAGE, 255)]),
        PAGE / np.float32(255),
        PAGE.astype(np.float64),
        PAGE.astype(np.int32),
    ],
)
def test_arrays_of_every_kind(array: NDArray[Any]) -> None:
    assert close_to_page(grey_from_array(array))


def test_boolean_array() -> None:
    grey = grey_from_array(PAGE > 128)
    assert set(np.unique(grey)) == {0, 255}


def test_values_that_are_no_numbers_become_ink() -> None:
    array = PAGE / np.float32(255)
    array[0, 0] = np.nan
    assert grey_from_array(array)[0, 0] == 0


def test_array_of_another_shape_is_refused() -> None:
    with pytest.raises(InputError, match=r"must have the shape .* not \(3, 4, 5\)\.$"):
        grey_from_array(np.zeros((3, 4, 5)))


def test_exif_orientation_is_applied() -> None:
    picture = Image.fromarray(PAGE)
    picture.getexif()[0x0112] = 6  # stored lying on its left side
    grey = grey_from_picture(picture)
    assert np.array_equal(grey, np.rot90(PAGE, -1))


def test_bright_ink_is_made_dark() -> None:
    assert has_bright_ink(255 - PAGE)
    assert np.array_equal(with_dark_ink(255 - PAGE), PAGE)
    assert np.array_equal(with_dark_ink(PAGE), PAGE)


def test_a_sheet_on_a_dark_desk_is_not_inverted() -> None:
    desk = blank_page(1600, 1800, paper=25)
    sheet = draw_page()
    desk[600 : 600 + sheet.shape[0], 300 : 300 + sheet.shape[1]] = sheet
    assert np.median(desk) < 128
    assert not has_bright_ink(desk)


def test_chalk_on_an_unevenly_lit_board_is_inverted() -> None:
    board = np.linspace(20, 110, 900, dtype=np.uint8)[None].repeat(300, axis=0).copy()
    draw_text(board, "chalk on slate", (50, 150), size=2, ink=235)
    assert has_bright_ink(cv2.GaussianBlur(board, (3, 3), 0).astype(np.uint8))


@pytest.mark.parametrize("value", [0, 128, 255])
def test_images_of_one_colour_and_none_stay(value: int) -> None:
    assert not has_bright_ink(np.full((50, 60), value, np.uint8))
    assert not has_bright_ink(np.zeros((0, 0), np.uint8))
