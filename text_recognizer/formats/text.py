"""Plain text: the lines of a page, pages with a blank line between them."""

from typing import TYPE_CHECKING, TextIO

from text_recognizer.page import Page

if TYPE_CHECKING:
    from text_recognizer.grey_image import GreyImage


class TextWriter:
    """Writes the text of pages; a page on which nothing is written leaves no trace.

    Args:
        stream: is written to, and flushed after each page.
        model: name and version, which this format does not tell.
    """

    suffix = ".txt"
    is_per_page = False
    shows_image = False

    def __init__(self, stream: TextIO, *, model: tuple[str, str] | None = None) -> None:
        self._stream = stream
        self._has_text = False

    def write(self, page: Page, image: "GreyImage | None" = None) -> None:
        """Write the page's text and a newline, after a blank line if it is not the first."""
        if text := page.text:
            self._stream.write("\n" if self._has_text else "")
            self._stream.write(text + "\n")
            self._stream.flush()
            self._has_text = True

    def fail(self, file: str, page: int | None, message: str) -> None:
        """Nothing: errors have no place in a text."""

    def close(self) -> None:
        """Nothing: a text needs no end."""
