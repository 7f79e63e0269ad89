import hashlib

import numpy as np
import pytest
from drawn_data import STROKES

from text_recognizer.errors import InputError
from text_recognizer.ground_truth.stroke_drawing import draw_strokes

# The drawing is frozen: published error rates were measured on it. If this changes, so do they.
FROZEN_SHA256 = "b8f4449e57b384529c427bb40a1a3a3c3c8b9690e544f41f6ef7cf73890d7a86"


def as_strokes(strokes):
    return [np.array(stroke, np.float32) for stroke in strokes]


def test_the_drawing_is_frozen():
    image = draw_strokes(as_strokes(STROKES))
    assert image.shape == (64, 75)
    assert hashlib.sha256(image.tobytes()).hexdigest() == FROZEN_SHA256


def test_full_ink_is_46_pixels_high_with_9_of_paper_on_every_side():
    image = draw_strokes(as_strokes([[(5, 7), (5, 119)], [(229, 7), (229, 119)]]))
    assert image.dtype == np.uint8
    assert image.shape == (64, 92 + 18)
    rows, columns = np.nonzero(image < 128)
    assert (rows.min(), rows.max()) == (9, 54)
    assert 8 <= columns.min() <= 9
    assert 100 <= columns.max() <= 101
    assert image[:8].min() == image[-8:].min() == 255  # paper is white


def test_flat_ink_keeps_its_scale_and_is_centred():
    image = draw_strokes(as_strokes([[(0, 0), (112, 0)]]))
    assert image.shape == (64, 46 + 18)
    rows = np.flatnonzero((image < 200).any(axis=1))
    assert rows.tolist() == [31, 32]


@pytest.mark.parametrize("end", [(100, 0), (0, 100), (80, 60)])
def test_the_pen_is_2_6_units_wide_in_every_direction(end):
    ink = (255.0 - draw_strokes(as_strokes([[(0, 0), end]]))).sum() / 255
    units_in_px = 46 / 112
    assert ink / (100 * units_in_px) == pytest.approx(2.6 * units_in_px, rel=0.08)


def test_a_stroke_of_one_point_is_a_dot():
    image = draw_strokes(as_strokes([[(10, 10)]]))
    assert image.shape == (64, 18)
    assert 0.6 < (255.0 - image).sum() / 255 < 1.1


@pytest.mark.parametrize(
    ("strokes", "message"),
    [
        ([], "has no points"),
        ([np.zeros((0, 2), np.float32)], "has no points"),
        (as_strokes([[(0, 0), (10, 141)]]), "of 10 by 141 units is larger than a line may be"),
        (as_strokes([[(0, 0), (40_001, 9)]]), "of 40001 by 9 units is larger"),
        (as_strokes([[(0, 0), (float("nan"), 9)]]), "is larger than a line may be"),
    ],
)
def test_ink_that_cannot_be_a_line_is_refused(strokes, message):
    with pytest.raises(InputError, match=message):
        draw_strokes(strokes)
