"""What the documents show runs: Python blocks are executed, shell lines name what exists."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
from documents import ROOT, SHELL, Block, all_blocks, commands

from text_recognizer.cli import app

PYTHON_BLOCKS = all_blocks("python")
COMMANDS = [
    pytest.param(command, id=f"{block.name} {command[:40]}")
    for block in all_blocks(*SHELL)
    for command in commands(block)
]
MODEL_USERS = ("Recognizer", "LinePredictor", "evaluate(")


@pytest.mark.parametrize("block", PYTHON_BLOCKS, ids=lambda block: block.name)
def test_python_block_runs(block: Block, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if any(word in block.code for word in MODEL_USERS):
        request.getfixturevalue("shipped_model")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", block.code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_readme_shows_python() -> None:
    blocks = [block for block in PYTHON_BLOCKS if block.document.name == "README.md"]
    assert blocks and len(blocks[0].code.strip().splitlines()) <= 5


@pytest.mark.parametrize("command", COMMANDS)
def test_shell_line_names_what_exists(command: str) -> None:
    words = shlex.split(command)
    while words and re.fullmatch(r"\w+=\S*", words[0]):  # settings before the command
        words.pop(0)
    words[0] = words[0].removeprefix(".venv/bin/")
    if words[0] == "text-recognizer":
        check_own_command(words[1:])
    elif words[0] == "make":
        assert set(targets(words[1:])) <= make_targets()
    elif words[:2] in (["python", "-m"], ["python3", "-m"]):
        check_module(words[2])
    elif words[0] in ("python", "python3") or "/" in words[0]:
        path = words[1] if words[0].startswith("python") else words[0]
        assert (ROOT / path).is_file()
    elif words[:2] == ["pip", "install"]:
        check_pip_install(words[2:])


def check_own_command(words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    if hasattr(command, "commands"):
        assert not words or words[0].startswith(("-", "[")), f"no command {words[0]}"
    known = {"--help"}
    for parameter in command.params:
        known |= {*parameter.opts, *parameter.secondary_opts}
    used = {word.strip("[]").split("=")[0] for word in words}
    assert {word for word in used if word.startswith("-")} <= known


def targets(words: list[str]) -> list[str]:
    return [word for word in words if "=" not in word]


def make_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))


def check_module(name: str) -> None:
    if name.startswith("text_recognizer"):
        path = ROOT / name.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()
    else:
        assert name in ("venv", "pip", "pytest")


def check_pip_install(words: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for word in words:
        match = re.fullmatch(r"(\.|text-recognizer)\[(.+)\]", word)
        if match:
            assert set(match[2].split(",")) <= set(project["optional-dependencies"])
        elif word.endswith(".txt"):
            assert (ROOT / word).is_file()
