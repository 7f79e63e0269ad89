"""Sweep files of Weights & Biases: what they say, and what is refused in a sentence."""

import math
from pathlib import Path

import pytest
import yaml
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from text_recognizer.errors import InputError, OptionError
from text_recognizer.training.experiments.flags import parse_flags
from text_recognizer.training.sweeps.search_space import grid_point, grid_size, read_parameter
from text_recognizer.training.sweeps.sweep_file import Halving, Sweep, read_sweep

pytestmark = pytest.mark.train

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "training" / "sweeps").glob("*.yml"))
SMALL = """
program: training/run_experiment.py
method: random
metric: {name: val_loss, goal: minimize}
parameters:
  model_class: {value: CNN}
  lr: {values: [0.1, 0.01]}
"""


def sweep_of(text: str, folder: Path) -> Sweep:
    path = folder / "sweep.yml"
    path.write_text(text, encoding="utf-8")
    return read_sweep(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_shipped_files_are_read(path: Path) -> None:
    sweep = read_sweep(path)
    assert (ROOT / sweep.program).is_file()
    assert not any("wandb" in word for word in sweep.flags())
    assert "--wandb" in yaml.safe_load(path.read_text(encoding="utf-8"))["command"]


def test_the_sweep_of_2021() -> None:
    sweep = read_sweep(ROOT / "training" / "sweeps" / "emnist_lines2_line_cnn_transformer.yml")
    assert (sweep.method, sweep.metric, sweep.maximises) == ("random", "val_loss", False)
    assert sweep.halving == Halving(20)
    assert sweep.space["tf_layers"] == CategoricalDistribution([2, 4, 6])
    assert sweep.space["lr"] == CategoricalDistribution([0.01, 0.001, 0.0003])
    assert grid_size(sweep.space) == 2**6 * 3 * 3
    assert {"--window_stride=8", "--precision=16", "--num_workers=20", "--gpus=-1"} <= set(
        sweep.flags()
    )


def test_the_grids_of_2019() -> None:
    sweep = read_sweep(ROOT / "training" / "sweeps" / "emnist_mlp.yml")
    assert sweep.n_trials == 16
    experiment = parse_flags(sweep.flags(grid_point(sweep.space, 15)))
    assert experiment.model_class == "mlp"
    assert (experiment.network.layer_size, experiment.network.num_layers) == (256, 6)
    assert experiment.network.dropout_amount == 0.4
    assert experiment.data[0].batch_size == 128
    assert experiment.trainer["max_epochs"] == "5"
    assert read_sweep(ROOT / "training" / "sweeps" / "iam_line_lstm_ctc.yml").n_trials == 8


def test_the_sweep_that_runs_today_has_flags_that_there_are() -> None:
    sweep = read_sweep(ROOT / "training" / "sweeps" / "emnist_lines_line_cnn_lstm.yml")
    experiment = parse_flags(sweep.flags())
    assert (experiment.data_class, experiment.model_class) == ("EMNISTLines", "LineCNNLSTM")


def test_flags_are_given_as_wandb_gives_them(tmp_path: Path) -> None:
    text = SMALL + "  seed: {value: null}\n  learnable: {value: true}\n"
    text += "command: ['${env}', python3, '${program}', --wandb, --max_epochs=3, '${args}']\n"
    sweep = sweep_of(text, tmp_path)
    assert sweep.flags({"lr": 0.01}) == [
        "--max_epochs=3", "--model_class=CNN", "--learnable=True", "--lr=0.01"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"value": "Adam"}, "Adam"),
        ({"value": None}, None),
        ({"values": [1, "a", 0.5, True]}, CategoricalDistribution([1, "a", 0.5, True])),
        ({"min": 1, "max": 4}, IntDistribution(1, 4)),
        ({"min": 0.0, "max": 4}, FloatDistribution(0, 4)),
        ({"min": 1, "max": 4, "distribution": "uniform"}, FloatDistribution(1, 4)),
        (
            {"min": 8, "max": 64, "distribution": "q_uniform", "q": 8},
            IntDistribution(8, 64, step=8),
        ),
        (
            {"min": "1e-4", "max": 0.1, "distribution": "log_uniform_values"},
            FloatDistribution(1e-4, 0.1, log=True),
        ),
        (
            {"min": -2, "max": 0, "distribution": "log_uniform"},
            FloatDistribution(math.exp(-2), 1, log=True),
        ),
    ],
)
def test_parameters(content: object, expected: object) -> None:
    assert read_parameter("name", content) == expected


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (3, "lr holds value, values, or min and max, not 3."),
        ({"parameters": {}}, "lr is nested: write its parts with a dot, as lr.part."),
        ({"mu": 1, "sigma": 2}, "lr: mu, sigma is not known; value, values, distribution"),
        ({"values": []}, r"lr: values is a list, not \[\]."),
        ({"values": [[1]]}, r"lr: a value is text, a number, true or false, not \[1\]."),
        ({"min": 1}, "lr: max is a number, not None."),
        ({"min": 1, "max": ".inf"}, "lr: max is a number, not '.inf'."),
        ({"min": 2, "max": 1}, "lr: min 2 and max 1 do not go: "),
        ({"min": 1, "max": 2, "distribution": "beta"}, "lr: no distribution 'beta'; there are"),
        ({"min": 1, "max": 2, "distribution": ["x"]}, r"lr: no distribution \['x'\]; there are"),
        ({"min": 0, "max": 1, "distribution": "log_uniform_values"}, "min 0 and max 1 do not go"),
    ],
)
def test_parameters_that_say_nothing(content: object, sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        read_parameter("lr", content)


def test_points_of_a_grid() -> None:
    space = {"a": CategoricalDistribution(["x", "y"]), "b": IntDistribution(1, 3)}
    points = [tuple(grid_point(space, index).values()) for index in range(grid_size(space))]
    assert points == [("x", 1), ("x", 2), ("x", 3), ("y", 1), ("y", 2), ("y", 3)]
    seeds = {"seed": IntDistribution(1, 10**15)}  # more than memory holds
    assert grid_size(seeds) == 10**15
    assert grid_point(seeds, 10**14) == {"seed": 10**14 + 1}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("method: random", "method: guess"), "method is random, grid, bayes, not 'guess'."),
        (("method: random", "methods: x"), "The sweep has unknown keys: methods; there are"),
        (("training/run_experiment.py", "train.py"), "program is training/run_experiment.py, not"),
        (("val_loss", "test_loss"), "metric is test_loss, and the test split chooses nothing"),
        (("minimize", "smaller"), "metric.goal is minimize or maximize, not 'smaller'."),
        (("goal: minimize", "target: 1"), "metric has unknown keys: target"),
        (("method: random", "run_cap: 0"), "run_cap is at least 1, not 0."),
        (("method: random", "early_terminate: {type: x}"), "early_terminate: type is hyperband."),
        (("method: random", "early_terminate: {type: hyperband}"), "needs min_iter, or max_iter"),
        (
            ("method: random", "early_terminate: {type: hyperband, min_iter: 0}"),
            "min_iter is at least 1 and eta at least 2",
        ),
        (("method: random", "command: [python, train.py]"), r"command runs \$\{program\}"),
        (
            ("method: random", "command: ['${program}', '${args_json}', '${args}']"),
            r"command: \$\{args_json\} is no flag",
        ),
        (("values: [0.1, 0.01]", "min: 0.1, max: 1.0, q: x"), "lr: q is a number, not 'x'."),
    ],
)  # fmt: skip
def test_files_that_ask_for_what_there_is_not(
    change: tuple[str, str], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match=rf"sweep.yml: .*{sentence}"):
        sweep_of(SMALL.replace(*change), tmp_path)


def test_a_grid_needs_values_with_an_end(tmp_path: Path) -> None:
    text = SMALL.replace("random", "grid").replace("values: [0.1, 0.01]", "min: 0.1, max: 1.0")
    with pytest.raises(OptionError, match="method: grid needs the values of lr one by one"):
        sweep_of(text, tmp_path)


def test_early_ends_by_the_last_iteration(tmp_path: Path) -> None:
    text = SMALL + "early_terminate: {type: hyperband, max_iter: 27, s: 2}\n"
    assert sweep_of(text, tmp_path).halving == Halving(3)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a: [", "is no YAML: while parsing"),
        (b"\xff\xfe\x00", "is no YAML"),
        (b"- a", "is no sweep: it holds no keys such as method and parameters."),
    ],
)
def test_files_that_are_none(content: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "sweep.yml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        read_sweep(path)
    with pytest.raises(InputError, match="nowhere.yml cannot be read: No such file"):
        read_sweep(tmp_path / "nowhere.yml")
