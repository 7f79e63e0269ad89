"""Reads the image of a whole paragraph with a network that writes its text label by label.

A bundle for paragraphs holds two networks:

    encoder.onnx       `image` (N, 1, H, W), paper 0, ink 1, of one size; out `memory_keys` and
                       `memory_values` (N, layers, heads, M, d), what the decoder looks at
    decoder_step.onnx  `label` (N,) int64, `keys` and `values` (N, layers, heads, T, d) of the T
                       labels before it, `memory_keys`, `memory_values`; out `scores` (N, C),
                       log-probabilities of what follows, `attention` (N, M), and `key` and `value`
                       (N, layers, heads, 1, d) of this label

Label 0 is the start when it goes in, and the end when it comes out; label i is the i-th symbol.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from text_recognizer.bundle import (
    DECODER_FILE,
    DEFAULT_PARAGRAPH_MODEL,
    ENCODER_FILE,
    Bundle,
    find_bundle,
    load_bundle,
)
from text_recognizer.errors import BundleError
from text_recognizer.grey_image import GreyImage
from text_recognizer.guarded_search import search_without_repeats
from text_recognizer.network_session import ANY, Shape, open_session
from text_recognizer.paragraph_input import PARAGRAPH_NORMALISATION, paragraph_input
from text_recognizer.repeat_guard import guard_of
from text_recognizer.sequence_search import (
    DecoderSteps,
    Hypothesis,
    SearchOptions,
    SpecialLabels,
    search_texts,
)

if TYPE_CHECKING:
    import onnxruntime

_START_AND_END = SpecialLabels(0, 0)
_CACHE: Shape = (None, ANY, ANY, None, ANY)
_STEP: Shape = (None, ANY, ANY, 1, ANY)
_MEMORIES: Shape = (None, ANY, ANY, ANY, ANY)
_MEMORY = ("memory_keys", "memory_values")
_NO_MODEL = (
    "There is no model for paragraphs: train one with training/run_experiment.py "
    "--data_class=OpenOriginalAndSyntheticParagraphs --model_class=ResnetTransformer "
    "--loss=transformer, and put it into artifacts/paragraph_text_recognizer with "
    "training/save_best_model.py; or read line by line, without --unit paragraph."
)
_LEAST_INK = 64  # of 255: an image without such a pixel is blank

Array = NDArray[np.float32]


@dataclass(frozen=True)
class TextLine:
    """A line of a paragraph: text, and mean of its characters' probabilities."""

    text: str
    confidence: float


@dataclass(frozen=True)
class ParagraphReading:
    """What a paragraph reads as.

    Attributes:
        lines: in order; those without text are left out.
        is_complete: False if the text was as long as the model can write before it ended.
    """

    lines: tuple[TextLine, ...]
    is_complete: bool = True

    @property
    def text(self) -> str:
        """Lines joined by a newline."""
        return "\n".join(line.text for line in self.lines)


class ParagraphReader:
    """Reads images of paragraphs of any size; larger ones are scaled down.

    Args:
        bundle: of the task `paragraph`.
        beam: texts that are followed at a time; 1 takes the likeliest label each time.
        guarded: whether what repeats itself is read another way; see `guarded_search`.
        n_threads: None lets onnxruntime choose.

    Raises:
        BundleError: a network does not open, or is another one than is needed.
        OptionError: an option is out of its range.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        beam: int = 1,
        guarded: bool = True,
        n_threads: int | None = None,
    ) -> None:
        self.bundle = bundle
        manifest = bundle.manifest
        self._search = SearchOptions(beam=beam, max_length=manifest.max_length)
        self._guard = guard_of(manifest.symbols, first=1) if guarded else None
        self._encoder = _open(bundle, ENCODER_FILE, n_threads)
        self._decoder = _open(bundle, DECODER_FILE, n_threads)
        height, width = self._encoder.get_inputs()[0].shape[2:]
        if not isinstance(height, int) or not isinstance(width, int):
            raise BundleError(f"{bundle.folder}: the images of {ENCODER_FILE} have no fixed size.")
        self.canvas = (height, width)

    def read(self, images: Sequence[GreyImage]) -> list[ParagraphReading]:
        """Readings in the order of the images.

        Args:
            images: grey, uint8, of shape (H, W), dark ink on light paper.

        Raises:
            BundleError: a network fails on them.
            InputError: an image has no pixels.
        """
        readings = [ParagraphReading(())] * len(images)
        inputs = {i: paragraph_input(image, self.canvas) for i, image in enumerate(images)}
        written = {i: ink for i, ink in inputs.items() if ink.max() >= _LEAST_INK}
        if not written:
            return readings
        for i, text in zip(written, self._write(list(written.values())), strict=True):
            readings[i] = self._reading(text)
        return readings

    def _write(self, inks: Sequence[GreyImage]) -> list[Hypothesis]:
        batch = np.stack(inks)[:, None].astype(np.float32) / 255
        keys, values = _run(self._encoder, _MEMORY, {"image": batch}, self.bundle)

        def begin(images: NDArray[np.int64]) -> DecoderSteps:
            return _CachedSteps(self._decoder, (keys[images], values[images]), self.bundle)

        if self._guard is None:
            steps = begin(np.arange(len(inks)))
            return [own[0] for own in search_texts(steps, len(inks), _START_AND_END, self._search)]
        return search_without_repeats(begin, len(inks), _START_AND_END, self._search, self._guard)

    def _reading(self, hypothesis: Hypothesis) -> ParagraphReading:
        text = self.bundle.manifest.alphabet.decode(hypothesis.labels)
        certain = np.exp(np.array(hypothesis.log_probabilities[: len(text)]))
        lines, start = [], 0
        for line in text.split("\n"):
            end = start + len(line)
            if line.strip():
                lines.append(TextLine(line.strip(), float(certain[start:end].mean())))
            start = end + 1
        return ParagraphReading(tuple(lines), hypothesis.is_complete)


def load_paragraph_reader(
    model: str | Path | None = None, *, n_threads: int | None = None
) -> ParagraphReader:
    """The reader of a bundle; None takes the one that was trained and saved on this machine.

    Raises:
        BundleError: there is none, or it is damaged or made for another task.
    """
    try:
        folder = find_bundle(model or DEFAULT_PARAGRAPH_MODEL)
    except BundleError as error:
        if model is not None:
            raise
        raise BundleError(_NO_MODEL) from error
    return ParagraphReader(load_bundle(folder, task="paragraph"), n_threads=n_threads)


class _CachedSteps:
    """The decoder with what it knows of the labels so far; see `sequence_search.DecoderSteps`."""

    def __init__(
        self,
        session: "onnxruntime.InferenceSession",
        memory: tuple[Array, Array],
        bundle: Bundle,
    ) -> None:
        self._session = session
        self._memory = memory
        self._bundle = bundle
        n_images, n_layers, n_heads, _, size = memory[0].shape
        nothing = np.zeros((n_images, n_layers, n_heads, 0, size), np.float32)
        self._cache = (nothing, nothing)

    def step(self, labels: NDArray[np.int64], parents: NDArray[np.int64]) -> tuple[Array, Array]:
        if not np.array_equal(parents, np.arange(len(self._memory[0]))):
            self._memory = (self._memory[0][parents], self._memory[1][parents])
            self._cache = (self._cache[0][parents], self._cache[1][parents])
        inputs = dict(zip(("keys", "values", *_MEMORY), (*self._cache, *self._memory), strict=True))
        names = ("scores", "attention", "key", "value")
        scores, attention, key, value = _run(
            self._session, names, {"label": labels, **inputs}, self._bundle
        )
        keys, values = self._cache
        self._cache = (np.concatenate((keys, key), 3), np.concatenate((values, value), 3))
        return scores, attention


def _open(bundle: Bundle, file: str, n_threads: int | None) -> "onnxruntime.InferenceSession":
    n_labels = len(bundle.manifest.symbols) + 1
    inputs: dict[str, Shape] = {"image": (None, 1, ANY, ANY)}
    outputs: dict[str, Shape] = dict.fromkeys(_MEMORY, _MEMORIES)
    if file == DECODER_FILE:
        inputs = {"label": (None,), **dict.fromkeys(("keys", "values"), _CACHE)}
        inputs |= dict.fromkeys(_MEMORY, _MEMORIES)
        outputs = {"scores": (None, n_labels), "attention": (None, ANY)}
        outputs |= dict.fromkeys(("key", "value"), _STEP)
    return open_session(
        bundle,
        task="paragraph",
        normalisations=(PARAGRAPH_NORMALISATION,),
        inputs=inputs,
        outputs=outputs,
        n_threads=n_threads,
        file=file,
    )


def _run(
    session: "onnxruntime.InferenceSession",
    names: Sequence[str],
    inputs: dict[str, NDArray[np.generic]],
    bundle: Bundle,
) -> list[Array]:
    try:
        return [np.asarray(value, np.float32) for value in session.run(list(names), inputs)]
    except Exception as error:  # onnxruntime's errors have no base class of their own
        raise BundleError(f"The network of {bundle.manifest.name} fails: {error}.") from error
