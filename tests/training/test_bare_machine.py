"""Training needs torch, lightning, numpy, OpenCV, Pillow, safetensors and onnx only."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.train

_ROOT = Path(__file__).parents[2]
_BLOCKED = ("onnxruntime", "typer", "lxml", "mlflow", "pypdfium2")
_PROGRAM = """
import sys, runpy

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: (
    None if name.split(".")[0] in {blocked!r} else real(name, package)
)
sys.meta_path.insert(0, Absent())
sys.argv = ["training", *{arguments!r}]
runpy.run_module("text_recognizer.training", run_name="__main__", alter_sys=True)
"""


def test_training_runs_without_the_runtime(line_folder: Path, tmp_path: Path) -> None:
    settings = [
        "network.lstm_dim=16", "network.stem=4", "network.groups=[[1,4],[1,4],[1,8]]",
        "trainer.processes=1", "data.validation_sources=[]", "data.shares={}", "data.criterion={}",
        "data.short_lines_first=0", "trainer.validation_lines=4",
    ]  # fmt: skip
    arguments = [str(_ROOT / "recipes" / "line-cpu.toml"), "--data", str(line_folder)]
    arguments += ["--max-steps", "2"]
    for setting in settings:
        arguments += ["--set", setting]
    result = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(blocked=_BLOCKED, arguments=arguments)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert "Parity of the export is pending: onnxruntime is not installed here." in result.stderr
    assert (tmp_path / "artifacts" / "line-cpu" / "model.onnx").is_file()
    assert (tmp_path / "runs" / "line-cpu" / "csv" / "metrics.csv").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.toml", "--data", "."], "The recipe none.toml cannot be read"),
        (
            ["{recipe}", "--data", "none"],
            "The data none does not exist; give a data set by --data.",
        ),
        (
            ["{recipe}", "--data", ".", "--max-time", "00:01:00", "--max-steps", "2"],
            "Give --max-time or --max-steps, not both.",
        ),
        (["{recipe}", "--data", ".", "--cooldown"], "--cooldown needs --resume DIR"),
        (["{recipe}", "--data", ".", "--base", "none"], "No model is called none"),
    ],
)
def test_wrong_arguments_are_one_sentence(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    recipe = str(_ROOT / "recipes" / "line-cpu.toml")
    result = subprocess.run(
        [sys.executable, "-m", "text_recognizer.training"]
        + [argument.format(recipe=recipe) for argument in arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1
