"""What is mixed up in pairs of texts, and what it costs."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_bundles import write_tiny_bundle

from text_recognizer.bundle import Bundle, write_bundle
from text_recognizer.errors import BundleError
from text_recognizer.language.confusions import (
    CONFUSIONS_FILE,
    Confusions,
    find_confusions,
    load_confusions,
)
from text_recognizer.language.weighted_edits import weighted_distance


@pytest.mark.parametrize(
    ("true", "read", "found"),
    [
        ("hat", "hat", []),
        ("hat", "hot", [("a", "o")]),
        ("in it", "m it", [("in", "m")]),
        ("so, it", "so it", [(",", "")]),
        ("cat", "coat", [("", "o")]),
        ("abcd", "wxyz", [("a", "w"), ("b", "x"), ("c", "y"), ("d", "z")]),
        ("", "ab", [("", "ab")]),
    ],
)
def test_pieces_that_were_read_as_something_else(
    true: str, read: str, found: list[tuple[str, str]]
) -> None:
    assert find_confusions(true, read) == found


def test_counts() -> None:
    confusions = Confusions.of([("hat cat", "hot cot"), ("", ""), ("a", "a")])
    assert confusions.most_frequent(1) == [("a", "o", 2)]
    assert confusions.written["a"] == 3
    assert confusions.written["at"] == 2
    assert confusions.written[""] == 8 + 1 + 2


def test_what_is_mixed_up_often_costs_little() -> None:
    often, seldom = [("hat", "hot")] * 12, [("hat", "hut"), ("tap", "tp")] * 8
    costs = Confusions.of([*often, *seldom, *[("hat u", "hat u")] * 50]).costs()
    found = [weighted_distance("a", read, costs) for read in ("o", "u", "x")]
    assert found == sorted(set(found))
    assert found[-1] == 2.0  # x has no costs of its own
    assert weighted_distance("a", "", costs) < weighted_distance("t", "", costs)
    assert weighted_distance("hat", "hat", costs) == 0.0


def test_costs_without_any_confusion() -> None:
    costs = Confusions.of([("hat", "hat")]).costs()
    assert weighted_distance("hat", "hut", costs) > 0


@given(st.lists(st.tuples(st.text("abé \n", max_size=6), st.text('abé"', max_size=6)), max_size=8))
def test_confusions_are_kept_as_json(pairs: list[tuple[str, str]]) -> None:
    confusions = Confusions.of(pairs)
    again = Confusions.from_json(confusions.to_json())
    assert again.pieces == confusions.pieces
    assert again.written == Counter({c: n for c, n in confusions.written.items() if len(c) < 2})
    assert (again.costs().replaced == confusions.costs().replaced).all()


def _with_file(tmp_path: Path, content: str) -> Bundle:
    bundle = write_tiny_bundle(tmp_path / "plain")
    files = {name: bundle.folder / name for name in bundle.manifest.files}
    return write_bundle(
        tmp_path / "tiny", bundle.manifest, {**files, CONFUSIONS_FILE: content.encode()}
    )


def test_a_bundle_may_hold_confusions(tmp_path: Path) -> None:
    confusions = Confusions.of([("hat", "hot")])
    found = load_confusions(_with_file(tmp_path, confusions.to_json()))
    assert found is not None
    assert found.pieces == confusions.pieces
    assert load_confusions(write_tiny_bundle(tmp_path / "other")) is None


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"confusions": [1], "written": {}}', '{"confusions": [], "written": 3}',
     '{"confusions": [["a", "b", -1]], "written": {}}',
     '{"confusions": [["a", "b", 1e999]], "written": {}}', "[" * 100_000],
)  # fmt: skip
def test_files_that_hold_no_confusions(tmp_path: Path, content: str) -> None:
    with pytest.raises(BundleError, match=r"confusions\.json holds no confusions"):
        load_confusions(_with_file(tmp_path, content))
