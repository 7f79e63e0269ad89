"""LinePredictor: the image of one text line in, its text and confidence out."""

from pathlib import Path
from typing import TYPE_CHECKING

from text_recognizer.bundle import DEFAULT_LINE_MODEL, load_bundle
from text_recognizer.errors import InputError
from text_recognizer.fetch import fetch, is_address
from text_recognizer.language.decoder import load_decoder
from text_recognizer.line_reader import LineReader
from text_recognizer.loading import open_pages

if TYPE_CHECKING:
    from text_recognizer.grey_image import GreyImage
    from text_recognizer.loading import Source


class LinePredictor:
    """Reads images that show one text line and nothing else.

    Args:
        model: name or folder of a line model; None takes the one that comes with the package.
        n_threads: None lets onnxruntime choose.

    It reads with the language model that the line model names.

    Raises:
        BundleError: a model is missing, damaged or made for another task.
        OptionError: `n_threads` is below 1.
    """

    def __init__(self, model: str | Path | None = None, *, n_threads: int | None = None) -> None:
        bundle = load_bundle(model or DEFAULT_LINE_MODEL, task="line")
        self._reader = LineReader(bundle, decoder=load_decoder(bundle), n_threads=n_threads)

    def predict(self, image: "Source") -> tuple[str, float]:
        """Text of the line and its confidence, the mean over the characters' softmax values.

        An image on which nothing is written gives an empty text with confidence 0.

        Args:
            image: a path, an http(s) address, the bytes of a file, a Pillow image, or an array
                (H, W) or (H, W, 3).

        Raises:
            InputError: the image cannot be read, or the file has several pages.
        """
        (reading,) = self._reader.read([_grey_line(image)])
        return reading.text, reading.confidence


def _grey_line(image: "Source") -> "GreyImage":
    if isinstance(image, str) and is_address(image):
        pages = open_pages(fetch(image), name=image)
    else:
        pages = open_pages(image)
    if len(pages) != 1:
        raise InputError(f"{pages[0].file} has {len(pages)} pages: give the image of one line.")
    return pages[0].read()
