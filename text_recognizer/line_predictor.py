"""LinePredictor: the image of one text line in, its text and confidence out."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from text_recognizer.bundle import DEFAULT_LINE_MODEL, load_bundle
from text_recognizer.image_source import read_single_page
from text_recognizer.language.decoder import load_decoder
from text_recognizer.line_reader import LineReader

if TYPE_CHECKING:
    from text_recognizer.evaluation import EvaluationReport
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
        self._text_form = bundle.manifest.text_form
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
        (reading,) = self._reader.read([read_single_page(image, of="line")])
        return reading.text, reading.confidence

    def evaluate(
        self, dataset: "str | Path | Iterable[tuple[Source, str]]", *, split: str = "test"
    ) -> "EvaluationReport":
        """Error rates on a data set, both texts in the model's text form.

        Args:
            dataset: file or folder in a layout of `ground_truth`; or images as for `predict`, each
                with the text that is written there.
            split: of a file or folder: `train`, `validation` or `test`.

        Raises:
            InputError: the data set or an image cannot be read, or there are no lines.
            OptionError: there is no such split.
        """
        from text_recognizer.evaluation.line_evaluation import evaluate, evaluate_pairs

        if isinstance(dataset, str | Path):
            return evaluate(dataset, reader=self._reader, text_form=self._text_form, split=split)
        pairs = [(read_single_page(image, of="line"), text) for image, text in dataset]
        return evaluate_pairs(pairs, reader=self._reader, text_form=self._text_form)
