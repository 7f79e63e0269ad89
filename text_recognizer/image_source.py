"""What predictors are given: a file, an address, bytes, a picture or an array."""

from typing import TYPE_CHECKING

from text_recognizer.errors import InputError
from text_recognizer.fetch import fetch, is_address
from text_recognizer.grey_image import GreyImage
from text_recognizer.loading import PageImage, open_pages

if TYPE_CHECKING:
    from text_recognizer.loading import Source


def open_source(image: "Source") -> list[PageImage]:
    """Pages of an image, fetched if it is an http(s) address.

    Raises:
        InputError: it cannot be fetched or opened; the message names it.
    """
    if isinstance(image, str) and is_address(image):
        return open_pages(fetch(image), name=image)
    return open_pages(image)


def read_single_page(image: "Source", *, of: str) -> GreyImage:
    """Grey image of a source that has one page only.

    Args:
        image: as `open_source` takes it.
        of: what it must show one of, for the error's sentence: line, character.

    Raises:
        InputError: it cannot be read, or has several pages.
    """
    pages = open_source(image)
    if len(pages) != 1:
        raise InputError(f"{pages[0].file} has {len(pages)} pages: give the image of one {of}.")
    return pages[0].read()
