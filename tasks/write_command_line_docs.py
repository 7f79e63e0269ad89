"""Writes docs/command-line.md from the commands themselves.

Use: python tasks/write_command_line_docs.py
"""

from inspect import cleandoc
from pathlib import Path
from typing import Any

import typer

from text_recognizer.cli import app

TARGET = Path(__file__).parents[1] / "docs" / "command-line.md"
PROGRAM = "text-recognizer"
HEAD = """\
# Command line

<!-- Written by tasks/write_command_line_docs.py from the commands themselves. -->

Exit codes: 0 all was done; 1 something failed, and a sentence on standard error names it; 2 wrong
usage. `read` goes on after an input that cannot be read.
"""


def render() -> str:
    """The page, in Markdown."""
    program: Any = typer.main.get_command(app)
    sections = [HEAD, *_sections(program, PROGRAM)]
    return "\n".join(sections)


def _sections(command: Any, path: str) -> list[str]:
    """Sections of a command and of the commands under it."""
    sections = [_section(command, path)]
    for name, inner in getattr(command, "commands", {}).items():
        sections += _sections(inner, f"{path} {name}")
    return sections


def _section(command: Any, path: str) -> str:
    arguments = [_name(parameter) for parameter in command.params if _is_argument(parameter)]
    inner = "COMMAND ..." if hasattr(command, "commands") else ""
    usage = " ".join(filter(None, [path, *arguments, "[OPTIONS]", inner]))
    lines = [f"## `{path}`", "", "```", usage, "```", "", cleandoc(command.help or ""), ""]
    rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
    if rows:
        lines += ["| | |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _is_argument(parameter: Any) -> bool:
    return not parameter.opts[0].startswith("-")


def _name(parameter: Any) -> str:
    """How an argument or option is written, with what it takes."""
    several = "..." if parameter.nargs == -1 else ""
    if _is_argument(parameter):
        return f"{parameter.metavar}{several}"
    if parameter.is_flag:
        return str(parameter.opts[0])
    return f"{parameter.opts[0]} {parameter.metavar}"


def _row(parameter: Any) -> str:
    """A row of the table of arguments and options."""
    name = _name(parameter).replace("|", "\\|")
    text = parameter.help or ""
    if parameter.required:
        text += " Required."
    elif parameter.default not in (None, False, (), []):
        text += f" Default: {parameter.default}."
    return f"| `{name}` | {text} |"


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
