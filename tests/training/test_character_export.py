"""What an experiment with characters has learnt, read by `CharacterPredictor`."""

from pathlib import Path

import numpy as np
import pytest
import torch

from text_recognizer.bundle import write_bundle
from text_recognizer.character_predictor import CharacterPredictor
from text_recognizer.data import MAPPING_2021
from text_recognizer.errors import OptionError
from text_recognizer.models import SEED_NETWORKS
from text_recognizer.training.experiments.artifact import export_character
from text_recognizer.training.experiments.character_export import character_form
from text_recognizer.training.experiments.checkpoint_record import CheckpointRecord, SavedNetwork
from text_recognizer.training.experiments.found_runs import FoundRun


def saved(name: str, *, side: int = 28) -> SavedNetwork:
    """An untrained network of EMNIST's classes."""
    torch.manual_seed(0)
    kind = SEED_NETWORKS[name]
    options = kind.options()
    dims = (1, side, side)
    network = kind.network(options, input_dims=dims, n_classes=len(MAPPING_2021), output_length=1)
    record = CheckpointRecord(
        config={"data_class": "EMNIST", "model_class": name, "seed": 1},
        command="python training/run_experiment.py",
        network=vars(options),
        mapping=MAPPING_2021.symbols,
        input_dims=dims,
        output_length=1,
        normalisation=(0.1, 2.0),
    )
    return SavedNetwork(network.eval(), record)


@pytest.mark.parametrize("name", ["CNN", "CharacterCNN", "mlp"])
def test_scores_are_those_of_the_network(tmp_path: Path, name: str) -> None:
    own = saved(name)
    run = FoundRun("1234567890", name, "MLflow", "EMNIST", {"val_acc": 0.75}, Path)
    content = export_character(own, run, "mine")
    assert [(row.split, row.cer) for row in content.manifest.cer] == [("validation", 0.25)]
    write_bundle(tmp_path / "mine", content.manifest, content.networks)
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
    found = CharacterPredictor(tmp_path / "mine").score(list(images))
    with torch.inference_mode():
        levels = torch.from_numpy(images[:, None]).float() / 255
        expected = own.network((levels - 0.1) / 2.0).numpy()
    labels = [MAPPING_2021.symbols.index(symbol) for symbol in content.manifest.symbols]
    np.testing.assert_allclose(found, expected[:, labels], atol=1e-4)


def test_classes_without_ink_have_no_score() -> None:
    run = FoundRun("1", "CNN", "MLflow", "EMNIST", {}, Path)
    symbols = export_character(saved("CNN"), run, "mine").manifest.symbols
    assert not {"<B>", "<S>", "<E>", "<P>", " "} & set(symbols)
    assert len(symbols) == len(MAPPING_2021) - 5


def test_images_of_another_size_are_refused() -> None:
    with pytest.raises(OptionError) as caught:
        character_form(saved("CNN", side=32))
    assert str(caught.value) == (
        "it reads images of (1, 32, 32), and characters are read from (1, 28, 28)."
    )
