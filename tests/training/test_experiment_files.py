"""Files of several experiments of 2019, as commands."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from text_recognizer.errors import InputError, OptionError
from text_recognizer.training.experiments.experiment_file import commands_of
from text_recognizer.training.experiments.flags import parse_flags

pytestmark = pytest.mark.train

DOOR = Path(__file__).parents[2] / "training" / "prepare_experiments.py"
GROUP = "how 'wide'"
EXPERIMENTS: dict[str, Any] = {
    "experiment_group": GROUP,
    "experiments": [
        {"network": "mlp", "network_args": {"layer_size": 64}, "train_args": {"epochs": 1}},
        {"network": "lenet"},
    ],
}


def write(folder: Path, content: object) -> Path:
    path = folder / "experiments.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_command_for_each(tmp_path: Path) -> None:
    door = [sys.executable, DOOR, write(tmp_path, EXPERIMENTS)]
    done = subprocess.run(door, capture_output=True, text=True, check=True)
    first, second = (shlex.split(line) for line in done.stdout.splitlines())
    assert first[:3] == ["python", "training/run_experiment.py", "--gpu=-1"]
    experiment = parse_flags(first[2:])
    assert (experiment.group, experiment.gpu) == (GROUP, -1)
    assert experiment.network.layer_size == 64
    assert experiment.trainer == {"max_epochs": "1"}
    assert parse_flags(second[2:]).model_class == "lenet"
    assert parse_flags(second[2:]).group == GROUP


def test_a_file_without_a_group(tmp_path: Path) -> None:
    (command,) = commands_of(write(tmp_path, {"experiments": [{}]}))
    assert shlex.split(command)[3] == "{}"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ([], 'holds no "experiments", a list of them.'),
        ({"experiments": {}}, 'holds no "experiments"'),
        ({"experiments": [1]}, 'holds no "experiments"'),
        ({"experiments": [], "group": "x"}, "has unknown keys: group; experiment_group is known."),
    ],
)
def test_files_without_experiments(content: object, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=sentence):
        commands_of(write(tmp_path, content))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        commands_of(tmp_path / "nowhere.json")
    path = tmp_path / "x.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="x.json is no JSON: "):
        commands_of(path)
    done = subprocess.run([sys.executable, DOOR, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{path} is no JSON")


def test_an_experiment_that_says_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, {"experiments": [{}, {"dataset": "x"}]})
    with pytest.raises(OptionError, match="experiments.json, experiment 2: No dataset is called"):
        commands_of(path)
