"""The network's input: paper 0 and ink 255 whatever the scan, letters of nearly one size."""

import cv2
import numpy as np
import pytest

from text_recognizer.errors import InputError
from text_recognizer.line_input import MAX_WIDTH, measure_letters, normalise, pad

HEIGHT = 48


def _line(scale: int = 1, *, paper: int = 230, ink: int = 40, letters: float = 1.0) -> np.ndarray:
    """A drawn line of text, (64, 400) times `scale`, with larger or smaller letters in it."""
    image = np.full((256, 1600), paper, np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX
    foot = round(128 + 48 * letters)
    cv2.putText(image, "a bad egg", (80, foot), font, 4.8 * letters, ink, 8, cv2.LINE_AA)
    return cv2.resize(image, (400 * scale, 64 * scale), interpolation=cv2.INTER_AREA)


def _ink_size(line: np.ndarray) -> np.ndarray:
    """Rows and columns from the first ink to the last."""
    rows, columns = np.nonzero(line > 128)
    return np.array([np.ptp(rows) + 1, np.ptp(columns) + 1])


def test_letters_come_half_of_the_way_to_one_size() -> None:
    """Letters 1.6 times as large stay 1.6 ** 0.5 times as high."""
    large = _ink_size(normalise(_line(), HEIGHT))
    small = _ink_size(normalise(_line(letters=1 / 1.6), HEIGHT))
    height, width = large / small
    assert 1.1 < height < 1.4
    assert 1.1 < width < 1.6


def test_wide_hands_come_half_of_the_way_to_the_usual_width() -> None:
    wide = cv2.resize(_line(), (800, 64))
    narrow = normalise(_line(), HEIGHT).shape[1]
    assert 1.2 < normalise(wide, HEIGHT).shape[1] / narrow < 1.6


def test_a_gap_in_the_line_does_not_count_as_wide_writing() -> None:
    line = _line()
    gapped = np.concatenate([line, np.full((64, 900), 230, np.uint8), line], axis=1)
    expected = normalise(line, HEIGHT).shape[1] / line.shape[1]
    assert normalise(gapped, HEIGHT).shape[1] / gapped.shape[1] == pytest.approx(expected, rel=0.1)


def test_enlarging_cuts_off_no_ink() -> None:
    """Small letters, and a stroke that reaches the first row: all of it stays."""
    line = _line(letters=0.5)
    line[0:40, 390:393] = 40
    flat = normalise(line, HEIGHT)
    assert flat[0].max() > 128
    size = measure_letters(flat)
    assert 0 <= size.first_row < size.last_row <= 1 + 1e-9


def test_the_network_s_height_changes_the_scale_only() -> None:
    low, high = normalise(_line(3), HEIGHT), normalise(_line(3), 96)
    assert high.shape[1] == pytest.approx(2 * low.shape[1], abs=2)
    half = cv2.resize(high, low.shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(half.astype(int) - low).mean() < 5


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (3, 3)])
@pytest.mark.parametrize("grey", [0, 255])
def test_the_smallest_images_have_an_input(shape: tuple[int, int], grey: int) -> None:
    assert normalise(np.full(shape, grey, np.uint8), HEIGHT).shape[0] == HEIGHT


def test_noise_has_an_input_of_bounded_width() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 640), dtype=np.uint8)
    assert normalise(noise, HEIGHT).shape[1] <= 1.8 * 480


def test_paper_is_0_and_ink_255() -> None:
    for paper, ink in ((230, 40), (120, 60), (255, 0)):
        done = normalise(_line(paper=paper, ink=ink), HEIGHT)
        assert np.median(done) <= 1
        assert done.max() == 255


def test_shade_is_divided_out() -> None:
    light = np.linspace(1.0, 0.5, 400, dtype=np.float32)
    shaded = normalise((_line() * light).astype(np.uint8), HEIGHT).astype(int)
    assert np.abs(shaded - normalise(_line(), HEIGHT)).mean() < 4


def test_blank_paper_stays_blank() -> None:
    grainy = np.full((64, 400), 200, np.uint8)
    grainy[::7, ::5] = 195
    assert normalise(grainy, HEIGHT).max() < 64


@pytest.mark.parametrize("scale", [2, 4])
def test_the_resolution_of_the_scan_hardly_matters(scale: int) -> None:
    """Softening goes by the line's height, so it takes the same from every scan."""
    large, small = normalise(_line(scale), HEIGHT), normalise(_line(), HEIGHT)
    assert np.abs(large.astype(int) - small).mean() < 6


def test_thin_pens_are_softened() -> None:
    """A hair line of a fine scan gets wider than the pixel that it would be."""
    image = np.full((192, 400), 240, np.uint8)
    image[:, 200:203] = 20
    done = normalise(image, HEIGHT)
    assert np.count_nonzero(done[24] > 60) >= 2


def test_models_made_before_letters_were_measured_get_their_own_input() -> None:
    for letters in (0.6, 1.0):
        line = normalise(_line(letters=letters), HEIGHT, "paper-division-2")
        assert line.shape == (HEIGHT, 330)  # 400 * 48 / 64 * 1.1


def test_drawn_lines_come_to_networks_of_experiments_as_they_were_drawn() -> None:
    glyphs = np.zeros((28, 140), np.uint8)
    cv2.putText(glyphs, "a bad egg", (4, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2, cv2.LINE_AA)
    assert np.array_equal(normalise(255 - glyphs, 28, "paper-division-plain-1"), glyphs)
    on_grey = normalise((200 - glyphs // 2), 28, "paper-division-plain-1")
    assert np.abs(on_grey.astype(int) - glyphs).max() <= 3
    assert normalise(_line(), 28, "paper-division-plain-1").shape == (28, 175)  # 400 * 28 / 64


def test_padding_is_paper_up_to_a_multiple_of_64() -> None:
    padded = pad(np.full((HEIGHT, 330), 200, np.uint8))
    assert padded.shape == (HEIGHT, 384)
    assert padded[:, 330:].max() == 0
    assert pad(np.zeros((HEIGHT, 64), np.uint8)).shape == (HEIGHT, 64)


def test_what_is_no_line_is_refused() -> None:
    for image in (np.zeros((0, 9), np.uint8), np.zeros((9, 9, 3), np.uint8)):
        with pytest.raises(InputError, match="needs two dimensions and some pixels"):
            normalise(image, HEIGHT)
    with pytest.raises(InputError, match=f"over the limit of {MAX_WIDTH}"):
        normalise(np.zeros((2, 1300), np.uint8), HEIGHT)
