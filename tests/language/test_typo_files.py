"""The files that a corrector learns from, in the form of the second seed."""

import json
from pathlib import Path

import cv2
import pytest
from tiny_bundles import bar_network, draw_bars, write_tiny_bundle
from typer.testing import CliRunner

from text_recognizer.cli import app
from text_recognizer.errors import InputError
from text_recognizer.language.typo_files import read_pairs, read_texts, write_typo_files


def test_written_and_read_again(tmp_path: Path) -> None:
    pairs = [('a "b" é', "a b e"), ("", "x")]
    write_typo_files(tmp_path / "typo", pairs, ["one  line", "another\nline"])
    assert read_pairs(tmp_path / "typo") == pairs
    assert read_texts(tmp_path / "typo") == ["one line", "another line"]
    content = json.loads((tmp_path / "typo" / "validating.json").read_text(encoding="utf-8"))
    assert content == [['a "b" é', "a b e"], ["", "x"]]
    assert (tmp_path / "typo" / "text_train.txt").read_text() == "one line\nanother line\n"


@pytest.mark.parametrize("content", ["{}", "[1]", '[["a"]]', '[["a", 2]]', "nothing", "[" * 99_999])
def test_files_that_hold_no_pairs(tmp_path: Path, content: str) -> None:
    (tmp_path / "validating.json").write_text(content)
    with pytest.raises(InputError, match=r"validating\.json is not a JSON list of pairs"):
        read_pairs(tmp_path)


def test_missing_files_and_other_bytes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'text-recognizer corrector pairs' writes it"):
        read_texts(tmp_path)
    (tmp_path / "text_train.txt").write_bytes(b"caf\xe9")
    with pytest.raises(InputError, match="is not UTF-8"):
        read_texts(tmp_path)


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Two validation lines, of which one is read wrongly, and a training line."""
    folder = tmp_path / "bars"
    folder.mkdir()
    unclear = draw_bars("abba")
    unclear[: unclear.shape[0] - round(unclear.shape[0] * 11 / 32), 200:240] = 255
    rows = ["id\tsplit\twriter_or_document\ttext\tlanguage"]
    for name, split, text, image in (
        ("l0", "val", "abba", unclear),
        ("l1", "val", "b a", draw_bars("b a")),
        ("l2", "train", "ab \u2019a", draw_bars("ab")),
    ):
        cv2.imwrite(str(folder / f"{name}.png"), image)
        rows.append(f"{name}\t{split}\td\t{text}\tund")
    (folder / "lines.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def test_command_writes_what_the_model_makes_of_validation_lines(
    lines: Path, tmp_path: Path
) -> None:
    write_tiny_bundle(tmp_path / "tiny", network=bar_network(sharpness=60.0))
    typo = tmp_path / "dataset" / "typo"
    arguments = ["corrector", "pairs", str(lines), "--model", str(tmp_path / "tiny")]
    result = CliRunner().invoke(app, [*arguments, "--output", str(typo)])
    assert (result.exit_code, result.stdout) == (
        0,
        f"2 pairs and 1 transcriptions are in {typo}.\n",
    )
    assert read_pairs(typo) == [("abba", "abaa"), ("b a", "b a")]
    assert read_texts(typo) == ["ab 'a"]


def test_command_leaves_sources_out(lines: Path, tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path / "tiny")
    arguments = ["corrector", "pairs", str(lines), "--model", str(tmp_path / "tiny")]
    result = CliRunner().invoke(app, [*arguments, "--without", "x"])
    assert result.exit_code == 2
    assert result.stderr == f"--without: {lines} has no source x; it has bars.\n"
    result = CliRunner().invoke(app, [*arguments, "--without", "bars"])
    assert (result.exit_code, result.stderr) == (2, f"--without leaves no source of {lines}.\n")
