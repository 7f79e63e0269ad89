"""PAGE XML: the elements, their order and their attributes as the schema has them."""

import io
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from text_recognizer.formats import PageXmlWriter
from text_recognizer.formats.page_xml import page_to_xml
from text_recognizer.ground_truth.page_xml import read_page_xml
from text_recognizer.page import Line, Page, Region, Word

BOX = ((-1.0, 2.4), (90.5, 2.4), (90.5, 10.6), (-1.0, 10.6))
BASELINE = ((1.0, 8.0), (90.4, 8.0))
WORDS = (Word("Dear", 0.91239, BOX), Word("<Ruth>", 0.5, BOX))
LINES = (Line("l1", "Dear <Ruth>", 0.87654, BASELINE, BOX, WORDS), Line("l2", "", 0, BASELINE, BOX))
REGIONS = (Region("r1", BOX, LINES), Region("r2", BOX, (Line("l3", "x", 1, BASELINE, BOX),)))
PAGE = Page("scans/a.pdf", 2, 100, 200, REGIONS, dpi=150)

# Children in the order of the schema's sequences (pagecontent 2019-07-15), those that we write.
ORDER = {
    "PcGts": ["Metadata", "Page"],
    "Metadata": ["Creator", "Created", "LastChange", "Comments"],
    "Page": ["ReadingOrder", "TextRegion"],
    "ReadingOrder": ["OrderedGroup"],
    "OrderedGroup": ["RegionRefIndexed"],
    "RegionRefIndexed": [],
    "TextRegion": ["Coords", "TextLine", "TextEquiv"],
    "TextLine": ["Coords", "Baseline", "Word", "TextEquiv"],
    "Word": ["Coords", "TextEquiv"],
    "TextEquiv": ["Unicode"],
    "Unicode": [],
    "Coords": [],
    "Baseline": [],
    "Creator": [],
    "Created": [],
    "LastChange": [],
    "Comments": [],
}
REQUIRED = {
    "Page": {"imageFilename", "imageWidth", "imageHeight"},
    "OrderedGroup": {"id"},
    "RegionRefIndexed": {"index", "regionRef"},
    "TextRegion": {"id"},
    "TextLine": {"id"},
    "Word": {"id"},
    "Coords": {"points"},
    "Baseline": {"points"},
}


def _tree(page: Page = PAGE) -> etree._Element:
    text = page_to_xml(page, model=("m", "1"), created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    return etree.fromstring(text.encode())


def test_elements_stand_in_the_order_of_the_schema() -> None:
    for element in _tree().iter():
        name = etree.QName(element).localname
        allowed = ORDER[name]
        places = [allowed.index(etree.QName(child).localname) for child in element]
        assert places == sorted(places), name
        assert REQUIRED.get(name, set()) <= set(element.keys()), name


def test_ids_are_unique_and_references_lead_to_them() -> None:
    tree = _tree()
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert {ref.get("regionRef") for ref in tree.iter("{*}RegionRefIndexed")} == {"r1", "r2"}


def test_points_are_whole_pixels_inside_the_schema() -> None:
    points = {element.get("points") for element in _tree().iter("{*}Coords")}
    assert points == {"0,2 90,2 90,11 0,11"}


def test_the_file_reads_back(tmp_path: Path) -> None:
    with (tmp_path / "a.xml").open("w", encoding="utf-8") as stream:
        writer = PageXmlWriter(stream, model=("m", "1"))
        writer.write(PAGE)
        writer.fail("b.pdf", None, "broken")
        writer.close()
    content = read_page_xml(tmp_path / "a.xml")
    assert (content.image_name, content.width, content.height) == ("a.pdf", 100, 200)
    assert [(line.id, line.text) for line in content.lines] == [
        *(("l1", "Dear <Ruth>"), ("l2", ""), ("l3", "x"))
    ]
    assert content.lines[0].baseline == ((1, 8), (90, 8))


def test_confidences_and_origin_are_told() -> None:
    tree = _tree()
    assert [e.get("conf") for e in tree.iterfind(".//{*}TextLine/{*}TextEquiv")] == [
        *("0.8765", "0", "1")
    ]
    assert [e.get("conf") for e in tree.iterfind(".//{*}Word/{*}TextEquiv")] == ["0.9124", "0.5"]
    metadata = [element.text for element in tree.find("{*}Metadata")]
    assert metadata == [
        "text-recognizer, model m 1",
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05Z",
        "Page 2 of the file, drawn at 150 pixels an inch.",
    ]
    assert tree.findtext(".//{*}TextRegion/{*}TextEquiv/{*}Unicode") == "Dear <Ruth>\n"


def test_a_blank_page_is_complete() -> None:
    tree = _tree(Page("b.png", 1, 5, 6))
    assert list(tree.find("{*}Page")) == []
    stream = io.StringIO()
    PageXmlWriter(stream).write(Page("b.png", 1, 5, 6))
    assert stream.getvalue().startswith("<?xml version='1.0' encoding='UTF-8'?>")
