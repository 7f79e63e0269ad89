"""Ways to write pages, each page as it is done. `WRITERS` names them."""

from typing import TYPE_CHECKING, Protocol, TextIO

from text_recognizer.formats.html import HtmlWriter
from text_recognizer.formats.json_pages import JsonWriter
from text_recognizer.formats.page_xml import PageXmlWriter
from text_recognizer.formats.text import TextWriter
from text_recognizer.page import Page

if TYPE_CHECKING:
    from text_recognizer.grey_image import GreyImage

__all__ = ["WRITERS", "HtmlWriter", "JsonWriter", "PageWriter", "PageXmlWriter", "TextWriter"]


class PageWriter(Protocol):
    """Writes pages to a stream; after the last one, `close` completes what was written.

    Attributes:
        suffix: of its files.
        is_per_page: a file holds one page, so that a file of many pages becomes many files.
        shows_image: `write` wants the page's image.
    """

    suffix: str
    is_per_page: bool
    shows_image: bool

    def __init__(self, stream: TextIO, *, model: tuple[str, str] | None = None) -> None: ...

    def write(self, page: Page, image: "GreyImage | None" = None) -> None:
        """Write one page."""

    def fail(self, file: str, page: int | None, message: str) -> None:
        """Note that a file, or a page of it, could not be read."""

    def close(self) -> None:
        """Write what belongs behind the last page. The stream stays open."""


WRITERS: dict[str, type[PageWriter]] = {
    "text": TextWriter,
    "json": JsonWriter,
    "html": HtmlWriter,
    "page": PageXmlWriter,
}
