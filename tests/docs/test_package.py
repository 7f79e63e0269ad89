"""The package's own data agree with each other: version, changelog, recipes, what is installed."""

import re
import tomllib
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any

import pytest
from documents import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NOT_RECIPES = ("sources.toml",)
RECIPES = [path for path in sorted(ROOT.glob("recipes/*.toml")) if path.name not in NOT_RECIPES]


def test_changelog_begins_with_the_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (\d+\.\d+\.\d+)", text, re.MULTILINE)
    assert versions[0] == PROJECT["project"]["version"]
    assert len(set(versions)) == len(versions)


def test_installed_version_is_this_one() -> None:
    assert version("text-recognizer") == PROJECT["project"]["version"]


def test_command_is_installed() -> None:
    (command,) = entry_points(group="console_scripts", name="text-recognizer")
    assert callable(command.load())


def test_there_are_recipes() -> None:
    assert RECIPES


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_recipe_loads(path: Path) -> None:
    from text_recognizer.training.options import load_recipe
    from text_recognizer.training.tasks import task_of

    options = load_recipe(path)
    assert options.name == path.stem
    task = task_of(options)
    assert len(task.symbols(options, path.parent)) > 80 or task.name == "finder"


def test_wheel_holds_the_examples_and_where_raw_data_come_from() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["text_recognizer"]
    assert wheel["exclude"] == ["/text_recognizer/datasets", "/text_recognizer/tests"]
    assert wheel["force-include"] == {
        "data/raw": "text_recognizer/data/raw",
        "examples": "text_recognizer/examples",
    }


def test_constraints_are_what_the_extras_allow() -> None:
    from packaging.requirements import Requirement

    extras = PROJECT["project"]["optional-dependencies"]
    allowed = {
        requirement.name: requirement.specifier
        for requirement in map(Requirement, [*extras["train"], *extras["dev"]])
    }
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line and not line.startswith("#"):
            name, _, pinned = line.partition("==")
            assert allowed[name].contains(pinned), line
