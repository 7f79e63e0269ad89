"""Every command but `read`: what it prints and how it ends."""

import builtins
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest
from drawn_paragraphs import DrawnPage, write_pages
from tiny_bundles import draw_bars, recurrent_network, write_tiny_bundle
from tiny_paragraphs import write_tiny_paragraphs
from typer.testing import CliRunner, Result

from text_recognizer import bundle as bundles
from text_recognizer import cli
from text_recognizer.manifest import MeasuredCer, TrainingData

COMMANDS = ("read", "demo", "evaluate", "train", "export", "sheet", "sweep", "models")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, list(map(str, arguments)))


def check(result: Result, *, out: str = "", err: str = "", code: int = 0) -> None:
    assert (result.stdout, result.stderr, result.exit_code) == (out, err, code)


@pytest.fixture
def artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which models are looked up."""
    folder = tmp_path / "artifacts"
    folder.mkdir()
    monkeypatch.setattr(bundles, "bundle_places", lambda: (folder,))
    return folder


def write_lines(folder: Path, texts: dict[str, str], split: str = "test") -> Path:
    """A data set of drawn bars whose stored text may differ from what is drawn."""
    folder.mkdir()
    rows = ["id\tsplit\twriter_or_document\ttext\tlanguage"]
    for number, (drawn, stored) in enumerate(texts.items()):
        assert cv2.imwrite(str(folder / f"l{number}.png"), draw_bars(drawn))
        rows.append(f"l{number}\t{split}\td{number}\t{stored}\ten")
    (folder / "lines.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


# The program.


def test_without_a_command_help_is_shown() -> None:
    assert "Usage: " in run().output


def test_version() -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("text-recognizer")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Usage: text-recognizer {command}" in result.stdout


def test_unknown_command() -> None:
    result = run("write")
    assert result.exit_code == 2
    assert "No such command 'write'." in result.stderr


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom text_recognizer.cli import app\n"
        "try: app(['read', '--help'])\nexcept SystemExit: pass\n"
        "print([n for n in ('torch', 'onnxruntime', 'cv2', 'numpy', 'lxml', 'PIL', 'rich')"
        " if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


# demo


def test_demo_reads_the_samples(
    artifacts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tiny_bundle(artifacts / "tiny")
    shutil.copytree(bundles.PACKAGE_FOLDER / "line-finder", artifacts / "line-finder")
    monkeypatch.setattr(cli, "__file__", str(tmp_path / "package" / "cli.py"))
    (tmp_path / "examples").mkdir()
    cv2.imwrite(str(tmp_path / "examples" / "a.png"), draw_bars("ab"))
    result = run("demo", "--model", "tiny", "--threads", "1")
    assert (result.stderr, result.exit_code) == ("", 0)
    assert result.stdout.startswith("--- a.png, page 1\n")


def test_demo_of_the_package_comes_before_that_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "__file__", str(tmp_path / "package" / "cli.py"))
    (tmp_path / "examples").mkdir()
    assert cli._examples() == tmp_path / "examples"
    (tmp_path / "package" / "examples").mkdir(parents=True)
    assert cli._examples() == tmp_path / "package" / "examples"


def test_demo_without_samples(
    artifacts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tiny_bundle(artifacts / "tiny")
    shutil.copytree(bundles.PACKAGE_FOLDER / "line-finder", artifacts / "line-finder")
    monkeypatch.setattr(cli, "__file__", str(tmp_path / "package" / "cli.py"))
    sentence = "The sample pages are missing: install the program again.\n"
    check(run("demo", "--model", "tiny"), err=sentence, code=1)


def test_samples_of_the_repository_are_found() -> None:
    assert any(path.suffix == ".jpg" for path in cli._examples().iterdir())


# evaluate


def test_evaluate(artifacts: Path, tmp_path: Path) -> None:
    write_tiny_bundle(artifacts / "tiny")
    data = write_lines(tmp_path / "bars", {"ab ba": "ab ba", "aabb": "aaba"})
    target = tmp_path / "report.json"
    result = run("evaluate", data, "--model", "tiny", "--json", target, "--threads", "1")
    assert (result.stderr, result.exit_code) == ("", 0)
    assert result.stdout.startswith("Model tiny 1\nbars, test split, text form latin-ascii-1\n")
    content = json.loads(target.read_text(encoding="utf-8"))
    assert content["model"] == {"name": "tiny", "version": "1"}
    assert content["rows"][-1]["cer"] == pytest.approx(1 / 9)
    assert [line["hypothesis"] for line in content["lines"]] == ["ab ba", "aabb"]


def test_evaluate_without_data(artifacts: Path, tmp_path: Path) -> None:
    write_tiny_bundle(artifacts / "tiny")
    result = run("evaluate", tmp_path / "none", "--model", "tiny")
    assert (result.stdout, result.exit_code) == ("", 1)
    assert str(tmp_path / "none") in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_evaluate_report_that_cannot_be_written(artifacts: Path, tmp_path: Path) -> None:
    write_tiny_bundle(artifacts / "tiny")
    data = write_lines(tmp_path / "bars", {"ab": "ab"})
    result = run("evaluate", data, "--model", "tiny", "--json", tmp_path)
    assert result.exit_code == 1
    assert result.stderr == f"{tmp_path} cannot be written: Is a directory.\n"


def test_evaluate_paragraphs(artifacts: Path, tmp_path: Path) -> None:
    """The tiny model reads `ab` in light images; with a line of ink around it, it is light."""
    write_tiny_paragraphs(artifacts / "whole")
    data = write_pages(tmp_path / "pages", [DrawnPage("a", "test", "one", ("ab",))])
    target = tmp_path / "report.json"
    arguments = ("evaluate", data, "--unit", "paragraph", "--model", "whole", "--json", target)
    result = run(*arguments, "--beam", "2", "--no-guard")
    assert (result.stderr, result.exit_code) == ("", 0)
    assert result.stdout.startswith("Model tiny 1\npages, test split, text form latin-ascii-1\n")
    assert "\nletters           1      1       0.0   0.0       0\n" in result.stdout
    content = json.loads(target.read_text(encoding="utf-8"))
    assert (content["unit"], content["rows"][0]["cer"]) == ("paragraph", 0.0)
    refused = (
        "Paragraphs are read without language model, lexicon and corrector: leave these out.\n"
    )
    check(run(*arguments, "--lexicon", target), err=refused, code=2)


def test_quantise_measures_paragraphs(artifacts: Path, tmp_path: Path) -> None:
    write_tiny_paragraphs(artifacts / "whole")
    data = write_pages(tmp_path / "pages", [DrawnPage("a", "val", "one", ("ab",))])
    result = run("models", "quantise", "whole", "--output", tmp_path / "twin", "--data", data)
    assert (result.stderr, result.exit_code) == ("", 0)
    assert "Time for a paragraph of 100 characters: " in result.stdout
    assert result.stdout.endswith("CER on validation, all: 0.00 %, twin 0.00 %.\n")


def test_evaluate_pages_by_their_lines(tmp_path: Path) -> None:
    model = write_tiny_bundle(tmp_path / "tiny").folder
    data = write_pages(tmp_path / "pages", [DrawnPage("a", "test", "one", ("We went home",))])
    result = run("evaluate", data, "--unit", "page", "--model", model)
    assert (result.stderr, result.exit_code) == ("", 0)
    assert "\nsource   paragraphs  lines  repeated   lost  flawed\n" in result.stdout


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--unit", "page", "--stages"), "--stages and --confusions are for --unit line."),
        (("--beam", "2"), "--beam and --no-guard are for --unit paragraph."),
        (("--no-guard",), "--beam and --no-guard are for --unit paragraph."),
        (
            ("--stages", "--confusions", "3"),
            "--stages prints a table, and neither --json nor --confusions.",
        ),
    ],
)
def test_evaluate_options_that_contradict(options, sentence, tmp_path: Path) -> None:
    check(run("evaluate", tmp_path, *options), err=f"{sentence}\n", code=2)


# models


def test_no_models(artifacts: Path) -> None:
    check(run("models"), out="There are no models.\n")


def test_models_are_listed(artifacts: Path) -> None:
    write_tiny_bundle(artifacts / "tiny", licence="CC0-1.0")
    write_tiny_bundle(artifacts / "a-longer-name", name="a-longer-name")
    (artifacts / "tiny" / "manifest.json").replace(artifacts / "tiny" / "manifest.json")
    longer, tiny = run("models", "list").stdout.splitlines()
    assert longer.split() == ["a-longer-name", "1", "line", str(artifacts / "a-longer-name")]
    assert tiny.split() == ["tiny", "1", "line", "CC0-1.0", str(artifacts / "tiny")]
    assert run("models").stdout == run("models", "list").stdout


def test_damaged_manifest_is_listed_with_its_problem(artifacts: Path) -> None:
    write_tiny_bundle(artifacts / "tiny")
    (artifacts / "tiny" / "manifest.json").write_text("{")
    (line,) = run("models").stdout.splitlines()
    assert line.startswith("tiny ") and "is not JSON" in line


def test_model_is_shown(artifacts: Path) -> None:
    write_tiny_bundle(
        artifacts / "tiny",
        training_data=(TrainingData("bars", "CC0-1.0", "Drawn by nobody"),),
        cer=(MeasuredCer("bars", "test", 0.0712, 0.06, 0.085, note="all lines"),),
    )
    lines = run("models", "show", "tiny").stdout.splitlines()
    shown = {line[:20].strip(): line[20:] for line in lines}
    assert shown["name:"] == "tiny"
    assert shown["characters:"] == "ab "
    assert shown["CER bars:"] == "7.12 % (95 %: 6.0 to 8.5), test, all lines"
    assert shown["trained on:"] == "bars, CC0-1.0"
    assert shown[":"] == "Drawn by nobody"


def test_model_is_verified(artifacts: Path) -> None:
    folder = write_tiny_bundle(artifacts / "tiny").folder
    check(run("models", "verify", "tiny"), out=f"{folder} is whole: 2 files agree.\n")
    (folder / "config.json").unlink()
    sentence = f"{folder / 'config.json'} is missing: copy the whole model folder again.\n"
    check(run("models", "verify", "tiny"), err=sentence, code=1)


def test_unknown_model(artifacts: Path) -> None:
    sentence = "No model is called nobody: there are none.\n"
    check(run("models", "show", "nobody"), err=sentence, code=1)


def test_model_is_quantised(artifacts: Path, tmp_path: Path) -> None:
    write_tiny_bundle(artifacts / "tiny", network=recurrent_network())
    twin = tmp_path / "tiny-int8"
    result = run("models", "quantise", "tiny", "--output", twin)
    assert (result.stderr, result.exit_code) == ("", 0)
    assert result.stdout.startswith(f"The twin is in {twin}.\nSize: ")
    assert bundles.load_bundle(twin).manifest.name == "tiny-int8"
    sentence = f"{twin} holds a model already: choose another folder.\n"
    check(run("models", "quantise", "tiny", "--output", twin), err=sentence, code=1)
    assert run("models", "quantise", "tiny", "--output", twin, "--overwrite").exit_code == 0


def test_twin_is_measured_on_validation(artifacts: Path, tmp_path: Path) -> None:
    write_tiny_bundle(artifacts / "tiny", network=recurrent_network())
    data = write_lines(tmp_path / "data", {"ab": "abc"}, split="val")
    result = run("models", "quantise", "tiny", "--output", tmp_path / "twin", "--data", data)
    assert (result.stderr, result.exit_code) == ("", 0)
    found = re.findall(r"CER on validation, (\w+): ([0-9.]+) %, twin ([0-9.]+) %\.", result.stdout)
    assert [name for name, _, _ in found] == ["data", "all"]
    assert all(float(rate) > 0 for row in found for rate in row[1:])


# train, export, sheet: they need what a base install lacks.


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "r.toml", "--data", "d"],
        ["export", "a.ckpt", "--output", "o"],
        ["sheet", "r.toml", "--data", "d", "--output", "o.png"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_without_torch_a_sentence_says_how_to_get_it(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(sys.modules):
        if name.split(".")[0] == "torch" or name.startswith(
            ("text_recognizer.training", "text_recognizer.data", "text_recognizer.models")
        ):
            monkeypatch.delitem(sys.modules, name)
    real_import = builtins.__import__

    def without_torch(name: str, *rest: Any, **named: Any) -> Any:
        if name.split(".")[0] in ("torch", "lightning"):
            raise ModuleNotFoundError(f"No module named {name!r}", name="torch")
        return real_import(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without_torch)
    sentence = (
        "This command needs torch, which is not installed: pip install 'text-recognizer[train]'.\n"
    )
    check(run(*arguments), err=sentence, code=1)


def test_module_of_ours_that_is_missing_is_no_missing_extra() -> None:
    with pytest.raises(ModuleNotFoundError), cli._needs_training():
        raise ModuleNotFoundError("x", name="text_recognizer.training.nothing")


@pytest.mark.parametrize("command", ["train", "sheet"])
def test_recipe_and_data_are_needed(command: str) -> None:
    assert run(command).exit_code == 2
    assert run(command, "recipe.toml").exit_code == 2
