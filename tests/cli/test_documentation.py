"""docs/command-line.md is what the commands themselves say."""

from pathlib import Path
from types import ModuleType

import pytest
import typer
from programs import load_program

from text_recognizer.cli import app

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "command-line.md"


@pytest.fixture(scope="module")
def program() -> ModuleType:
    return load_program("tasks/write_command_line_docs.py")


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
