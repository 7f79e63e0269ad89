"""The shipped language model knows English, and the shipped line model reads better with it."""

import math
from pathlib import Path

import pytest

from text_recognizer.bundle import load_bundle
from text_recognizer.evaluation.metrics import sum_counts
from text_recognizer.evaluation.scored_lines import (
    compare_runs,
    decode_lines,
    read_scored_lines,
)
from text_recognizer.language.decoder import load_decoder
from text_recognizer.language.ngram_bundle import DEFAULT_LANGUAGE_MODEL, load_language_model
from text_recognizer.line_reader import Decodes, LineReader

SENTENCES = (
    "My dear sister, I received your letter on Tuesday and was glad of it.",
    "The garden has suffered from the rain, but the apples are nearly ripe.",
    "Please tell your father that we shall arrive by the evening train.",
)
MOST_MEGABYTES = 5.0
MOST_PERPLEXITY = 4.5  # measured when it was shipped: 3.3


def test_it_is_small_and_says_where_it_comes_from() -> None:
    bundle, model = load_language_model(DEFAULT_LANGUAGE_MODEL)
    size = sum(file.stat().st_size for file in bundle.folder.iterdir())
    assert size < MOST_MEGABYTES * 1e6
    assert bundle.manifest.training_data
    assert bundle.manifest.licence
    assert model.order >= 6


def test_it_knows_english() -> None:
    _, model = load_language_model(DEFAULT_LANGUAGE_MODEL)
    total = float(model.log_probability(SENTENCES).sum())
    assert math.exp(-total / sum(map(len, SENTENCES))) < MOST_PERPLEXITY
    for likely, unlikely in (("there", "theer"), ("which", "wlich"), ("quite", "guite")):
        one, other = model.log_probability([f"and {likely} is", f"and {unlikely} is"])
        assert one > other + 3


@pytest.mark.shared
@pytest.mark.parametrize(
    ("source", "most"),
    [("stanford", 0.90), ("unipen-text", 0.90), ("copiste", 1.02), ("mss19", 1.02)],
)
def test_lines_read_better_with_it(shared_folder: Path, source: str, most: float) -> None:
    """English a tenth better; French, which it has not learnt, hardly worse if at all."""
    bundle = load_bundle("line-english", task="line")
    lines = read_scored_lines(
        shared_folder / "handwriting",
        LineReader(bundle, n_threads=2),
        split="validation",
        sources=[source],
        most=150,
    )

    def rate(decoder: Decodes | None) -> float:
        manifest = bundle.manifest
        results = compare_runs(
            lines, decode_lines(lines, decoder), manifest.alphabet, manifest.text_form
        )
        return sum_counts(line.characters for line in results).rate or 0.0

    assert rate(load_decoder(bundle)) < most * rate(None)
