"""The network's input: paper 0 and ink 255 whatever the scan, the same shape at every size."""

import cv2
import numpy as np
import pytest

from text_recognizer.errors import InputError
from text_recognizer.line_image import MAX_WIDTH, normalise, pad

HEIGHT = 48


def _line(scale: int = 1, *, paper: int = 230, ink: int = 40) -> np.ndarray:
    """A drawn line of text, (64, 400) times `scale`."""
    image = np.full((256, 1600), paper, np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(image, "a bad egg", (80, 176), font, 4.8, ink, 8, cv2.LINE_AA)
    return cv2.resize(image, (400 * scale, 64 * scale), interpolation=cv2.INTER_AREA)


def test_lines_become_a_tenth_wider() -> None:
    assert normalise(_line(), HEIGHT).shape == (HEIGHT, 330)  # 400 * 48 / 64 * 1.1
    assert normalise(_line(3), HEIGHT).shape == (HEIGHT, 330)
    assert normalise(_line()[:, :1], HEIGHT).shape == (HEIGHT, 1)


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


def test_padding_is_paper_up_to_a_multiple_of_64() -> None:
    padded = pad(normalise(_line(), HEIGHT))
    assert padded.shape == (HEIGHT, 384)
    assert padded[:, 330:].max() == 0


def test_what_is_no_line_is_refused() -> None:
    for image in (np.zeros((0, 9), np.uint8), np.zeros((9, 9, 3), np.uint8)):
        with pytest.raises(InputError, match="needs two dimensions and some pixels"):
            normalise(image, HEIGHT)
    with pytest.raises(InputError, match=f"over the limit of {MAX_WIDTH}"):
        normalise(np.zeros((2, 1300), np.uint8), HEIGHT)
