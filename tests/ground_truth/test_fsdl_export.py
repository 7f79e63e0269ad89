"""Exports of a labelling service: one bad region costs that region only."""

import json
from pathlib import Path
from typing import Any

import pytest

from text_recognizer.errors import InputError
from text_recognizer.ground_truth.fsdl_handwriting import read_export

SQUARE = [[0.1, 0.2], [0.5, 0.2], [0.5, 0.3], [0.1, 0.3]]


def region(text: Any = "hello", points: Any = SQUARE, **values: Any) -> dict[str, Any]:
    return {"label": ["line"], "shape": "polygon", "points": points, "notes": text,
            "imageWidth": 1274, "imageHeight": 1653, **values}  # fmt: skip


def page(annotation: Any, url: str = "http://a.example/b/page_0088.jpg") -> str:
    return json.dumps({"content": url, "annotation": annotation, "extras": None, "metadata": {}})


def write(path: Path, *rows: str) -> Path:
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_regions_have_boxes_and_texts_from_top_to_bottom(tmp_path: Path) -> None:
    lower = [[0.2, 0.6], [0.4, 0.7]]  # opposite corners
    export = read_export(write(tmp_path / "e.json", page([region("low", lower), region(" a  b ")])))
    (own,) = export.pages
    assert own.name == "page_0088.jpg" and own.url == "http://a.example/b/page_0088.jpg"
    assert [r.text for r in own.regions] == ["a b", "low"]
    assert own.regions[0].box == (127, 330, 637, 495)
    assert own.regions[1].points == ((0.2, 0.6), (0.4, 0.6), (0.4, 0.7), (0.2, 0.7))


def test_what_is_wrong_is_skipped_and_counted_and_the_page_goes_on(tmp_path: Path) -> None:
    missing = region()
    del missing["points"]
    bad = ["no region", missing, region(points=[["x", 1]]), region(points=[[0.1]]),
           region(points=[]), region(imageWidth=None),
           region(points=[[float("nan"), 0.1]] * 3), region(points=7), region(points=[3, 4]),
           region(points=[[0.1, 0.2], [1e308, 0.2], [0.5, 0.3]]), region(imageWidth=10**400),
           region(points=[[0.1, 0.2], [float("inf"), 0.2], [0.5, 0.3]]),
           region(points=[[0.1, 0.2], [1.2, 0.2], [0.5, -0.4]]), region("\ud800")]  # fmt: skip
    degenerate = [region(points=[[0.5, 0.5]]), region(points=[[0.1, 0.1], [0.1, 0.2], [0.1, 0.3]])]
    kept = [region("first"), region(""), region(None)]
    rows = [page([*bad, *degenerate, *kept]), page(None, "http://a.example/2.jpg"), ""]
    export = read_export(write(tmp_path / "e.json", *rows))
    assert [r.text for r in export.pages[0].regions] == ["first", "", ""]
    assert (export.n_bad, export.n_degenerate, export.n_without_regions) == (14, 2, 1)
    assert export.notes() == [
        "The export has 2 pages, 1 of them without regions.",
        "3 regions, 2 of them without text; left out: 14 bad and 2 degenerate ones.",
    ]


@pytest.mark.parametrize("annotation", [5, "all", {"points": SQUARE}, True])
def test_an_annotation_that_is_no_list_is_a_bad_one(tmp_path: Path, annotation: Any) -> None:
    rows = [page(annotation, "http://a.example/1.jpg"), page([region()], "http://a.example/2.jpg")]
    export = read_export(write(tmp_path / "e.json", *rows))
    assert [len(own.regions) for own in export.pages] == [0, 1]
    assert (export.n_bad, export.n_without_regions) == (1, 0)


def test_regions_may_reach_over_the_edge_a_little(tmp_path: Path) -> None:
    over = [[-0.02, 0.2], [1.03, 0.2], [1.03, 0.3], [-0.02, 0.3]]
    (own,) = read_export(write(tmp_path / "e.json", page([region("wide", over)]))).pages
    assert own.regions[0].points[0] == (-0.02, 0.2)
    assert own.regions[0].box == (0, 330, 1274, 495)


@pytest.mark.parametrize(
    "row",
    [
        page([region("again")]),
        page([region()], "http://[bad/a.png"),
        page([region()], "http://a.example/b/.."),
        page([region()], "http://a.example/"),
        page([region()], "http://a.example/a\\b.png"),
        page([region()], "http://a.example/a\0b.png"),
        page([region()], "http://a.example/\ud800.png"),
        page([region()], f"http://a.example/{'a' * 300}.png"),
        page([region(imageWidth=1)]).replace('"imageWidth": 1', f'"imageWidth": {"9" * 5000}'),
        page(None, "http://a.example/2.jpg").replace("null", "[" * 9999 + "]" * 9999),
    ],
    ids=["twice", "no-address", "above", "nameless", "backslash", "null", "surrogate", "long",
         "digits", "nested"],
)  # fmt: skip
def test_pages_without_a_name_of_their_own_are_left_out(tmp_path: Path, row: str) -> None:
    export = read_export(write(tmp_path / "e.json", page([region("first")]), row))
    assert [[r.text for r in own.regions] for own in export.pages] == [["first"]]
    assert (export.n_bad_pages, export.n_bad, export.n_without_regions) == (1, 0, 0)
    assert (
        export.notes()[1] == "1 pages are left out: they have no name of their own, or cannot "
        "be parsed."
    )


def test_only_newlines_end_a_line_and_a_mark_may_begin_the_file(tmp_path: Path) -> None:
    text = "one\u2028two\u0085three"
    row = json.dumps({"content": "http://a.example/1.jpg", "annotation": [region(text)]},
                     ensure_ascii=False)  # fmt: skip
    path = tmp_path / "e.json"
    path.write_text(f"\ufeff{row}\r\n", encoding="utf-8")
    (own,) = read_export(path).pages
    assert own.regions[0].text == "one two three"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["{"], r"Line 1 of .*e\.json is no JSON"),
        ([page([]), "[]"], r"Line 2 of .*e\.json is no page: it has no address of an image"),
        ([page([], url="http://a.example")], r"e\.json holds no pages"),
        (['{"content": 5}'], r"Line 1 of .*e\.json is no page"),
        ([], r"e\.json holds no pages"),
    ],
)
def test_a_damaged_export_is_named(tmp_path: Path, rows: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_export(write(tmp_path / "e.json", *rows))
    with pytest.raises(InputError, match=r"none\.json cannot be read"):
        read_export(tmp_path / "none.json")
