"""Counts of the data sets that the published models are trained and measured on."""

import os
from collections import Counter
from pathlib import Path

import pytest

from text_recognizer.ground_truth import read_lines, read_pages, read_unseen_ids

SHARED = Path(
    os.environ.get("TEXT_RECOGNIZER_SHARED", Path(__file__).resolve().parents[2].parent / "shared")
)
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not (SHARED / "handwriting").is_dir(),
        reason="no data: set TEXT_RECOGNIZER_SHARED to the folder that holds handwriting/",
    ),
]

# Lines for training, validation and test. The 1,461 training lines of unipen-text whose prompts
# stand in its test are not counted.
LINES = {
    "copiste": (4392, 222, 356),
    "hooker": (5804, 438, 228),
    "jeremy": (3440, 0, 0),
    "mss19": (250, 252, 128),
    "peraire": (120, 30, 186),
    "poilus": (1101, 70, 45),
    "stanford": (159, 53, 36),
    "unipen-text": (10463 - 1461, 1434, 420),
    "unipen-words": (34157, 2260, 2225),
}
PAGES = {"train": 48, "validation": 11, "test": 11}


@pytest.fixture(scope="module")
def lines():
    return read_lines(SHARED / "handwriting")


def test_counts_of_lines(lines):
    counts = Counter((line.source, line.split) for line in lines)
    found = {
        source: tuple(counts[source, split] for split in ("train", "validation", "test"))
        for source in sorted({line.source for line in lines})
    }
    assert found == LINES


def test_no_document_is_in_two_splits(lines):
    splits: dict[tuple[str, str], set[str]] = {}
    for line in lines:
        splits.setdefault((line.source, line.document), set()).add(line.split)
    assert [document for document, names in splits.items() if len(names) > 1] == []


def test_unseen_lines_are_validation_and_test_lines(lines):
    unseen = read_unseen_ids(SHARED / "handwriting")
    counts = Counter(line.split for line in lines if line.id in unseen)
    assert counts == {"validation": 268, "test": 38}


def test_every_hundredth_image_has_ink(lines):
    for line in lines[::100]:
        image = line.read_image()
        assert image.shape[0] == 64, line.id
        assert image.min() < 170 < image.max(), line.id


def test_counts_of_pages():
    pages = read_pages(SHARED / "handwriting-pages")
    assert Counter(page.split for page in pages) == PAGES
    assert all(page.lines for page in pages)
