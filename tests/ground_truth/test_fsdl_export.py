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
           region(points=[[float("nan"), 0.1]] * 3)]  # fmt: skip
    degenerate = [region(points=[[0.5, 0.5]]), region(points=[[0.1, 0.1], [0.1, 0.2], [0.1, 0.3]])]
    kept = [region("first"), region(""), region(None)]
    rows = [page([*bad, *degenerate, *kept]), page(None, "http://a.example/2.jpg"), ""]
    export = read_export(write(tmp_path / "e.json", *rows))
    assert [r.text for r in export.pages[0].regions] == ["first", "", ""]
    assert (export.n_bad, export.n_degenerate, export.n_without_regions) == (7, 2, 1)
    assert export.notes() == [
        "The export has 2 pages, 1 of them without regions.",
        "3 regions, 2 of them without text; left out: 7 bad and 2 degenerate ones.",
    ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["{"], r"Line 1 of .*e\.json is no JSON"),
        ([page([]), "[]"], r"Line 2 of .*e\.json is no page: it has no address of an image"),
        ([page([], url="http://a.example")], "is no page"),
        ([], r"e\.json holds no pages"),
    ],
)
def test_a_damaged_export_is_named(tmp_path: Path, rows: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_export(write(tmp_path / "e.json", *rows))
    with pytest.raises(InputError, match=r"none\.json cannot be read"):
        read_export(tmp_path / "none.json")
