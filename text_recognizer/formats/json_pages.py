"""JSON with everything that is known of a page; schema 1.

    {"model": {"name", "version"}, "schema": 1,
     "pages": [{"file", "page", "width", "height", "dpi", "turned", "text",
                "regions": [{"id", "type", "polygon"}],
                "lines": [{"id", "region", "text", "confidence", "baseline", "polygon",
                           "words": [{"text", "confidence", "polygon"}],
                           "alternatives": [{"text", "score"}]}]}],
     "errors": [{"file", "page", "message"}]}

Points are [x, y] in pixels of the upright image; lines are in reading order. Lines have
`alternatives` only if they were asked for.
"""

import json
from typing import TYPE_CHECKING, Any, TextIO

from text_recognizer.page import Line, Page, Points

if TYPE_CHECKING:
    from text_recognizer.grey_image import GreyImage

SCHEMA = 1
_CONFIDENCE_DIGITS = 4


class JsonWriter:
    """Writes one JSON object, page by page; errors come last, since they come up on the way.

    Args:
        stream: is written to, and flushed after each page.
        model: name and version; None if unknown.
    """

    suffix = ".json"
    is_per_page = False
    shows_image = False

    def __init__(self, stream: TextIO, *, model: tuple[str, str] | None = None) -> None:
        self._stream = stream
        self._errors: list[dict[str, Any]] = []
        self._has_page = False
        named = None if model is None else {"name": model[0], "version": model[1]}
        stream.write(f'{{"model": {_dumps(named)},\n "schema": {SCHEMA},\n "pages": [')

    def write(self, page: Page, image: "GreyImage | None" = None) -> None:
        """Write one page on a line of its own."""
        self._stream.write((",\n" if self._has_page else "\n") + "  " + _dumps(page_to_json(page)))
        self._stream.flush()
        self._has_page = True

    def fail(self, file: str, page: int | None, message: str) -> None:
        """Keep an error for the end; `page` is None if the whole file could not be read."""
        self._errors.append({"file": file, "page": page, "message": message})

    def close(self) -> None:
        """Write the errors and the end of the object."""
        self._stream.write(f'],\n "errors": {_dumps(self._errors)}}}\n')
        self._stream.flush()


def page_to_json(page: Page) -> dict[str, Any]:
    """One entry of `pages`, ready for `json.dumps`."""
    return {
        "file": page.file,
        "page": page.number,
        "width": page.width,
        "height": page.height,
        "dpi": page.dpi,
        "turned": page.turned,
        "text": page.text,
        "regions": [
            {"id": region.id, "type": region.type, "polygon": _points(region.polygon)}
            for region in page.regions
        ],
        "lines": [_line(line, region.id) for region in page.regions for line in region.lines],
    }


def _line(line: Line, region_id: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id": line.id,
        "region": region_id,
        "text": line.text,
        "confidence": round(line.confidence, _CONFIDENCE_DIGITS),
        "baseline": _points(line.baseline),
        "polygon": _points(line.polygon),
        "words": [
            {
                "text": word.text,
                "confidence": round(word.confidence, _CONFIDENCE_DIGITS),
                "polygon": _points(word.polygon),
            }
            for word in line.words
        ],
    }
    if line.alternatives:
        values["alternatives"] = [
            {"text": other.text, "score": round(other.score, _CONFIDENCE_DIGITS)}
            for other in line.alternatives
        ]
    return values


def _points(points: Points) -> list[list[float]]:
    return [[x, y] for x, y in points]


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
