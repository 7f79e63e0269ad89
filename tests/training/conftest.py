"""A tiny data set of drawn lines and options of a tiny network, enough to train for seconds."""

from pathlib import Path

import cv2
import pytest
from tiny_run import WORDS, draw_line, tiny_options

from text_recognizer.data import DataPaths
from text_recognizer.training.options import TrainingOptions


@pytest.fixture(scope="session")
def line_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `lines.tsv` and images: 20 training and 10 validation lines."""
    folder = tmp_path_factory.mktemp("drawn")
    rows = ["id\tsplit\twriter_or_document\ttext\tlanguage"]
    for i, text in enumerate(WORDS * 3):
        cv2.imwrite(str(folder / f"line-{i}.png"), draw_line(text))
        split = "train" if i < 20 else "val"
        rows.append(f"line-{i}\t{split}\tdocument-{i % 3}\t{text}\teng")
    (folder / "lines.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def data_paths(line_folder: Path) -> DataPaths:
    """Paths of the tiny data set."""
    return DataPaths(line_folder)


@pytest.fixture
def options() -> TrainingOptions:
    """Options of a tiny network."""
    return tiny_options()
