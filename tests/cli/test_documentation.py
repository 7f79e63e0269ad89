"""docs/command-line.md is what the commands themselves say."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import typer

from text_recognizer.cli import app

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "command-line.md"


@pytest.fixture(scope="module")
def program() -> ModuleType:
    path = ROOT / "tasks" / "write_command_line_docs.py"
    specification = importlib.util.spec_from_file_location("write_command_line_docs", path)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_page_is_current(program: ModuleType) -> None:
    advice = "run: python tasks/write_command_line_docs.py"
    assert PAGE.read_text(encoding="utf-8") == program.render(), advice


def test_every_command_and_option_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        assert f"## `text-recognizer {name}`" in page
        for parameter in command.params:
            assert parameter.help, f"{name} {parameter.name} has no help"
            assert parameter.help in page
