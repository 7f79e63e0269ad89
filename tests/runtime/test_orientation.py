"""Pages that lie on their side or upside down."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from drawn_pages import blank_page
from numpy.typing import NDArray

from text_recognizer.layout import FoundLine
from text_recognizer.layout.orientation import Turn
from text_recognizer.line_reader import CharacterReading, LineReading
from text_recognizer.recognizer import Recognizer

GreyImage = NDArray[np.uint8]


@pytest.mark.parametrize("quarters", range(4))
def test_points_of_the_upright_page_lead_back_to_the_page(quarters: int) -> None:
    page = np.zeros((30, 50), np.uint8)
    page[4:7, 40:43] = 255  # around (41.5, 5.5)
    turn = Turn(quarters, (50, 30))
    upright = turn.upright(page)
    rows, columns = np.nonzero(upright)
    point = np.array([[columns.mean() + 0.5, rows.mean() + 0.5]])
    assert turn.to_page(point) == pytest.approx(np.array([[41.5, 5.5]]))


def test_a_turn_and_its_opposite_give_the_page_again() -> None:
    page = cv2.randu(np.zeros((20, 35), np.uint8), 0, 255)
    turned = Turn(1, (35, 20)).upright(page)
    assert turned.shape == (35, 20)
    assert np.array_equal(Turn(3, (20, 35)).upright(turned), page)


class _Finder:
    """Finds ink that is wider than high, as one line; on other pages a short scrap of it."""

    def __init__(self) -> None:
        self.n_calls = 0

    def find(self, image: GreyImage, /) -> list[FoundLine]:
        self.n_calls += 1
        rows, columns = np.nonzero(image < 128)
        if len(rows) == 0:
            return []
        (left, right), (top, bottom) = ((v.min(), v.max() + 1) for v in (columns, rows))
        if right - left < bottom - top:
            right = left + 12
        box = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
        return [FoundLine(np.array([[left, bottom], [right, bottom]], np.float32), box)]


class _Reader:
    """Is sure of lines with a flag over their left end only."""

    def read(self, images: Sequence[GreyImage], /) -> list[LineReading]:
        return [self._reading(image) for image in images]

    def _reading(self, image: GreyImage) -> LineReading:
        height, width = image.shape
        upper = image[: height // 2] < 128
        is_upright = width > height and upper[:, : width // 2].sum() > upper[:, width // 2 :].sum()
        sure = 0.95 if is_upright else 0.4
        letter = CharacterReading("x", sure, 0.0, float(width))
        return LineReading("x", sure, (letter,), ())


def _flagged_page() -> GreyImage:
    page = blank_page(300, 500)
    page[120:140, 100:400] = 20
    page[100:120, 100:150] = 20
    return page


@pytest.mark.parametrize("quarters", range(4))
def test_turned_pages_are_read_upright_in_pixels_of_the_page(quarters: int) -> None:
    lying = np.ascontiguousarray(np.rot90(_flagged_page(), -quarters))
    finder = _Finder()
    (page,) = Recognizer(line_reader=_Reader(), line_finder=finder).read(lying)
    assert page.turned == -90 * quarters % 360
    assert (page.height, page.width) == lying.shape
    (line,) = page.lines
    assert line.confidence == 0.95
    covered = np.zeros_like(lying)
    cv2.fillPoly(covered, [np.round(line.polygon).astype(np.int32)], 1)
    assert (covered[lying < 128] == 1).mean() > 0.97
    assert covered.mean() < 0.11
    if quarters == 0:
        assert finder.n_calls == 1  # what reads well is looked at once


def test_a_page_that_reads_badly_in_every_way_stays_as_it_lies() -> None:
    class Unsure(_Reader):
        def _reading(self, image: GreyImage) -> LineReading:
            return LineReading("x", 0.3, (CharacterReading("x", 0.3, 0.0, 1.0),), ())

    (page,) = Recognizer(line_reader=Unsure(), line_finder=_Finder()).read(_flagged_page())
    assert page.turned == 0


def test_a_blank_page_stays_as_it_lies() -> None:
    (page,) = Recognizer(line_reader=_Reader(), line_finder=_Finder()).read(blank_page())
    assert page.turned == 0 and page.lines == ()
