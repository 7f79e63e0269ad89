import io
import json

from text_recognizer.formats import WRITERS, JsonWriter, TextWriter
from text_recognizer.page import Line, Page, Region, Word

BASELINE = ((1.0, 8.0), (9.5, 8.0))
SQUARE = ((1.0, 2.0), (9.5, 2.0), (9.5, 10.0), (1.0, 10.0))
WORD = Word("é\u00e9", 0.51239, SQUARE)
LINE = Line("l1", "é\u00e9", 0.9, BASELINE, SQUARE, (WORD,))
PAGE = Page("a.pdf", 2, 100, 200, (Region("r1", SQUARE, (LINE,)),), dpi=200)
BLANK = Page("b.png", 1, 5, 6)


def test_text_of_pages_with_a_blank_line_between() -> None:
    stream = io.StringIO()
    writer = TextWriter(stream, model=("m", "1"))
    for page in (BLANK, PAGE, BLANK, PAGE):
        writer.write(page)
    writer.fail("c.png", None, "broken")
    writer.close()
    assert stream.getvalue() == "éé\n\néé\n"


def test_json_is_as_the_schema_says() -> None:
    stream = io.StringIO()
    writer = JsonWriter(stream, model=("m", "1"))
    writer.write(PAGE)
    writer.fail("c.png", 3, "broken")
    writer.write(BLANK)
    writer.close()
    square = [[1.0, 2.0], [9.5, 2.0], [9.5, 10.0], [1.0, 10.0]]
    assert json.loads(stream.getvalue()) == {
        "model": {"name": "m", "version": "1"},
        "schema": 1,
        "errors": [{"file": "c.png", "page": 3, "message": "broken"}],
        "pages": [
            {
                "file": "a.pdf",
                "page": 2,
                "width": 100,
                "height": 200,
                "dpi": 200,
                "turned": 0,
                "text": "éé",
                "regions": [{"id": "r1", "type": "paragraph", "polygon": square}],
                "lines": [
                    {
                        "id": "l1",
                        "region": "r1",
                        "text": "éé",
                        "confidence": 0.9,
                        "baseline": [[1.0, 8.0], [9.5, 8.0]],
                        "polygon": square,
                        "words": [{"text": "éé", "confidence": 0.5124, "polygon": square}],
                    }
                ],
            },
            {
                "file": "b.png",
                "page": 1,
                "width": 5,
                "height": 6,
                "dpi": None,
                "turned": 0,
                "text": "",
                "regions": [],
                "lines": [],
            },
        ],
    }


def test_json_without_pages_or_model_is_complete() -> None:
    stream = io.StringIO()
    JsonWriter(stream).close()
    expected = {"model": None, "schema": 1, "pages": [], "errors": []}
    assert json.loads(stream.getvalue()) == expected


def test_pages_are_written_as_they_are_done() -> None:
    for name in WRITERS:
        stream = io.StringIO()
        writer = WRITERS[name](stream)
        writer.write(PAGE)
        assert "éé" in stream.getvalue()


def test_characters_are_written_as_they_are() -> None:
    stream = io.StringIO()
    JsonWriter(stream).write(PAGE)
    assert "\\u" not in stream.getvalue()
