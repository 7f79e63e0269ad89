"""Reads line images: grey pixels in, text with positions and confidences out.

Runs the network of a line bundle with onnxruntime. Lines are padded by themselves and batched with
lines of equal padded width, so what is read in a line does not depend on the lines beside it.
Knows nothing about pages.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from text_recognizer.bundle import Bundle
from text_recognizer.ctc import Decoded, LabelRun, decode_greedy
from text_recognizer.errors import BundleError, InputError, OptionError
from text_recognizer.grey_image import GreyImage
from text_recognizer.line_input import INPUT_NORMALISATIONS, normalise, pad, pad_width
from text_recognizer.network_session import open_session

MAX_BATCH_COLUMNS = 4096  # columns of a batch; wider ones gain no speed on a CPU
_LETTER_REACH = 0.15  # of the line's height; about half a letter
_SPACE = " "


@dataclass(frozen=True)
class CharacterReading:
    """One character and where it stands.

    Attributes:
        char: one code point.
        confidence: largest softmax value over its frames, after the bundle's temperature.
        x0: left edge, in columns of the given image.
        x1: right edge; characters do not overlap.
    """

    char: str
    confidence: float
    x0: float
    x1: float


@dataclass(frozen=True)
class WordReading:
    """Characters between two spaces.

    Attributes:
        text: without spaces, never empty.
        confidence: product over its characters, mapped by the bundle's calibration if it has one.
        x0: left edge, in columns of the given image.
        x1: right edge.
    """

    text: str
    confidence: float
    x0: float
    x1: float


@dataclass(frozen=True)
class TextReading:
    """One of several texts that a line may read as.

    Attributes:
        text: as `LineReading.text`.
        score: natural logarithm of its probability, and what the language adds; of use beside the
            scores of the line's other texts.
    """

    text: str
    score: float


@dataclass(frozen=True)
class LineReading:
    """Text of one line.

    Attributes:
        text: without spaces at the ends or two in a row; empty if nothing is written there.
        confidence: mean over the characters, 0 if there are none.
        characters: those of `text`, in its order.
        words: those of `text`, in its order.
        alternatives: different texts that the line may read as, the best first; empty if the
            decoder gives none.
    """

    text: str
    confidence: float
    characters: tuple[CharacterReading, ...]
    words: tuple[WordReading, ...]
    alternatives: tuple[TextReading, ...] = ()


class Decodes(Protocol):
    """What makes label runs of scores in place of `decode_greedy`, such as `LanguageDecoder`.

    Attributes:
        word_calibration: as `Manifest.word_calibration`, of what it reads.
    """

    word_calibration: tuple[tuple[float, float], ...] | None

    def decode(self, scores: Sequence[NDArray[np.float32]], *, temperature: float) -> list[Decoded]:
        """What each line's scores (T, C) read as."""


NOTHING_WRITTEN = LineReading(text="", confidence=0.0, characters=(), words=())


class LineReader:
    """A line model, ready to read. Several threads may use one.

    Args:
        bundle: of task line.
        decoder: makes texts of the network's scores; None takes the best label of every frame.
        n_threads: threads that work on one batch; None lets onnxruntime choose.
        max_batch_columns: lines of equal width go through the network together up to so many
            columns; a line that is wider goes alone.

    Raises:
        BundleError: the network does not open, or does not do what the manifest says.
        OptionError: a number is below 1.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        decoder: Decodes | None = None,
        n_threads: int | None = None,
        max_batch_columns: int = MAX_BATCH_COLUMNS,
    ) -> None:
        if max_batch_columns < 1:
            raise OptionError(f"max_batch_columns must be at least 1, not {max_batch_columns}.")
        self.bundle = bundle
        self._alphabet = bundle.manifest.alphabet
        self._max_batch_columns = max_batch_columns
        manifest = bundle.manifest
        self._decoder = decoder
        self._word_calibration = (
            manifest.word_calibration if decoder is None else decoder.word_calibration
        )
        self._session = open_session(
            bundle,
            task="line",
            normalisations=INPUT_NORMALISATIONS,
            inputs={"image": (None, 1, manifest.line_height, None)},
            outputs={"scores": (None, None, len(self._alphabet))},
            n_threads=n_threads,
        )

    def read(self, images: Sequence[GreyImage]) -> list[LineReading]:
        """What is written in each line, in the order given.

        A line without ink reads as an empty text and is not shown to the network.

        Args:
            images: each of shape (H, W), uint8, dark ink on light paper, of any height.

        Raises:
            InputError: a line is empty or too wide to be read at the model's height; the message
                says which, counted from 1.
        """
        lines = self._normalise(images)
        with_ink = [index for index, line in enumerate(lines) if line.any()]
        readings = [NOTHING_WRITTEN] * len(lines)
        for index, decoded in self._decode(lines, with_ink):
            reading = self._reading(decoded.runs, images[index], lines[index])
            readings[index] = replace(reading, alternatives=self._alternatives(decoded))
        return readings

    def scores(self, images: Sequence[GreyImage]) -> list[NDArray[np.float32]]:
        """Log-probabilities of shape (T, C) for each line, in the order given.

        T counts the frames of the padded line: those of the paper on its right are there, too.

        Args:
            images: as `read` takes them.

        Raises:
            InputError: as `read`.
        """
        lines = self._normalise(images)
        found: dict[int, NDArray[np.float32]] = {}
        for indices, scores in self._score(lines, range(len(lines))):
            found |= zip(indices, scores, strict=True)
        return [found[index] for index in range(len(lines))]

    def _decode(
        self, lines: Sequence[GreyImage], wanted: Sequence[int]
    ) -> Iterator[tuple[int, Decoded]]:
        """Indices of the wanted lines and what they read as."""
        temperature = self.bundle.manifest.temperature
        if self._decoder is None:
            for indices, scores in self._score(lines, wanted):
                runs = decode_greedy(scores, temperature=temperature)
                yield from zip(indices, map(Decoded, runs), strict=True)
            return
        found = {
            index: own
            for indices, scores in self._score(lines, wanted)
            for index, own in zip(indices, scores, strict=True)
        }
        decoded = self._decoder.decode(list(found.values()), temperature=temperature)
        yield from zip(found, decoded, strict=True)

    def _normalise(self, images: Sequence[GreyImage]) -> list[GreyImage]:
        lines, manifest = [], self.bundle.manifest
        for number, image in enumerate(images, start=1):
            try:
                lines.append(normalise(image, manifest.line_height, manifest.input_normalisation))
            except InputError as error:
                raise InputError(f"Line {number} of {len(images)}: {error}") from error
        return lines

    def _score(
        self, lines: Sequence[GreyImage], wanted: Sequence[int]
    ) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        """Indices of a batch of lines and their scores (N, T, C), until all wanted are done."""
        by_width: dict[int, list[int]] = defaultdict(list)
        for index in wanted:
            by_width[pad_width(lines[index].shape[1])].append(index)
        for width in sorted(by_width, reverse=True):  # the largest first: memory grows once
            size = max(1, self._max_batch_columns // width)
            for start in range(0, len(by_width[width]), size):
                batch = by_width[width][start : start + size]
                yield batch, self._run(np.stack([pad(lines[index]) for index in batch]))

    def _run(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Scores (N, T, C) of normalised lines (N, H, W)."""
        image = batch[:, np.newaxis].astype(np.float32) / np.float32(255)
        scores: NDArray[np.float32] = self._session.run(["scores"], {"image": image})[0]
        n_frames = -(-batch.shape[2] // self.bundle.manifest.frame_stride)  # rounded up
        expected = (len(batch), n_frames, len(self._alphabet))
        if scores.shape != expected:
            raise BundleError(
                f"{self.bundle.network_path} gives scores of shape {scores.shape}, and its "
                f"manifest promises {expected}: export the model again."
            )
        if not np.isfinite(scores.max(axis=2)).all():
            raise BundleError(
                f"{self.bundle.network_path} gives scores that are not numbers: its training "
                "failed, choose another model."
            )
        return scores

    def _reading(self, runs: list[LabelRun], image: GreyImage, line: GreyImage) -> LineReading:
        columns_per_frame = self.bundle.manifest.frame_stride * image.shape[1] / line.shape[1]
        edges = letter_edges(runs, columns_per_frame, size=(image.shape[0], image.shape[1]))
        characters: list[CharacterReading] = []
        for run, (x0, x1) in zip(runs, edges, strict=True):
            char = self._alphabet.symbols[run.label - 1]
            follows_space = not characters or characters[-1].char == _SPACE
            if char != _SPACE or not follows_space:
                characters.append(CharacterReading(char, run.confidence, x0, x1))
        if characters and characters[-1].char == _SPACE:
            characters.pop()
        if not characters:
            return NOTHING_WRITTEN
        return LineReading(
            text="".join(character.char for character in characters),
            confidence=sum(character.confidence for character in characters) / len(characters),
            characters=tuple(characters),
            words=self._words(characters),
        )

    def _alternatives(self, decoded: Decoded) -> tuple[TextReading, ...]:
        found: dict[str, float] = {}
        for labels, score in decoded.candidates:
            text = _SPACE.join(self._alphabet.decode(labels).split())
            found.setdefault(text, score)  # texts that differ in blanks at the ends are one
        return tuple(TextReading(text, score) for text, score in found.items())

    def _words(self, characters: list[CharacterReading]) -> tuple[WordReading, ...]:
        words = []
        for is_space, group in groupby(characters, key=lambda c: c.char == _SPACE):
            if not is_space:
                letters = list(group)
                product = float(np.prod([letter.confidence for letter in letters]))
                text = "".join(letter.char for letter in letters)
                confidence = self._calibrated(product)
                words.append(WordReading(text, confidence, letters[0].x0, letters[-1].x1))
        return tuple(words)

    def _calibrated(self, product: float) -> float:
        points = self._word_calibration
        if points is None:
            return product
        products, shares = zip(*points, strict=True)
        return float(np.interp(product, products, shares))


def letter_edges(
    runs: Sequence[LabelRun], columns_per_frame: float, *, size: tuple[int, int]
) -> list[tuple[float, float]]:
    """Left and right edge of each run's letter, in columns of the image.

    A CTC network names a letter in one or two frames near its middle. So each letter is widened
    by half a letter to both sides, and at most up to half way to its neighbour.

    Args:
        runs: of one line, in reading order.
        columns_per_frame: columns of the image that one frame stands for.
        size: (height, width) of the image; nothing reaches over its edges.
    """
    height, width = size
    starts = np.array([run.start for run in runs]) * columns_per_frame
    ends = np.array([run.end for run in runs]) * columns_per_frame
    between = (ends[:-1] + starts[1:]) / 2
    left = np.maximum(starts - _LETTER_REACH * height, np.append(0.0, between)[: len(runs)])
    right = np.minimum(ends + _LETTER_REACH * height, np.append(between, width)[-len(runs) :])
    edges = np.clip(np.stack([left, right], axis=1), 0, width)
    return [(float(x0), float(x1)) for x0, x1 in edges]
