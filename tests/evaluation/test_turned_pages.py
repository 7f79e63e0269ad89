"""The benchmark on turned pages counts what was righted."""

import sys
from collections import Counter

import numpy as np
import pytest
from programs import ROOT, load_program

from text_recognizer.page import Page

sys.path.append(str(ROOT / "benchmarks"))  # the program takes its pages from another one there


@pytest.fixture(scope="module")
def benchmark():
    return load_program("benchmarks/turned_pages.py")


class _Recognizer:
    """Rights what is higher than wide by one quarter clockwise, and nothing else."""

    def read_page(self, page_image) -> Page:
        height, width = page_image.read().shape
        return Page("", 1, width, height, (), None, 90 if height > width else 0)


def test_pages_read_the_right_way_up_are_counted(benchmark) -> None:
    pages = iter([np.full((20, 50), 200, np.uint8), np.full((10, 50), 200, np.uint8)])
    n_right, n_pages = benchmark.count_righted(_Recognizer(), pages)
    assert n_pages == 2
    # Turned by 270 degrees clockwise, another 90 make a page upright again.
    assert n_right == Counter({0: 2, 3: 2})
