"""What a command of the lessons came to, and whether that is what it should.

A check takes what a command came to and gives a sentence on what is wrong, or None.
"""

import json
import math
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_TIMEOUT_S = 300.0
_FIGURE = re.compile(r"^(\w+): (\S+)$", re.MULTILINE)
_CHECKPOINT = re.compile(r"^best checkpoint: (.+)$", re.MULTILINE)
_ACCOUNTS = ("WANDB_API_KEY", "MLFLOW_TRACKING_URI")


@dataclass(frozen=True)
class Result:
    """What a command came to.

    Attributes:
        exit_code: 0 if all went well.
        output: its standard output.
        errors: its standard error.
        folder: where it was started.
        started: when, in seconds since 1970.
    """

    exit_code: int
    output: str
    errors: str
    folder: Path
    started: float = 0.0

    @property
    def figures(self) -> dict[str, float]:
        """Lines `name: number` by their names."""
        return {name: float(value) for name, value in _FIGURE.findall(self.output)}

    @property
    def checkpoint(self) -> Path:
        """The best checkpoint that the output names; `none` in the folder if it names none."""
        found = _CHECKPOINT.search(self.output)
        return self.folder / (found[1] if found else "none")


Check = Callable[[Result], str | None]


def run(command: str, folder: Path, *, cache: Path) -> Result:
    """Run a command of the clone in another folder.

    Args:
        command: as typed in the clone: its paths are those of the clone.
        folder: where it is started; pytest is started in the clone, for its settings.
        cache: takes the place of the user's cache.
    """
    words = [_in_clone(word) for word in shlex.split(command)]
    if words[0] == "python":
        words[0] = sys.executable
    elif words[0] == "pytest":
        words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words[1:]]
    started = time.time()
    place = ROOT if "pytest" in words or words[0] == "make" else folder
    try:
        done = subprocess.run(
            words,
            cwd=place,
            env=_environment(folder, cache),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Result(127, "", str(error), folder)
    return Result(done.returncode, done.stdout, done.stderr, folder, started)


def _in_clone(word: str) -> str:
    """A path of the clone made absolute; other words stay."""
    is_path = not word.startswith("-") and "/" in word and (ROOT / word).exists()
    return str(ROOT / word) if is_path else word


def _environment(folder: Path, cache: Path) -> dict[str, str]:
    """This clone and this Python first; no account of the user is found."""
    kept = {name: value for name, value in os.environ.items() if name not in _ACCOUNTS}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    own = {"PATH": path, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cache)}
    return {**kept, **own, "NETRC": str(folder / "no-netrc"), "PYTHONDONTWRITEBYTECODE": "1"}


def all_of(*checks: Check) -> Check:
    """The first that is wrong."""

    def check(result: Result) -> str | None:
        return next((problem for one in checks if (problem := one(result))), None)

    return check


def succeeds(*texts: str) -> Check:
    """Exit code 0, and texts that the output holds."""

    def check(result: Result) -> str | None:
        if result.exit_code:
            return f"exit code {result.exit_code}"
        missing = [text for text in texts if text not in result.output + result.errors]
        return f"says nothing of {missing[0]!r}" if missing else None

    return check


def gives(*names: str) -> Check:
    """Exit code 0, and numbers by these names."""

    def check(result: Result) -> str | None:
        if result.exit_code:
            return f"exit code {result.exit_code}"
        figures = result.figures
        missing = [name for name in names if not math.isfinite(figures.get(name, math.nan))]
        return f"no figure {missing[0]}" if missing else None

    return check


def trains(*names: str) -> Check:
    """`gives`, and a checkpoint."""

    def check(result: Result) -> str | None:
        return None if result.checkpoint.is_file() else "no checkpoint is left"

    return all_of(gives("test_loss", "val_loss", *names), check)


def is_refused(*texts: str) -> Check:
    """Another exit code, and at the end of standard error one sentence that holds the texts."""

    def check(result: Result) -> str | None:
        lines = result.errors.strip().splitlines()
        if not result.exit_code:
            return "exit code 0"
        if not lines or "Traceback" in result.errors:
            return "no sentence" if not lines else "a traceback"
        missing = [text for text in texts if text not in lines[-1]]
        return f"its last line says nothing of {missing[0]!r}" if missing else None

    return check


def leaves(pattern: str) -> Check:
    """A new file in the folder, by its name or the end of its path."""

    def check(result: Result) -> str | None:
        times = (path.stat().st_mtime for path in result.folder.rglob(pattern))
        return (
            None if any(written >= result.started for written in times) else f"leaves no {pattern}"
        )

    return check


def checkpoint_holds(what: str, count: Callable[[Mapping[str, object]], int], n: int) -> Check:
    """A number that is counted in the best checkpoint."""

    def check(result: Result) -> str | None:
        import torch

        content = torch.load(result.checkpoint, map_location="cpu", weights_only=True)
        found = count(content)
        return None if found == n else f"{found} {what} in place of {n}"

    return check


def exists(path: str, *, runs: bool = False) -> Check:
    """A file of the clone that is no pointer to one elsewhere.

    Args:
        path: from the clone's root.
        runs: whether it can be started.
    """

    def check(_: Result) -> str | None:
        file = ROOT / path
        if not file.is_file():
            return "is not there"
        if file.read_bytes().startswith(b"version https://git-lfs"):
            return "is a pointer of git lfs"
        return None if not runs or os.access(file, os.X_OK) else "cannot be started"

    return check


def document_says(path: str, *texts: str) -> Check:
    """A document of the clone that holds the texts."""

    def check(_: Result) -> str | None:
        content = (ROOT / path).read_text(encoding="utf-8")
        missing = [text for text in texts if text not in content]
        return f"{path} says nothing of {missing[0]!r}" if missing else None

    return check


def is_notebook(path: str) -> Check:
    """A notebook with code."""

    def check(_: Result) -> str | None:
        cells = json.loads((ROOT / path).read_text(encoding="utf-8"))["cells"]
        return None if any(cell["cell_type"] == "code" for cell in cells) else "holds no code"

    return all_of(exists(path), check)
