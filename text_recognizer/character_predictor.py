"""CharacterPredictor: the image of one character in, the character and its confidence out."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from text_recognizer.bundle import DEFAULT_CHARACTER_MODEL, load_bundle
from text_recognizer.character_input import (
    CHARACTER_NORMALISATION,
    SIDE_PX,
    normalise_character,
)
from text_recognizer.errors import BundleError
from text_recognizer.grey_image import GreyImage
from text_recognizer.image_source import read_single_page
from text_recognizer.network_session import open_session

if TYPE_CHECKING:
    from text_recognizer.evaluation.character_evaluation import CharacterReport
    from text_recognizer.loading import Source

Scores = NDArray[np.float32]
_BATCH = 256
_NOTHING = ("", 0.0)


class CharacterPredictor:
    """Reads images that show one character and nothing else. Several threads may use one.

    The size of a character is not to be seen in such an image, nor its place on the line: capitals
    whose small letters have the same shape are told apart by habits of writers at most, and so are
    the comma and the apostrophe. `look_alikes` lists them.

    Args:
        model: name or folder of a character model; None takes the one that comes with the package.
        n_threads: None lets onnxruntime choose.

    Raises:
        BundleError: the model is missing, damaged or made for another task.
        OptionError: `n_threads` is below 1.
    """

    def __init__(self, model: str | Path | None = None, *, n_threads: int | None = None) -> None:
        bundle = load_bundle(model or DEFAULT_CHARACTER_MODEL, task="character")
        self._manifest = bundle.manifest
        self._session = open_session(
            bundle,
            task="character",
            normalisations=(CHARACTER_NORMALISATION,),
            inputs={"image": (None, 1, SIDE_PX, SIDE_PX)},
            outputs={"scores": (None, len(bundle.manifest.symbols))},
            n_threads=n_threads,
        )

    def predict(self, image: "Source") -> tuple[str, float]:
        """The character and its confidence, the largest softmax value.

        An image on which nothing is written gives an empty text with confidence 0.

        Args:
            image: a path, an http(s) address, the bytes of a file, a Pillow image, or an array
                (H, W) or (H, W, 3).

        Raises:
            InputError: the image cannot be read, or the file has several pages.
        """
        (reading,) = self._read([read_single_page(image, of="character")])
        return reading

    def evaluate(self, dataset: Iterable[tuple["Source", str]]) -> "CharacterReport":
        """Share of a data set's characters that are read right.

        Args:
            dataset: images as for `predict`, each with the character that is written there.

        Raises:
            InputError: an image cannot be read.
        """
        from text_recognizer.evaluation.character_evaluation import compare_characters

        samples = list(dataset)
        pairs: list[tuple[str, str]] = []
        for start in range(0, len(samples), _BATCH):
            chunk = samples[start : start + _BATCH]
            read = self._read([read_single_page(image, of="character") for image, _ in chunk])
            pairs += [(text, char) for (_, text), (char, _) in zip(chunk, read, strict=True)]
        return compare_characters(pairs)

    def score(self, images: Sequence[GreyImage]) -> Scores:
        """The network's scores, of shape (N, C), of normalised images (28, 28), uint8.

        Raises:
            BundleError: the network fails on them.
        """
        batch = np.stack(images)[:, None].astype(np.float32) / 255
        try:
            (scores,) = self._session.run(["scores"], {"image": batch})
        except Exception as error:  # onnxruntime's errors have no base class of their own
            raise BundleError(f"The network of {self._manifest.name} fails: {error}.") from error
        return np.asarray(scores, np.float32)

    def _read(self, images: Sequence[GreyImage]) -> list[tuple[str, float]]:
        readings = [_NOTHING] * len(images)
        inputs = {i: normalise_character(image) for i, image in enumerate(images)}
        written = {i: ink for i, ink in inputs.items() if ink is not None}
        if not written:
            return readings
        probabilities = softmax(self.score(list(written.values())) / self._manifest.temperature)
        for i, row in zip(written, probabilities, strict=True):
            best = int(row.argmax())
            readings[i] = (self._manifest.symbols[best], float(row[best]))
        return readings


def softmax(scores: Scores) -> Scores:
    """Probabilities of shape (N, C) that belong to scores of the same shape."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
