"""ParagraphTextRecognizer: the image of a paragraph or page in, its text out.

Runs as a program, too: python text_recognizer/paragraph_text_recognizer.py FILE_OR_ADDRESS
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    # Started as a file, the package's folder is searched for modules and not the one above it.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from text_recognizer.bundle import DEFAULT_PARAGRAPH_MODEL, find_bundle, read_manifest
from text_recognizer.errors import BundleError, TextRecognizerError
from text_recognizer.image_source import open_source
from text_recognizer.recognizer import Recognizer, Unit

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from text_recognizer.grey_image import GreyImage
    from text_recognizer.recognizer import ReadsLines

    ImageSource = str | Path | Image.Image | NDArray[Any]


class ParagraphTextRecognizer:
    """Reads an image with several lines, dark on light or, as the seeds' test images, inverted.

    Its lines are found and read one by one, unless the model reads paragraphs as a whole.

    Args:
        model: name or folder of a model for lines or for paragraphs; None takes
            `artifacts/paragraph_text_recognizer`, which `training/save_best_model.py` writes, and
            if there is none, the line model that comes with the package.
        n_threads: None lets onnxruntime choose.
        line_reader: reads the lines instead of the model.

    Raises:
        BundleError: the model is missing, damaged or made for another task.
        OptionError: `n_threads` is below 1.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        n_threads: int | None = None,
        line_reader: "ReadsLines | None" = None,
    ) -> None:
        unit: Unit = "page"
        if line_reader is None and _reads_paragraphs(model):
            unit = "paragraph"
        self._recognizer = Recognizer(
            model, n_threads=n_threads, unit=unit, line_reader=line_reader
        )

    def predict(self, image: "ImageSource") -> str:
        """Text with a newline between lines and a blank line between columns and pages.

        An image without writing gives an empty text.

        Args:
            image: a path, an http(s) address, a Pillow image, or an array (H, W) or (H, W, 3).

        Raises:
            InputError: the image cannot be fetched or read; the message names it.
        """
        pages = (self._recognizer.read_page(page) for page in open_source(image))
        return "\n\n".join(page.text for page in pages if page.text)

    def lines(self, image: "ImageSource") -> "list[GreyImage]":
        """Line images in reading order, straightened, as they are given to the model.

        Each is grey, uint8, of shape (H, W), dark ink on light paper.

        Args:
            image: as `predict` takes it.

        Raises:
            InputError: the image cannot be fetched or read; the message names it.
        """
        return [
            cut.image
            for page in open_source(image)
            for region in self._recognizer.cut_lines(page.read())
            for _, cut in region.lines
        ]


def _reads_paragraphs(model: str | Path | None) -> bool:
    """Whether there is such a model, and it reads paragraphs as a whole."""
    try:
        folder = find_bundle(model or DEFAULT_PARAGRAPH_MODEL)
    except BundleError:
        return False  # without one, lines are read; one that was named is missed there, too
    return read_manifest(folder).task == "paragraph"


def main(arguments: list[str] | None = None) -> int:
    """Print the text of one image; 0, or 1 after a sentence on standard error."""
    parser = argparse.ArgumentParser(description="Print the text of a page or paragraph.")
    parser.add_argument("image", metavar="FILE_OR_ADDRESS", help="image, PDF, or http(s) address")
    image = parser.parse_args(arguments).image
    try:
        sys.stdout.write(ParagraphTextRecognizer().predict(image) + "\n")
    except TextRecognizerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
