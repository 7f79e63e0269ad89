"""The notebooks run on miniatures of their data, and are kept without what running them prints."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from character_files import write_emnist_idx, write_unipen
from drawn_paragraphs import write_pages
from iam_miniature import write_iam
from nbclient import NotebookClient
from PIL import Image
from test_fsdl_handwriting import write_export

pytestmark = [
    pytest.mark.train,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of the Jupyter libraries
]

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))


def read(name: str) -> Any:
    (path,) = (own for own in NOTEBOOKS if own.stem == name or own.stem.startswith(f"{name}-"))
    return nbformat.read(path, as_version=4)


def parameters_of(notebook: Any) -> Any:
    (cell,) = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    return cell


def run(name: str, folder: Path, **parameters: object) -> tuple[str, list[Image.Image]]:
    """What a notebook prints and the pictures it shows, with other values in its first cell."""
    notebook = read(name)
    cell = parameters_of(notebook)
    given: dict[str, object] = {}
    exec(cell.source, given)
    assert parameters.keys() <= given.keys()
    cell.source = "\n".join(f"{key} = {value!r}" for key, value in parameters.items())
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    printed = "".join(output.text for output in outputs if output.get("name") == "stdout")
    pictures = [output.data["image/png"] for output in outputs if "data" in output]
    return printed, [Image.open(io.BytesIO(base64.b64decode(data))) for data in pictures]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_clean(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert path.stat().st_size < 20_000
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in notebook.cells:
        assert not cell.get("outputs") and cell.get("execution_count") is None
    assert "/home/" not in path.read_text(encoding="utf-8")
    assert "data_dir = None" in parameters_of(notebook).source


def test_characters(tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    write_emnist_idx(files)
    printed, pictures = run(
        "01",
        tmp_path,
        data_set="EMNIST",
        data_dir=str(files),
        share=0.5,
        epochs=1,
        logs=str(tmp_path / "logs"),
    )
    assert printed.startswith("EMNIST\n")
    assert "test_acc: " in printed
    assert len(pictures) == 4
    assert all(np.asarray(picture).min() < 100 for picture in pictures)
    assert (tmp_path / "logs" / "mlflow.db").is_file()


def test_lines_of_iam(tmp_path: Path) -> None:
    write_iam(tmp_path / "iam", "course")
    printed, pictures = run("03", tmp_path, data_dir=str(tmp_path), split="aachen")
    assert printed.startswith("IAM Dataset\nforms: 9\n")
    assert "samples: train 10, validation 4, test 6" in printed
    assert "lines are too long: --max_length=34 makes room" in printed
    assert len(pictures) == 3
    assert all(np.asarray(picture).min() < 100 for picture in pictures)


def test_lines(tmp_path: Path) -> None:
    glyphs = write_unipen(tmp_path / "glyphs")
    printed, pictures = run(
        "02",
        tmp_path,
        source="UnipenCharacters",
        source_dir=str(glyphs),
        data_dir=str(tmp_path / "lines"),
        text="project",
        num_lines=20,
    )
    assert printed.startswith("project-")
    assert "EMNISTLines\n" in printed and "EMNISTLines2\n" in printed
    ink = [int((np.asarray(picture) < 255).sum(axis=0).nonzero()[0][-1]) for picture in pictures]
    assert len(pictures) == 5
    assert ink[2] < ink[0], "lines with overlap are shorter"


SMALL_PARAGRAPHS = ["--height=96", "--width=112", "--max_length=60"]


def test_paragraphs(tmp_path: Path) -> None:
    folder = write_pages(tmp_path / "pages")
    printed, pictures = run(
        "04", tmp_path, pages="Open", data_dir=str(folder), more_flags=SMALL_PARAGRAPHS
    )
    for name in ("OpenParagraphs", "OpenSyntheticParagraphs", "OpenOriginalAndSyntheticParagraphs"):
        assert f"{name}\n" in printed
    assert "validation 3 lines: 1," in printed
    assert len(pictures) == 4
    assert all(np.asarray(picture).min() < 150 for picture in pictures)


def test_predictions_of_a_line_detector(tmp_path: Path) -> None:
    printed, pictures = run(
        "04b-look-at-line",
        tmp_path,
        data_set="OpenLineMasks",
        data_dir=str(write_pages(tmp_path / "pages")),
        network="UNet",
        checkpoint=None,
        epochs=1,
        size=64,
        logs=str(tmp_path / "logs"),
    )
    assert printed.startswith("OpenLineMasks\n") and "test_iou: " in printed
    assert [picture.width for picture in pictures] == [192, 192]
    truth = np.asarray(pictures[0].convert("RGB"))[:, 64:128].reshape(-1, 3)
    assert {(230, 120, 40), (40, 110, 220)} & {tuple(colour) for colour in truth.tolist()}


def test_predictions_of_paragraphs(tmp_path: Path) -> None:
    printed, pictures = run(
        "04b-look-at-paragraph",
        tmp_path,
        data_set="OpenParagraphs",
        data_dir=str(write_pages(tmp_path / "pages")),
        checkpoint=None,
        network=["--model_class=LineCNNTransformer", "--conv_dim=4", "--fc_dim=8", "--tf_dim=8",
                 "--tf_layers=1", "--tf_nhead=2", "--tf_fc_dim=8"],
        steps=2,
        more_flags=SMALL_PARAGRAPHS,
        logs=str(tmp_path / "logs"),
    )  # fmt: skip
    assert printed.startswith("OpenParagraphs\n") and "test_cer: " in printed
    assert printed.count("--- read as") == 4 and "Bread was dear\nthat winter" in printed
    assert len(pictures) == 3


def test_fsdl_handwriting(tmp_path: Path) -> None:
    export = write_export(tmp_path)
    printed, pictures = run("05", tmp_path, data_dir=str(tmp_path), export=str(export))
    assert printed.startswith("FSDLHandwriting\n")
    assert "\npage 0 begins\nand ends 0\n" in printed
    assert "FSDLHandwritingParagraphs\n" in printed
    assert len(pictures) == 3


def test_handwriting_recognition(tmp_path: Path) -> None:
    write_iam(tmp_path / "iam")
    printed, pictures = run(
        "handwriting_recognition",
        tmp_path,
        data_dir=str(tmp_path),
        epochs=1,
        network=["--rnn_hidden_states=4", "--max_seq_len=256"],
        output=str(tmp_path / "typo"),
        logs=str(tmp_path / "logs"),
    )
    assert "lines to train with, validation among them" in printed
    assert printed.count("[Label] ") == printed.count("[Pred]  ") > 0
    assert len(pictures) == 2 and pictures[0].size == (800, 60)
    pairs = json.loads((tmp_path / "typo" / "validating.json").read_text(encoding="utf-8"))
    assert pairs and all(len(pair) == 2 for pair in pairs)
    assert (tmp_path / "typo" / "text_train.txt").read_text(encoding="utf-8").strip()
