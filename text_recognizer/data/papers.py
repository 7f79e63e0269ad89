"""Real paper to draw lines on, cut from the empty places of training pages."""

import logging
from pathlib import Path

import numpy as np

from text_recognizer.ground_truth import read_pages
from text_recognizer.loading import open_pages
from text_recognizer.synthesis.arrays import Floats
from text_recognizer.synthesis.paper import cut_paper

_LOG = logging.getLogger(__name__)
_SIZE = (96, 400)  # rows and columns of a piece; it is mirrored as often as a line needs
_PIECES = 3  # tried on each page


def read_papers(pages: Path, *, seed: int) -> tuple[Floats, ...]:
    """Pieces of empty paper of the training pages of a folder, each of mean 1.

    Raises:
        InputError: the folder holds no pages with PAGE XML, or one cannot be read.
    """
    rng = np.random.default_rng(seed)
    found = []
    for sample in read_pages(pages, split="train"):
        image = next(iter(open_pages(sample.image_path))).read()
        polygons = [np.array(line.polygon) for line in sample.lines]
        for _ in range(_PIECES):
            piece = cut_paper(image, polygons, _SIZE, rng)
            if piece is not None:
                found.append(piece)
    _LOG.info("%d pieces of paper cut from %s.", len(found), pages)
    return tuple(found)
