"""The shell programs of the lessons: sound, and they call what exists with what they are given."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from character_files import run_script, write_emnist_idx
from programs import environment

from text_recognizer.data import EMNISTLinesOptions, LineMaskOptions
from text_recognizer.errors import InputError
from text_recognizer.training.experiments.experiment import make_data
from text_recognizer.training.experiments.flags import parse_flags

pytestmark = pytest.mark.train

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted([*ROOT.glob("tasks/*.sh"), *ROOT.glob("training/tests/*.sh")])
OF_THE_LESSONS = (
    "lint", "run_prediction_tests", "run_validation_tests", "train_character_predictor",
    "train_cnn_line_predictor", "train_line_detector",
    "train_lstm_line_predictor", "train_lstm_line_predictor_on_iam",
    "update_fsdl_paragraphs_metadata",
)  # fmt: skip
_CALLED = re.compile(r"(?:\$root/|python |pytest -s |source )((?:[\w.]+/)+[\w.]+)")


def words_of(script: str, folder: Path, *arguments: str) -> list[str]:
    """What a script calls `python` with, first started in another folder."""
    fake = folder / "bin" / "python"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\nfor word; do echo \"$word\"; done >>'{folder}/words'\n")
    fake.chmod(0o755)
    subprocess.run(
        [str(ROOT / script), *arguments],
        cwd=folder,
        env={**os.environ, "PATH": f"{fake.parent}:{os.environ['PATH']}"},
        check=True,
    )
    return (folder / "words").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", OF_THE_LESSONS)
def test_scripts_have_the_names_of_the_lessons(name: str) -> None:
    assert ROOT / "tasks" / f"{name}.sh" in SCRIPTS


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_is_sound(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert os.access(script, os.X_OK)
    assert text.startswith("#!/usr/bin/env bash\n# ")
    assert "\nset -euo pipefail\n" in text
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    for path in _CALLED.findall(text):
        assert (ROOT / path).exists(), f"{script.name} calls {path}"


@pytest.mark.parametrize(
    ("script", "data_class", "model_class"),
    [
        ("train_character_predictor", "EMNIST", "mlp"),
        ("train_cnn_line_predictor", "EMNISTLines", "line_cnn_all_conv"),
        ("train_lstm_line_predictor", "EMNISTLines", "line_lstm_ctc"),
    ],
)
def test_training_is_that_of_the_lessons(
    script: str, data_class: str, model_class: str, tmp_path: Path
) -> None:
    door, *words = words_of(f"tasks/{script}.sh", tmp_path, "--data_dir=my data", "--seed=1")
    assert Path(door) == ROOT / "training" / "run_experiment.py"
    experiment = parse_flags(words)
    assert experiment.saves
    assert (experiment.data_class, experiment.model_class) == (data_class, model_class)
    assert experiment.trainer["max_epochs"] == "16"
    assert (experiment.loss.loss == "ctc") == ("lstm" in script)
    (options,) = experiment.data
    assert (options.data_dir, options.seed) == (Path("my data"), 1)
    assert options.batch_size == (256 if data_class == "EMNIST" else 64)
    assert not isinstance(options, EMNISTLinesOptions) or options.max_length == 34


def test_training_on_iam_is_on_its_lines_of_2019(tmp_path: Path) -> None:
    _, *words = words_of("tasks/train_lstm_line_predictor_on_iam.sh", tmp_path, "--seed=1")
    experiment = parse_flags(words)
    assert (experiment.data_class, experiment.model_class) == ("IamLinesDataset", "line_lstm_ctc")
    assert experiment.loss.loss == "ctc" and experiment.saves and experiment.seed == 1


@pytest.mark.parametrize(
    ("script", "data_class"),
    [
        ("train_lstm_line_predictor_on_iam", "IamLinesDataset"),
        ("train_line_detector", "IamParagraphsDataset"),
    ],
)
def test_training_on_iam_says_what_is_missing(script: str, data_class: str, tmp_path: Path) -> None:
    _, *words = words_of(f"tasks/{script}.sh", tmp_path, f"--data_dir={tmp_path}")
    experiment = parse_flags(words)
    assert experiment.data_class == data_class
    with pytest.raises(InputError, match="^IAM is not there: put "):
        make_data(experiment)


def test_the_line_detector_is_trained_as_in_2019(tmp_path: Path) -> None:
    _, *words = words_of("tasks/train_line_detector.sh", tmp_path, "--seed=1")
    experiment = parse_flags(words)
    assert experiment.saves
    assert (experiment.model_class, experiment.network.n_blocks) == ("fcn", 7)
    assert (experiment.loss.optimizer, experiment.loss.lr) == ("Adam", 0.0005)
    assert experiment.loss.loss == "cross_entropy"
    assert experiment.trainer["max_epochs"] == "32"
    (data,) = experiment.data
    assert isinstance(data, LineMaskOptions)
    assert (data.batch_size, data.seed, data.size, data.mask_form) == (16, 1, 256, "outlines")


def test_prediction_tests_pass_arguments_on(tmp_path: Path) -> None:
    assert words_of("tasks/run_prediction_tests.sh", tmp_path, "-k", "line") == [
        "-m", "pytest", "-s", "text_recognizer/tests", "-k", "line",
    ]  # fmt: skip


def test_validation_tests_call_both_programs(tmp_path: Path) -> None:
    words = words_of("tasks/run_validation_tests.sh", tmp_path, "--data_dir=my data")
    doors = [f"{ROOT}/evaluation/evaluate_{kind}_predictor.py" for kind in ("character", "line")]
    assert words == [
        doors[0], "--min_accuracy=0.6", "--data_dir=my data",
        doors[1], "--min_accuracy=0.6", "--data_dir=my data",
    ]  # fmt: skip


@pytest.mark.slow
def test_the_test_of_training_learns(tmp_path: Path) -> None:
    run = subprocess.run(
        [str(ROOT / "training" / "tests" / "test_run_experiment.sh")],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    figures = dict(line.split(": ") for line in run.stdout.splitlines())
    assert float(figures["test_acc"]) > 0.8
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "flags", "title"),
    [
        ("emnist", [], "EMNIST"),
        ("emnist_lines", ["--text=project", "--num_train=9", "--num_val=3"], "EMNISTLines"),
    ],
)
def test_doors_of_data_sets_say_what_they_hold(
    name: str, flags: list[str], title: str, tmp_path: Path
) -> None:
    write_emnist_idx(tmp_path)
    words = [f"--data_dir={tmp_path}", *flags]
    run = run_script(f"{name}_dataset", tmp_path, *words, package="datasets")
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[0] == title
    door = ROOT / "text_recognizer" / "datasets" / f"{name}_dataset.py"
    assert len(door.read_text(encoding="utf-8").splitlines()) <= 20
