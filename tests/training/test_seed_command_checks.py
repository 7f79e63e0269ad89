"""The program that checks the lessons' commands: what it calls right and wrong."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from programs import environment, load_program

pytestmark = pytest.mark.train

ROOT = Path(__file__).parents[2]
METADATA = "update_fsdl_paragraphs_metadata.sh"


@pytest.fixture(scope="module")
def program() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "tasks"))
        yield load_program("tasks/check_seed_commands.py")


@pytest.fixture
def checks(program: ModuleType) -> ModuleType:
    return sys.modules["seed_command_checks"]


def result(checks: ModuleType, code: int = 0, output: str = "", errors: str = "") -> object:
    return checks.Result(code, output, errors, Path("nowhere"))


def test_figures_have_to_be_numbers(checks: ModuleType) -> None:
    check = checks.gives("test_acc", "test_cer")
    assert check(result(checks, 0, "test_acc: 0.5\ntest_cer: 0.25\n")) is None
    assert check(result(checks, 0, "test_acc: 0.5\n")) == "no figure test_cer"
    assert check(result(checks, 0, "test_acc: 0.5\ntest_cer: nan\n")) == "no figure test_cer"
    assert check(result(checks, 1, "test_acc: 0.5\ntest_cer: 0.25\n")) == "exit code 1"


def test_a_refusal_is_a_sentence_at_the_end(checks: ModuleType) -> None:
    check = checks.is_refused("44 steps")
    assert check(result(checks, 2, "", "There is no GPU.\nIt gives 44 steps.\n")) is None
    assert check(result(checks, 0, "", "It gives 44 steps.")) == "exit code 0"
    assert check(result(checks, 1, "", "")) == "no sentence"
    assert check(result(checks, 1, "", "Traceback\n44 steps")) == "a traceback"
    assert "says nothing of '44 steps'" in check(result(checks, 1, "", "44 steps\nAnd then."))


def test_what_is_left_has_to_be_new(checks: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "a" / "weights"
    file.parent.mkdir()
    file.write_text("")
    then = file.stat().st_mtime
    check = checks.leaves("weights")
    assert check(checks.Result(0, "", "", tmp_path, then - 1)) is None
    assert check(checks.Result(0, "", "", tmp_path, then + 1)) == "leaves no weights"


def test_training_has_to_leave_a_checkpoint(checks: ModuleType, tmp_path: Path) -> None:
    output = "test_loss: 1\nval_loss: 1\nbest checkpoint: best.ckpt\n"
    outcome = checks.Result(0, output, "", tmp_path)
    assert checks.trains()(outcome) == "no checkpoint is left"
    (tmp_path / "best.ckpt").write_text("")
    assert checks.trains()(outcome) is None


def test_files_and_documents(checks: ModuleType) -> None:
    nothing = result(checks)
    assert checks.exists("tasks/lint.sh", runs=True)(nothing) is None
    assert checks.exists("tasks/nowhere.sh")(nothing) == "is not there"
    assert checks.exists("README.md", runs=True)(nothing) == "cannot be started"
    assert checks.document_says("README.md", "# text-recognizer")(nothing) is None
    assert "says nothing of 'horses'" in checks.document_says("README.md", "horses")(nothing)


def test_paths_of_commands_are_those_of_the_clone(checks: ModuleType, tmp_path: Path) -> None:
    door = "python training/update_metadata.py nowhere/metadata.toml"
    outcome = checks.run(door, tmp_path, cache=tmp_path)
    assert outcome.exit_code == 1
    assert outcome.errors.startswith("nowhere/metadata.toml cannot be read")
    assert checks.run("no-such-program", tmp_path, cache=tmp_path).exit_code == 127


def test_the_table_is_in_order_and_its_programs_are_named(program: ModuleType) -> None:
    numbers = [command.number for command in program.COMMANDS]
    assert numbers == sorted(numbers)
    assert set(range(13, 32)) <= set(numbers)
    first = {command.typed.split()[0] for command in program.COMMANDS if command.runs}
    scripts = {word for word in first if "/" in word and not word.startswith("{files}")}
    assert all((ROOT / script).is_file() for script in scripts)
    assert first - scripts <= {
        "make",
        "python",
        "pytest",
        "text-recognizer",
        f"{{files}}/clone/tasks/{METADATA}",
    }


def test_rows_are_run_and_counted(tmp_path: Path) -> None:
    run = subprocess.run(
        [str(ROOT / "tasks" / "check_seed_commands.sh"), "2", "22", "36"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines() == [
        "ok    2 git lfs install",
        "ok   22 explain CER and greedy decode",
        f"ok   36 tasks/{METADATA}",
        "3 passed, 0 failed",
    ]
    assert not list(tmp_path.iterdir())


def test_rows_that_share_records_share_a_folder(program: ModuleType) -> None:
    about = sys.modules["seed_commands"].about
    rows = [about(number, "", None) for number in (1, 3, 3, 5, 13, 13)]
    groups = [(place, len(own)) for place, own in program.groups(rows)]
    assert groups == [("row-0", 1), ("records", 3), ("row-4", 1), ("row-5", 1)]


def test_what_is_wrong_is_said(
    program: ModuleType,
    checks: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    missing = sys.modules["seed_commands"].about(7, "the moon", checks.exists("moon"))
    monkeypatch.setattr(program, "COMMANDS", (missing,))
    monkeypatch.setattr(sys, "argv", ["check_seed_commands.py"])
    assert program.main() == 1
    expected = "FAIL  7 the moon\n        is not there\n0 passed, 1 failed\n"
    assert capsys.readouterr().out == expected
