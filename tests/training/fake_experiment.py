"""An experiment on made-up data that trains in seconds: in this process, or in one of its own."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from character_files import UNIPEN_CHARACTERS, write_idx, write_unipen
from tiny_run import LIBRARY_WARNINGS

from text_recognizer.training.experiments.flags import parse_flags
from text_recognizer.training.experiments.run import Outcome, run_experiment

EXPERIMENT_WARNINGS = [
    *LIBRARY_WARNINGS,
    pytest.mark.filterwarnings("ignore:.*smaller than the logging interval.*"),
    pytest.mark.filterwarnings("ignore:.*exists and is not empty.*"),
    pytest.mark.filterwarnings("ignore:The dirpath has changed"),
    pytest.mark.filterwarnings("ignore:You requested to overfit"),
    pytest.mark.filterwarnings("ignore:.*could not find the monitored key.*"),
]
QUIET = ["--gpus=0", "--logger=0", "--progress_bar_refresh_rate=0", "--weights_summary=none"]
FAKE = [
    "--data_class=FakeImageData", "--learnable", "--num_samples=256", "--batch_size=32",
    "--model_class=CNN", "--conv_dim=8", "--fc_dim=32", *QUIET,
]  # fmt: skip
PROGRAM = [sys.executable, "-m", "text_recognizer.training.experiments"]


def run(words: list[str], folder: Path) -> Outcome:
    return run_experiment(parse_flags(words), folder)


def chequered_lines(folder: Path) -> list[str]:
    """Flags of a few lines whose characters are chequered, each in its own way."""
    glyphs = write_unipen(folder / "glyphs")
    rng = np.random.default_rng(0)
    tiles = rng.integers(0, 2, (len(UNIPEN_CHARACTERS), 4, 4)).astype(np.uint8) * 250
    images = tiles.repeat(7, axis=1).repeat(7, axis=2).repeat(3, axis=0)  # three of each class
    for split in ("train", "val", "test"):
        write_idx(glyphs / f"unipen-chars-{split}-images-idx3-ubyte.gz", images)
    return [
        "--data_class=EMNISTLines", f"--data_dir={folder}", "--source=UnipenCharacters",
        f"--source_dir={glyphs}", "--text=project", "--num_train=64", "--num_val=16",
        "--num_test=16", "--batch_size=16", "--max_overlap=0", *QUIET,
    ]  # fmt: skip


class Child:
    """An experiment in a process of its own."""

    def __init__(self, words: list[str], folder: Path) -> None:
        self.folder = folder
        self._metrics = folder / "metrics.jsonl"
        own = [f"--default_root_dir={folder}", f"--metrics_file={self._metrics}"]
        self.process = subprocess.Popen(
            [*PROGRAM, *words, *own], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    @property
    def last_checkpoint(self) -> Path:
        return self.folder / "checkpoints" / "last.ckpt"

    def rows(self) -> list[dict[str, Any]]:
        lines = self._metrics.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def wait_for_validations(self, n: int) -> None:
        """Until so many are recorded, and the checkpoint of the one before is written."""
        while not self._metrics.exists() or len(self.rows()) < n:
            assert self.process.poll() is None, self.process.communicate()[1]
            time.sleep(0.02)

    def end(self) -> tuple[int, str, str]:
        """Exit code, standard output, and standard error."""
        out, err = self.process.communicate(timeout=180)
        return self.process.returncode, out, err
