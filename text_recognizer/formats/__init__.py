"""Ways to write pages, each page as it is done. `WRITERS` names them."""

from typing import Protocol, TextIO

from text_recognizer.formats.json_pages import JsonWriter
from text_recognizer.formats.text import TextWriter
from text_recognizer.page import Page

__all__ = ["WRITERS", "JsonWriter", "PageWriter", "TextWriter"]


class PageWriter(Protocol):
    """Writes pages to a stream; after the last one, `close` completes what was written."""

    suffix: str

    def __init__(self, stream: TextIO, *, model: tuple[str, str] | None = None) -> None: ...

    def write(self, page: Page) -> None:
        """Write one page."""

    def fail(self, file: str, page: int | None, message: str) -> None:
        """Note that a file, or a page of it, could not be read."""

    def close(self) -> None:
        """Write what belongs behind the last page. The stream stays open."""


WRITERS: dict[str, type[PageWriter]] = {"text": TextWriter, "json": JsonWriter}
