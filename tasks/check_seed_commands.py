"""Runs the commands that the lessons show, on tiny data, and checks what each of them does.

    tasks/check_seed_commands.sh [NUMBER ...]

`seed_commands.py` holds the table.
"""

import argparse
import importlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from pathlib import Path

from seed_command_checks import ROOT, Result, run
from seed_commands import COMMANDS, LENET, METADATA_TASK, MLP, Command

N_AT_ONCE = 2
SHARE_RECORDS = (3, 4, 5, 6)
"""Rows that look at the same records, one after the other."""


def make_files(folder: Path) -> None:
    """Miniatures of EMNIST, IAM and pages, experiments as JSON, and the metadata of a clone."""
    sys.path.insert(0, str(ROOT / "tests" / "training"))
    (folder / "data").mkdir()
    importlib.import_module("character_files").write_emnist_idx(folder / "data")
    sys.path.insert(0, str(ROOT / "tests" / "runtime"))
    importlib.import_module("iam_miniature").write_iam(folder / "data" / "iam", "course")
    importlib.import_module("drawn_paragraphs").write_pages(folder / "pages")
    experiments = {"experiment_group": "two", "experiments": [json.loads(MLP), json.loads(LENET)]}
    (folder / "two.json").write_text(json.dumps(experiments), encoding="utf-8")
    raw = Path("data", "raw", "fsdl_handwriting")
    for path in (f"tasks/{METADATA_TASK}", "training/update_metadata.py", raw / "metadata.toml"):
        target = folder / "clone" / path
        target.parent.mkdir(parents=True)
        shutil.copy(ROOT / path, target)
    (folder / "clone" / raw / "fsdl_handwriting.json").write_text("{}", encoding="utf-8")


def groups(commands: Sequence[Command]) -> Iterator[tuple[str, list[Command]]]:
    """Commands that share a folder, and its name."""
    places = (
        "records" if command.number in SHARE_RECORDS else f"row-{place}"
        for place, command in enumerate(commands)
    )
    pairs = groupby(zip(places, commands, strict=True), key=lambda pair: pair[0])
    return ((place, [command for _, command in own]) for place, own in pairs)


def check_group(files: Path, group: tuple[str, list[Command]]) -> list[tuple[bool, str]]:
    """Of each command of a group, whether it is right, and a line that says so, or two."""
    folder = files / group[0]
    folder.mkdir()
    return [check(command, files, folder) for command in group[1]]


def check(command: Command, files: Path, folder: Path) -> tuple[bool, str]:
    """Whether a command is right when it is run in a folder, and what to print."""
    result = Result(0, "", "", folder)
    if command.runs:
        words = f"{command.typed} {command.tiny}"
        for name, path in (("{data}", files / "data"), ("{files}", files)):
            words = words.replace(name, str(path))
        result = run(words, folder, cache=files / "cache")
    problem = command.check(result)
    shown = command.typed.replace("{files}/clone/", "").replace("{files}/", "")
    if problem is None:
        return True, f"ok   {command.number:2} {shown}"
    reasons = [problem, *result.errors.strip().splitlines()[-1:]]
    return False, f"FAIL {command.number:2} {shown}\n        {': '.join(reasons)}"


def main() -> int:
    """Run the commands, a line of output each; 1 if one does not do what it should."""
    parser = argparse.ArgumentParser(description="Run the commands that the lessons show.")
    parser.add_argument(
        "numbers", type=int, nargs="*", metavar="NUMBER", help="of rows; 5 and 6 need 3"
    )
    numbers = parser.parse_args().numbers
    chosen = [command for command in COMMANDS if not numbers or command.number in numbers]
    n_passed = 0
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(N_AT_ONCE) as pool:
        make_files(Path(name))
        for outcomes in pool.map(partial(check_group, Path(name)), groups(chosen)):
            for is_right, line in outcomes:
                print(line, flush=True)
                n_passed += is_right
    print(f"{n_passed} passed, {len(chosen) - n_passed} failed")
    return 0 if n_passed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
