"""The images of text_recognizer/tests: in step with the program that draws them, and small."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from documents import ROOT
from PIL import Image
from programs import load_program

SUPPORT = ROOT / "text_recognizer" / "tests" / "support"


@pytest.fixture(scope="module")
def program() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "tasks"))
        yield load_program("tasks/draw_support_images.py")


def names(folder: str) -> list[str]:
    return sorted(path.name for path in (SUPPORT / folder).iterdir())


def test_images_are_those_of_the_program(program: ModuleType) -> None:
    assert names("emnist") == sorted(f"{name}.png" for name in program.CHARACTER_FACES)
    assert names("emnist_lines") == sorted(f"{name}.png" for name in program.LINE_FACES)
    assert names("paragraphs") == ["seven-lines.jpg", "seven-lines.txt"]
    for example in program.PARAGRAPHS:
        path = SUPPORT / "paragraphs" / example.file_name
        assert path.with_suffix(".txt").read_text(encoding="utf-8") == example.text


def test_characters_and_lines_look_as_the_data_modules_give_them() -> None:
    for folder, size in (("emnist", (28, 28)), ("emnist_lines", (952, 64))):
        for name in names(folder):
            image = Image.open(SUPPORT / folder / name)
            assert (image.size, image.mode) == (size, "L")
            pixels = np.asarray(image)
            assert pixels.max() == 255 and np.median(pixels) == 0


def test_images_are_small() -> None:
    assert sum(path.stat().st_size for path in SUPPORT.rglob("*")) < 120_000


def test_readme_names_the_fonts(program: ModuleType) -> None:
    text = (SUPPORT / "README.md").read_text(encoding="utf-8").lower()
    faces = {*program.CHARACTER_FACES.values(), *program.LINE_FACES.values()}
    faces |= {sheet.face for example in program.PARAGRAPHS for sheet in example.sheets}
    assert all(face.replace("-", " ") in text for face in faces)


@pytest.mark.parametrize("kind", ["emnist", "emnist_lines", "paragraph"])
def test_doors_say_what_they_need(kind: str, tmp_path: Path) -> None:
    door = SUPPORT / f"create_{kind}_support_files.py"
    assert len(door.read_text(encoding="utf-8").splitlines()) <= 20
    run = subprocess.run(
        [sys.executable, str(door), "--fonts", "nowhere", "--output", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "run tasks/install_fonts.sh nowhere first." in run.stderr
    assert len(run.stderr.splitlines()) == 1
