"""Pages as HTML: complete in one file, safe, with text and places that point at each other."""

import base64
import io
import re

import cv2
import numpy as np
from lxml import html

from text_recognizer.formats import HtmlWriter
from text_recognizer.formats.html import page_to_html
from text_recognizer.page import Line, Page, Region, Word

BOX = ((1.0, 2.0), (90.5, 2.0), (90.5, 10.0), (1.0, 10.0))
BASELINE = ((1.0, 8.0), (90.5, 8.0))


def _line(name: str, *words: tuple[str, float]) -> Line:
    text = " ".join(word for word, _ in words)
    return Line(name, text, 0.9, BASELINE, BOX, tuple(Word(*word, BOX) for word in words))


LINES = (
    _line("l1", ("Dear", 0.95), ("<script>alert('1')</script>", 0.79), ("&amp;", 0.49)),
    _line("l2", ("Yours,", 0.8)),
)
REGIONS = (Region("r1", BOX, LINES), Region("r2", BOX, (_line("l3", ("Ruth", 0.5)),)))
PAGE = Page('letters/a"<b>.pdf', 2, 100, 200, REGIONS, dpi=200)


def _tree(page: Page = PAGE, image: np.ndarray | None = None):
    return html.fromstring(page_to_html(page, image, model=("m", "1")))


def test_text_stands_line_by_line_in_regions() -> None:
    sections = _tree().findall(".//section")
    texts = [[line.text_content() for line in section.findall("p")] for section in sections]
    assert texts == [["Dear <script>alert('1')</script> &amp;", "Yours,"], ["Ruth"]]


def test_what_was_read_is_never_markup() -> None:
    tree = _tree()
    assert len(tree.findall(".//script")) == 1  # our own
    assert tree.findtext(".//h1") == 'a"<b>.pdf, page 2'
    assert tree.findtext(".//title") == 'a"<b>.pdf, page 2'


def test_lines_and_places_point_at_each_other() -> None:
    tree = _tree()
    names = {element.get("id"): element for element in tree.iter() if element.get("id")}
    for line in PAGE.lines:
        (link,) = names[line.id].findall("a")
        place = names[link.get("href")[1:]]
        assert place.get("href") == f"#{line.id}"
        assert place.get("data-line") == names[line.id].get("data-line") == line.id
        assert place.find("polygon").get("points") == "1,2 90.5,2 90.5,10 1,10"


def test_words_are_tinted_by_confidence() -> None:
    found = {
        span.text_content(): (span.get("class"), span.get("title"))
        for span in _tree().findall(".//section//span")
    }
    assert found == {
        "<script>alert('1')</script>": ("unsure", "79%"),
        "&amp;": ("doubtful", "49%"),
        "Ruth": ("unsure", "50%"),
    }


def test_the_image_is_in_the_file_and_not_larger_than_needed() -> None:
    pixels = np.full((4_000, 2_000), 240, np.uint8)
    pixels[1_000:1_040] = 30
    page = Page("a.png", 1, 2_000, 4_000, REGIONS)
    (image,) = _tree(page, pixels).findall(".//image")
    assert (image.get("width"), image.get("height")) == ("2000", "4000")  # of the polygons
    kind, data = image.get("href").split(",")
    assert kind == "data:image/jpeg;base64"
    shown = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown.shape == (1_800, 900)
    assert shown[459, 450] < 60 < 200 < shown[100, 450]


def test_nothing_is_loaded_from_elsewhere() -> None:
    text = page_to_html(PAGE, np.full((200, 100), 200, np.uint8))
    addresses = re.findall(r'(?:href|src)="([^"]*)"|url\(([^)]*)\)', text)
    assert addresses
    for address, other in addresses:
        assert address.startswith(("#", "data:image/jpeg;")) and not other
    assert "default-src 'none'" in text


def test_a_blank_page_says_so() -> None:
    tree = _tree(Page("b.png", 1, 5, 6))
    assert "No text was found" in tree.find(".//section").text_content()
    assert tree.findtext(".//h1") == "b.png"
    assert tree.find(".//header/p").text_content() == "0 lines · read by m 1"


def test_a_line_without_words_keeps_its_text() -> None:
    line = Line("l1", "a < b", 0.9, BASELINE, BOX)
    tree = _tree(Page("b.png", 1, 50, 60, (Region("r1", BOX, (line,)),)))
    assert tree.find(".//section/p").text_content() == "a < b"


def test_the_writer_writes_one_document() -> None:
    stream = io.StringIO()
    writer = HtmlWriter(stream, model=("m", "1"))
    writer.write(PAGE, np.full((200, 100), 200, np.uint8))
    writer.fail("c.png", None, "broken")
    writer.close()
    assert stream.getvalue().count("<!DOCTYPE html>") == 1
    assert "broken" not in stream.getvalue()
