"""Reads the image of a whole paragraph with a network that writes its text label by label.

A bundle for paragraphs holds two networks:

    encoder.onnx       `image` (N, 1, H, W), paper 0, ink 1, of one size; out `memory_keys`
                       (layers, N, heads, d, M) and `memory_values` (layers, N, heads, M, d), what
                       the decoder looks at
    decoder_step.onnx  `label` (N,) int64, and `place` () int64, how many labels are before it; for
                       each layer, counted from 0, `keys_0` (N, heads, d, R) and `values_0`
                       (N, heads, R, d), of which the first `place` of R are those of the labels
                       before, `memory_keys_0`, `memory_values_0`; out `scores` (N, C),
                       log-probabilities of what follows, `attention` (N, M), and `key` and `value`
                       (N, heads, layers, d) of this label

Label 0 is the start when it goes in, and the end when it comes out; label i is the i-th symbol.
"""

from collections.abc import Iterator, Sequence
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
_MEMORY = ("memory_keys", "memory_values")
_MEMORIES: Shape = (ANY, None, ANY, ANY, ANY)
_OF_A_LAYER: dict[str, Shape] = {
    "keys": (None, ANY, ANY, None),
    "values": (None, ANY, None, ANY),
    "memory_keys": (None, ANY, ANY, ANY),
    "memory_values": (None, ANY, ANY, ANY),
}
_OF_A_LABEL: Shape = (None, ANY, ANY, ANY)
_BATCH = 8  # texts; one of 682 labels takes about 10 MB of memory and cache
_ROOM = 64  # places for labels that are made at a time
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
        length_weight: see `SearchOptions`; by default as Wu et al. have it, since sums alone
            favour short texts. Of no matter if one text is followed.
        coverage_weight: likewise; by default the attention does not count.
        n_threads: None lets onnxruntime choose.

    Attributes:
        bundle: as given.
        canvas: rows and columns of the networks' image.
        n_characters: of the longest text that is written.

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
        length_weight: float = 0.6,
        coverage_weight: float = 0.0,
        n_threads: int | None = None,
    ) -> None:
        self.bundle = bundle
        manifest = bundle.manifest
        self._search = SearchOptions(beam, manifest.max_length, length_weight, coverage_weight)
        self._guard = guard_of(manifest.symbols, first=1) if guarded else None
        self._encoder = _open_encoder(bundle, n_threads)
        n_layers = self._encoder.get_outputs()[0].shape[0]
        if not isinstance(n_layers, int):
            raise BundleError(f"{bundle.folder}: {ENCODER_FILE} does not say how many layers.")
        self._decoder = _open_decoder(bundle, n_layers, n_threads)
        height, width = self._encoder.get_inputs()[0].shape[2:]
        if not isinstance(height, int) or not isinstance(width, int):
            raise BundleError(f"{bundle.folder}: the images of {ENCODER_FILE} have no fixed size.")
        self.canvas = (height, width)
        self.n_characters = self._search.longest_text

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
        for numbers in _batches(list(written), max(1, _BATCH // self._search.beam)):
            texts = self._write([written[i] for i in numbers])
            for i, text in zip(numbers, texts, strict=True):
                readings[i] = self._reading(text)
        return readings

    def encode(self, inks: Sequence[GreyImage]) -> tuple[Array, Array]:
        """Memory of images as `paragraph_input` makes them: keys and values, see above.

        Raises:
            BundleError: the network fails on them.
        """
        batch = np.stack(inks)[:, None].astype(np.float32) / 255
        keys, values = _run(self._encoder, _MEMORY, {"image": batch}, self.bundle)
        return keys, values

    def begin(self, memory: tuple[Array, Array]) -> DecoderSteps:
        """The decoder before the first label of texts of images."""
        return _CachedSteps(self._decoder, memory, self.bundle)

    def _write(self, inks: Sequence[GreyImage]) -> list[Hypothesis]:
        keys, values = self.encode(inks)

        def begin(images: NDArray[np.int64]) -> DecoderSteps:
            return self.begin((keys[:, images], values[:, images]))

        n_images = len(inks)
        if self._guard is None:
            steps = begin(np.arange(n_images))
            return [own[0] for own in search_texts(steps, n_images, _START_AND_END, self._search)]
        return search_without_repeats(begin, n_images, _START_AND_END, self._search, self._guard)

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
    model: str | Path | None = None,
    *,
    beam: int = 1,
    guarded: bool = True,
    n_threads: int | None = None,
) -> ParagraphReader:
    """The reader of a bundle; None takes the one that was trained and saved on this machine.

    Args:
        model: name or folder.
        beam: see `ParagraphReader`, likewise the others.
        guarded: whether what repeats itself is read another way.
        n_threads: None lets onnxruntime choose.

    Raises:
        BundleError: there is none, or it is damaged or made for another task.
    """
    try:
        folder = find_bundle(model or DEFAULT_PARAGRAPH_MODEL)
    except BundleError as error:
        if model is not None:
            raise
        raise BundleError(_NO_MODEL) from error
    bundle = load_bundle(folder, task="paragraph")
    return ParagraphReader(bundle, beam=beam, guarded=guarded, n_threads=n_threads)


def _batches(numbers: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (numbers[i : i + size] for i in range(0, len(numbers), size))


class _CachedSteps:
    """The decoder with what it knows of the labels so far; see `sequence_search.DecoderSteps`.

    Args:
        session: the decoder.
        memory: of the images, as the encoder gives it.
        bundle: what errors name.
    """

    def __init__(
        self,
        session: "onnxruntime.InferenceSession",
        memory: tuple[Array, Array],
        bundle: Bundle,
    ) -> None:
        self._session = session
        self._all = self._memory = memory
        self._bundle = bundle
        n_layers, n_images, n_heads, size, _ = memory[0].shape
        self._images = np.arange(n_images)
        self._place = 0
        self._keys = np.zeros((n_layers, n_images, n_heads, size, 0), np.float32)
        self._values = np.zeros((n_layers, n_images, n_heads, 0, size), np.float32)

    def step(self, labels: NDArray[np.int64], parents: NDArray[np.int64]) -> tuple[Array, Array]:
        self._choose(parents)
        if self._place == self._keys.shape[4]:
            self._keys = np.pad(self._keys, ((0, 0),) * 4 + ((0, _ROOM),))
            self._values = np.pad(self._values, ((0, 0),) * 3 + ((0, _ROOM), (0, 0)))
        inputs: dict[str, NDArray[np.generic]] = {"label": labels, "place": np.array(self._place)}
        own = (self._keys, self._values, *self._memory)
        for layer in range(len(self._keys)):
            names = [f"{part}_{layer}" for part in _OF_A_LAYER]
            inputs.update(zip(names, (array[layer] for array in own), strict=True))
        outputs = ("scores", "attention", "key", "value")
        scores, attention, key, value = _run(self._session, outputs, inputs, self._bundle)
        self._keys[..., self._place] = key.transpose(2, 0, 1, 3)
        self._values[:, :, :, self._place] = value.transpose(2, 0, 1, 3)
        self._place += 1
        return scores, attention

    def _choose(self, parents: NDArray[np.int64]) -> None:
        """Bring what is kept into the order of the rows that go on."""
        if np.array_equal(parents, np.arange(len(self._images))):
            return
        images = self._images[parents]
        if not np.array_equal(images, self._images):
            self._memory = (self._all[0][:, images], self._all[1][:, images])
        self._images = images
        self._keys, self._values = self._keys[:, parents], self._values[:, parents]


def _open_encoder(bundle: Bundle, n_threads: int | None) -> "onnxruntime.InferenceSession":
    return open_session(
        bundle,
        task="paragraph",
        normalisations=(PARAGRAPH_NORMALISATION,),
        inputs={"image": (None, 1, ANY, ANY)},
        outputs=dict.fromkeys(_MEMORY, _MEMORIES),
        n_threads=n_threads,
        file=ENCODER_FILE,
    )


def _open_decoder(
    bundle: Bundle, n_layers: int, n_threads: int | None
) -> "onnxruntime.InferenceSession":
    inputs: dict[str, Shape] = {"label": (None,), "place": ()}
    for layer in range(n_layers):
        inputs |= {f"{part}_{layer}": shape for part, shape in _OF_A_LAYER.items()}
    n_labels = len(bundle.manifest.symbols) + 1
    outputs: dict[str, Shape] = {"scores": (None, n_labels), "attention": (None, ANY)}
    return open_session(
        bundle,
        task="paragraph",
        normalisations=(PARAGRAPH_NORMALISATION,),
        inputs=inputs,
        outputs=outputs | dict.fromkeys(("key", "value"), _OF_A_LABEL),
        n_threads=n_threads,
        file=DECODER_FILE,
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
