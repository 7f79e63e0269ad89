"""The shipped character model reads as many characters as its model card says."""

from pathlib import Path

import pytest

from text_recognizer.bundle import DEFAULT_CHARACTER_MODEL, load_bundle
from text_recognizer.character_predictor import CharacterPredictor
from text_recognizer.data import UnipenCharacters, UnipenCharactersOptions
from text_recognizer.training.experiments.predictor_evaluation import written_pairs

LEAST_ACCURACY, LEAST_FOLDED = 0.72, 0.84  # on validation


@pytest.mark.shared
def test_validation_characters(shared_folder: Path) -> None:
    data = UnipenCharacters(UnipenCharactersOptions(data_dir=shared_folder / "emnist"))
    data.prepare_data()
    data.setup()
    report = CharacterPredictor(n_threads=2).evaluate(written_pairs(data, "validation"))
    assert report.n_characters == 3977
    assert (report.accuracy or 0) > LEAST_ACCURACY
    assert (report.accuracy_folded or 0) > LEAST_FOLDED


def test_the_model_is_small_and_names_its_data() -> None:
    bundle = load_bundle(DEFAULT_CHARACTER_MODEL, task="character")
    assert sum(path.stat().st_size for path in bundle.folder.iterdir()) < 1_000_000
    assert bundle.manifest.symbols == UnipenCharacters.mapping
    assert bundle.manifest.training_data
    assert bundle.manifest.licence
