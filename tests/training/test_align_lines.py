"""tasks/align_lines.py: where the words of training lines stand, and which labels are doubted."""

import sys
from pathlib import Path

import cv2
import pytest
from programs import load_program
from tiny_bundles import COLUMN_PX, draw_bars, write_tiny_bundle

from text_recognizer.data.alignments import load_alignments

LINES = {"one": ("ab ba", "ab ba"), "two": ("bbbb", "aaaa"), "three": ("a a", "a a")}


@pytest.fixture(scope="module")
def task():
    return load_program("tasks/align_lines.py")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "bars" / "train"
    folder.mkdir(parents=True)
    for name, (drawn, text) in LINES.items():
        cv2.imwrite(str(folder / f"{name}.png"), draw_bars(drawn))
        (folder / f"{name}.gt.txt").write_text(text)
    return tmp_path / "bars"


def test_words_are_found_in_pixels_of_the_stored_image(task, data, tmp_path, capsys) -> None:
    bundle = write_tiny_bundle(tmp_path / "tiny").folder
    arguments = ["--data", str(data), "--output", str(tmp_path / "a.json")]
    sys.argv = ["align_lines.py", str(bundle), *arguments]
    assert task.main() == 0
    assert capsys.readouterr().out == "bars: 3 lines, 1 of them doubtful\n"
    found = {
        name.split("/")[-1]: line for name, line in load_alignments(tmp_path / "a.json").items()
    }
    assert {name: line.cer for name, line in found.items()} == {
        "one": 0.0,
        "two": 1.0,
        "three": 0.0,
    }
    (start, gap), (same, end) = found["one"].words
    # The bar of the blank stands at columns 20 to 24 of 44, with paper from 16 to 28 around it.
    assert (start, end) == (0.0, 44 * COLUMN_PX)
    assert gap == same and 16 * COLUMN_PX <= gap <= 28 * COLUMN_PX


def test_a_missing_model_is_named(task, data, tmp_path, capsys) -> None:
    sys.argv = ["align_lines.py", "none", "--data", str(data), "--output", str(tmp_path / "a")]
    assert task.main() == 1
    assert "none" in capsys.readouterr().err
