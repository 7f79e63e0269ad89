"""The shipped line model reads as well as its manifest says, and better than the floor."""

from pathlib import Path

import pytest

from text_recognizer.bundle import load_bundle
from text_recognizer.evaluation import evaluate
from text_recognizer.language.decoder import load_decoder
from text_recognizer.line_reader import LineReader

_FLOORS = {"copiste": 0.085, "stanford": 0.07}  # CER on validation that no model falls below


@pytest.mark.shared
@pytest.mark.parametrize("source", sorted(_FLOORS))
def test_validation_cer_is_that_of_the_manifest(
    source: str, shared_folder: Path, shipped_model: Path
) -> None:
    bundle = load_bundle(shipped_model, task="line")
    report = evaluate(
        shared_folder / "handwriting",
        reader=LineReader(bundle, decoder=load_decoder(bundle)),
        text_form=bundle.manifest.text_form,
        split="validation",
        sources=[source],
    )
    (published,) = (
        figure
        for figure in bundle.manifest.cer
        if figure.data == source and figure.split == "validation"
    )
    cer = report.rows[0].cer
    assert cer is not None
    assert cer == pytest.approx(published.cer, abs=0.003)  # rounding differs between processors
    assert cer < _FLOORS[source]
