"""A character model is published with a fitted temperature and what it was measured to do."""

from pathlib import Path

import numpy as np
import pytest
import torch
from character_files import write_unipen
from programs import load_program

from text_recognizer.bundle import load_bundle, write_bundle
from text_recognizer.data import UnipenCharacters
from text_recognizer.models import CNN, CNNOptions
from text_recognizer.training.experiments.artifact import export_character
from text_recognizer.training.experiments.checkpoint_record import CheckpointRecord, SavedNetwork
from text_recognizer.training.experiments.found_runs import FoundRun

publish_characters = load_program("tasks/publish_characters.py")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """An untrained network for the characters of UnipenCharacters."""
    torch.manual_seed(0)
    mapping = UnipenCharacters.mapping
    options = CNNOptions(conv_dim=4, fc_dim=8)
    dims = (1, 28, 28)
    record = CheckpointRecord(
        config={"data_class": "UnipenCharacters", "model_class": "CNN", "seed": 1},
        command="python training/run_experiment.py",
        network=vars(options),
        mapping=mapping,
        input_dims=dims,
        output_length=1,
        normalisation=(0.0, 1.0),
    )
    network = CNN(options, input_dims=dims, n_classes=len(mapping)).eval()
    run = FoundRun("1", "CNN", "MLflow", "UnipenCharacters", {}, Path)
    content = export_character(SavedNetwork(network, record), run, "mine")
    command = b"python training/run_experiment.py --data_dir=/home/me/data --seed=1"
    files = {
        **content.networks,
        "weights.safetensors": b"large",
        "run_command.txt": command,
        "config.json": b'{"data_dir": "/home/me/data", "share": 0.5}',
    }
    return write_bundle(tmp_path / "mine", content.manifest, files).folder


def test_the_copy_holds_what_was_measured(
    tmp_path: Path, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_unipen(tmp_path)
    output = tmp_path / "characters"
    words = [str(bundle), f"--data_dir={tmp_path}", f"--output={output}", "--version=0.1.0"]
    assert publish_characters.main(words) == 0
    published = load_bundle(output, task="character")
    manifest = published.manifest
    assert (manifest.name, manifest.version) == ("characters", "0.1.0")
    assert not (output / "weights.safetensors").exists()
    command = (output / "run_command.txt").read_text(encoding="utf-8")
    assert command == "python training/run_experiment.py --data_dir=data --seed=1"
    config = (output / "config.json").read_text(encoding="utf-8")
    assert config == '{"data_dir": "data", "share": 0.5}'
    assert [(row.split, row.note) for row in manifest.cer] == [
        ("validation", "single characters"),
        ("validation", "look-alikes folded"),
        ("test", "single characters"),
        ("test", "look-alikes folded"),
    ]
    assert manifest.cer[1].cer <= manifest.cer[0].cer <= 1
    assert f"{1 - manifest.cer[2].cer:.4f} right" in capsys.readouterr().out
    assert manifest.training_data[0].licence == "CC-BY-4.0"


def test_without_data_there_is_a_sentence(
    tmp_path: Path, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(bundle), f"--data_dir={tmp_path / 'none'}", f"--output={tmp_path / 'new'}"]
    assert publish_characters.main(words) == 1
    assert "UnipenCharacters needs unipen-chars-train-images-idx3-ubyte.gz" in (
        capsys.readouterr().err
    )


def test_the_temperature_makes_the_truth_likeliest() -> None:
    """Scores that are four times too sure, right in seven of ten, are cooled."""
    rng = np.random.default_rng(0)
    places = rng.integers(0, 2, 4000)
    is_right = rng.random(4000) < 0.7
    sure = 4 * np.log(0.7 / 0.3)
    best = np.where(is_right, places, 1 - places)
    scores = np.zeros((4000, 2), np.float32)
    scores[np.arange(4000), best] = sure
    assert publish_characters.fit_temperature(scores, places) == pytest.approx(4, rel=0.1)
