"""The shipped line finder finds as many lines of real pages as its model card says."""

from pathlib import Path

import pytest

from text_recognizer.evaluation.page_evaluation import evaluate_page, sum_results
from text_recognizer.ground_truth import read_pages
from text_recognizer.layout import load_finder

LEAST_RECALL, LEAST_PRECISION = 0.90, 0.88  # on validation that no finder falls below


@pytest.mark.shared
def test_lines_of_validation_pages(shared_folder: Path) -> None:
    finder = load_finder(n_threads=2)
    pages = read_pages(shared_folder / "handwriting-pages", split="validation")
    total = sum_results([evaluate_page(page, finder.find) for page in pages]).finding
    assert total.n_reference == 189
    assert (total.recall or 0) > LEAST_RECALL
    assert (total.precision or 0) > LEAST_PRECISION


def test_the_finder_is_small_and_names_its_data() -> None:
    bundle = load_finder(n_threads=1).bundle
    assert sum(path.stat().st_size for path in bundle.folder.iterdir()) < 3_000_000
    assert bundle.manifest.training_data
    assert bundle.manifest.licence
