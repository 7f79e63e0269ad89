"""The benchmark on composed pages: its settings, its rows, its picture."""

import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_pages import write_page
from programs import load_program

SENTENCES = ("seven apples lie under the tree", "and the postman waves at us") * 4


@pytest.fixture(scope="module")
def benchmark():
    return load_program("benchmarks/composed_pages.py")


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A folder with one validation page of eight drawn lines."""
    write_page(tmp_path / "drawn" / "val", "a", SENTENCES)
    return tmp_path / "drawn"


def test_disturbances_are_those_that_the_program_knows(benchmark) -> None:
    content = tomllib.loads(benchmark.SETTINGS.read_text())
    disturbances = {n: benchmark.Disturbance(**v) for n, v in content["disturbances"].items()}
    assert disturbances["perspective"].tilt == 0.15
    assert disturbances["shadow"].shadow == 0.4
    assert disturbances["bleed-through"].back == 0.2
    assert disturbances["rotation"].turn == 10
    assert disturbances["touching"].gap == 0.8
    assert disturbances["none"] == benchmark.Disturbance()
    assert benchmark.Settings(**content["pages"]).count >= 20


def test_a_row_for_each_disturbance(benchmark, pages, tmp_path, capsys, monkeypatch) -> None:
    settings = tmp_path / "few.toml"
    settings.write_text(
        "[pages]\ncount = 2\nlines = 6\nseed = 1\nindent = 20\nwander = 0.02\n"
        "[disturbances.none]\n[disturbances.all]\nturn = 3.0\ntilt = 0.03\nshadow = 0.2\n"
        'back = 0.1\ndesk = 0.01\nrules = "ruled"\ngap = 1.2\n'
    )
    monkeypatch.setattr(benchmark, "SETTINGS", settings)
    sheet = tmp_path / "sheet.png"
    assert benchmark.main(["--data", str(pages), "--sheet", str(sheet)]) == 0
    rows = capsys.readouterr().out.splitlines()[2:]
    assert rows[0] == "| none | 12 | 100.00 | 100.00 |"
    assert rows[1].startswith("| all | 12 | ")
    picture = cv2.imread(str(sheet))
    assert picture.shape[0] == 500
    is_red = (picture[..., 2] > 180) & (picture[..., :2].max(axis=2) < 120)
    assert np.count_nonzero(is_red) > 100


def test_data_without_pages_of_the_split(benchmark, pages, capsys) -> None:
    assert benchmark.main(["--data", str(pages), "--split", "train"]) == 1
    assert capsys.readouterr().err == f"{pages} has no train page of 5 lines.\n"
