"""The command of an experiment as text that a shell takes, on other machines, too."""

import shlex
from collections.abc import Sequence
from pathlib import Path

PROGRAM = "training/run_experiment.py"


def command_line(words: Sequence[str]) -> str:
    """`python training/run_experiment.py` with quoted words; paths as `relative_path` has them."""
    return shlex.join(["python", PROGRAM, *map(_with_relative_path, words)])


def relative_path(path: Path) -> str:
    """The path from the working folder if it leads into it, with slashes; else as it is."""
    here = Path.cwd()
    if path.is_absolute() and path.is_relative_to(here):
        path = path.relative_to(here)
    return path.as_posix()


def _with_relative_path(word: str) -> str:
    flag, equals, value = word.partition("=")
    if not (equals and flag.startswith("--")):
        flag, equals, value = "", "", word
    return f"{flag}{equals}{relative_path(Path(value)) if Path(value).is_absolute() else value}"
