"""docs/seeds.md maps every feature, defect and command of the lessons to something that exists."""

import re
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest
from documents import ROOT

PAGE = ROOT / "docs" / "seeds.md"
N_FEATURES = {"1.1": 24, "1.2": 13, "1.3": 14, "1.4": 18, "1.5": 20, "1.6": 5, "1.7": 4}
N_DEFECTS, N_COMMANDS = 50, 52
IDS = [
    *(f"{part}-{row}" for part, n_rows in N_FEATURES.items() for row in range(1, n_rows + 1)),
    *(f"D-{number:02}" for number in range(1, N_DEFECTS + 1)),
    "D-16b",
    *map(str, range(1, N_COMMANDS + 1)),
]
_ROW = re.compile(r"^\| (\d\.\d-\d+|D-\d\d\w?|\d+) \|(.*)\|(.*)\|(.*)\|$", re.MULTILINE)
_QUOTED = re.compile(r"`([^`]+)`")
ROWS = [match.groups() for match in _ROW.finditer(PAGE.read_text(encoding="utf-8"))]


@cache
def program() -> str:
    """Everything that the program and its tests consist of, as one text."""
    folders = ("text_recognizer", "training", "evaluation", "tests", "tasks")
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    own = Path(__file__)
    return "\n".join(path.read_text(encoding="utf-8") for path in files if path != own)


@cache
def flags() -> set[str]:
    """Flags of experiments and of the command line."""
    pytest.importorskip("torch", reason="experiments need the extra train")
    from text_recognizer.models import SEED_NETWORKS
    from text_recognizer.training.experiments import flags as door
    from text_recognizer.training.experiments.options import ExperimentLossOptions
    from text_recognizer.training.experiments.registry import DATA_CLASSES
    from text_recognizer.training.experiments.trainer_flags import FLAGS

    options = [
        ExperimentLossOptions,
        *(kind.options for kind in SEED_NETWORKS.values()),
        *(kind.options_class for kind in DATA_CLASSES.values()),
    ]
    named = {f"--{field.name}" for kind in options for field in fields(kind)}
    named |= {f"--{name}" for name in FLAGS}
    sources = [Path(door.__file__), *Path(door.__file__).parent.glob("*.py")]
    written = [path.read_text(encoding="utf-8") for path in sources]
    written.append((ROOT / "docs" / "command-line.md").read_text(encoding="utf-8"))
    return named | {flag for text in written for flag in re.findall(r"--[a-z][a-z_-]+", text)}


def is_there(name: str) -> bool:
    """Whether a file, flag, command or name in the program exists."""
    if name.startswith("--"):
        return name.partition("=")[0] in flags()
    first = name.split()[0]
    if first in ("make", "text-recognizer"):
        return name.split()[1] in (ROOT / "Makefile").read_text() + (
            ROOT / "docs" / "command-line.md"
        ).read_text(encoding="utf-8")
    if (ROOT / name).exists():
        return True
    return "/" not in name and re.search(rf"\b{re.escape(name)}\b", program()) is not None


def test_no_id_is_missing_and_none_is_twice() -> None:
    assert sorted(row[0] for row in ROWS) == sorted(IDS)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_what_a_row_names_exists(row: tuple[str, str, str, str]) -> None:
    _, _, where, how = row
    places = _QUOTED.findall(where)
    assert places
    assert [place for place in places if not (ROOT / place).exists()] == []
    now = how.partition("Later:")[0]
    assert [name for name in _QUOTED.findall(now) if not is_there(name)] == []


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_what_is_not_built_says_so(row: tuple[str, str, str, str]) -> None:
    """A row that names only a folder, or this page, is of something later."""
    _, _, where, how = row
    places = [ROOT / place for place in _QUOTED.findall(where)]
    if all(place.is_dir() or place == PAGE for place in places):
        is_plain_folder = row[0] in ("1.4-13", "1.5-10", "D-23", "9")
        assert is_plain_folder or "Later:" in how


@pytest.mark.shared
def test_rows_are_those_of_the_study(shared_folder: Path) -> None:
    study = shared_folder / "study" / "seeds.md"
    if not study.exists():
        pytest.skip("the study of the lessons is not here")
    text = study.read_text(encoding="utf-8")
    for part, n_rows in N_FEATURES.items():
        section = text.split(f"## {part} ")[1].split("\n## ")[0].split("\n---")[0]
        rows = [line for line in section.splitlines() if line.startswith("|")]
        assert len(rows) - 2 == n_rows, part
    assert set(re.findall(r"^\| (D-\d\d\w?) \|", text, re.MULTILINE)) == {
        name for name in IDS if name.startswith("D-")
    }
    commands = text.split("# 5. What a user")[1]
    assert set(re.findall(r"^\| (\d+) \|", commands, re.MULTILINE)) == {
        name for name in IDS if name.isdigit()
    }
