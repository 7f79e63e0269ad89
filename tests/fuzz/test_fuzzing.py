"""Whatever a stranger's file holds, it is read or refused by an error of the program.

`python tasks/fuzz_readers.py` tries many more cases. What once failed is kept in `kept`, by target.
"""

import importlib
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import ROOT, load_program

from text_recognizer.errors import BundleError, TextRecognizerError
from text_recognizer.ground_truth import read_lines
from text_recognizer.manifest import Manifest

sys.path.append(str(ROOT / "tasks"))  # the processes that read the cases import the program
fuzz = load_program("tasks/fuzz_readers.py")
KEPT = Path(__file__).parent / "kept"
N_CASES = 150
_PATIENCE = 120.0  # seconds: what hangs is found on a busy machine too, what is slow is not

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@pytest.mark.parametrize("target", sorted(fuzz.TARGETS))
def test_damaged_files_are_read_or_refused(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "MAX_SECONDS", _PATIENCE)
    failures = list(fuzz.fuzz(target, N_CASES, seed=7))
    assert [(failure.name, failure.reason) for failure in failures] == []


@pytest.mark.parametrize(
    "path", sorted(p for p in KEPT.rglob("*") if p.is_file()), ids=lambda path: path.name
)
def test_what_once_failed_is_read_or_refused(path: Path, tmp_path: Path) -> None:
    name = path.name.partition("-")[2]
    read = fuzz.TARGETS[path.parent.name].read
    assert fuzz.try_case(read, name, path.read_bytes(), tmp_path) is None


@pytest.mark.parametrize("target", sorted(fuzz.TARGETS))
def test_sound_files_are_read(target: str, tmp_path: Path) -> None:
    """Otherwise nothing behind the first check would ever be tried."""
    for name, data in fuzz.TARGETS[target].make_seeds().items():
        if target != "bundles" and name != "words.txt.gz":  # no sound network, no plain list
            fuzz.TARGETS[target].read(name, data, tmp_path)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("raise KeyError('x')", "KeyError: 'x'"),
        ("import os; os._exit(3)", "the process ended with 3"),
        ("import time; time.sleep(60)", "no answer within"),
        (
            "global kept; kept = bytearray(5 << 28); kept[::4096] = b'1' * (5 << 16)",
            "MiB of memory",
        ),
    ],
)
def test_failures_of_every_kind_are_seen(
    answer: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / f"broken_{abs(hash(answer))}.py"
    source = Path(fuzz.__file__).read_text(encoding="utf-8")
    body = f"""
def _broken(name, data, folder):
    if not data.startswith(b"%PDF-1"):  # the first case is damaged there
        {answer}


TARGETS = {{"""
    program.write_text(source.replace("TARGETS = {", body).replace("_read_images)", "_broken)"))
    monkeypatch.syspath_prepend(tmp_path)
    broken = importlib.import_module(program.stem)
    monkeypatch.setattr(broken, "MAX_SECONDS", 1.0 if "sleep" in answer else _PATIENCE)
    (failure,) = broken.fuzz("pdf", 1, seed=0)
    assert reason in failure.reason


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(CELL, min_size=1, max_size=6), max_size=5), st.booleans())
def test_any_table_is_read_or_refused(tmp_path_factory, rows, has_header) -> None:
    folder = tmp_path_factory.mktemp("table")
    header = [["id", "split", "writer_or_document", "text", "language"]] if has_header else []
    text = "\n".join("\t".join(row) for row in [*header, *rows])
    (folder / "lines.tsv").write_bytes(text.encode())
    try:
        samples = read_lines(folder)
    except TextRecognizerError:
        return
    assert all(sample.split in ("train", "validation", "test") for sample in samples)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_manifest_is_understood_or_refused(data) -> None:
    seeds = fuzz.TARGETS["bundles"].make_seeds()
    content = json.loads(seeds["manifest.json"])
    for key in data.draw(st.lists(st.sampled_from(sorted(content)), min_size=1, max_size=3)):
        content[key] = data.draw(JSON)
    try:
        manifest = Manifest.from_json(content)
    except BundleError:
        return
    assert manifest.symbols
