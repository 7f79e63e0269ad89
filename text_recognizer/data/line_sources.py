"""Sources of training lines: each draws a grey line image and its text, again and again.

They join the readers of `ground_truth` and the drawing of `synthesis`; they know nothing about
batches or networks.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from text_recognizer.ground_truth import LineSample, StrokeSample
from text_recognizer.line_image import GreyImage
from text_recognizer.synthesis.augment import augment_line
from text_recognizer.synthesis.compose import join_words
from text_recognizer.synthesis.fonts import Face, draw_text
from text_recognizer.synthesis.sentences import write_line
from text_recognizer.synthesis.strokes import InkWord, StrokeStyle, draw_words

SHORT_TEXT = 20  # characters; shorter lines are drawn first in a run

Drawn = tuple[GreyImage, str]
Sample = TypeVar("Sample", LineSample, StrokeSample)


class LineSource(Protocol):
    """Something that draws lines."""

    def __len__(self) -> int:
        """Number of different lines, for the cap on repeats."""

    def draw(self, rng: np.random.Generator, *, short: bool) -> Drawn:
        """A grey line image and its transcription; a short one if asked and there is one."""


class _Deck:
    """Indices dealt in random order, each once before any comes again."""

    def __init__(self, n: int) -> None:
        self._n = n
        self._left: list[int] = []

    def deal(self, rng: np.random.Generator) -> int:
        if not self._left:
            self._left = rng.permutation(self._n).tolist()
        return self._left.pop()


class ScannedLines:
    """Real line images, augmented."""

    def __init__(self, samples: Sequence[LineSample], strength: float) -> None:
        self._samples = list(samples)
        self._short = [s for s in self._samples if len(s.text) < SHORT_TEXT]
        self._deck, self._short_deck = _Deck(len(self._samples)), _Deck(len(self._short))
        self._strength = strength

    def __len__(self) -> int:
        return len(self._samples)

    def draw(self, rng: np.random.Generator, *, short: bool) -> Drawn:
        """An augmented line of the samples."""
        if short and self._short:
            sample = self._short[self._short_deck.deal(rng)]
        else:
            sample = self._samples[self._deck.deal(rng)]
        return augment_line(sample.read_image(), rng, self._strength), sample.text


class JoinedWordImages:
    """Lines joined from word images of one writer."""

    def __init__(self, samples: Sequence[LineSample], strength: float) -> None:
        self._writers = _by_writer(samples)
        self._weights = _weights(self._writers)
        self._strength = strength

    def __len__(self) -> int:
        return sum(map(len, self._writers))

    def draw(self, rng: np.random.Generator, *, short: bool) -> Drawn:
        """Two to eight words of one writer in a row."""
        words = _pick_words(self._writers, self._weights, rng, short=short)
        style = StrokeStyle.sample(rng, self._strength)
        image = join_words([word.read_image() for word in words], rng, style)
        return image, " ".join(word.text for word in words)


class StrokeLines:
    """Pen strokes of whole lines, drawn anew each time."""

    def __init__(self, samples: Sequence[StrokeSample], strength: float) -> None:
        # Whole lines are few among phrases of one to five words, and they are what pages hold.
        self._samples = [s for s in samples for _ in range(1 + min(len(s.text) // 30, 3))]
        self._short = [s for s in self._samples if len(s.text) < SHORT_TEXT]
        self._deck, self._short_deck = _Deck(len(self._samples)), _Deck(len(self._short))
        self._strength = strength

    def __len__(self) -> int:
        return len(self._samples)

    def draw(self, rng: np.random.Generator, *, short: bool) -> Drawn:
        """A sample drawn with a random pen on random paper."""
        if short and self._short:
            sample = self._short[self._short_deck.deal(rng)]
        else:
            sample = self._samples[self._deck.deal(rng)]
        word = InkWord(sample.text, sample.strokes)
        return draw_words([word], rng, StrokeStyle.sample(rng, self._strength)), sample.text


class JoinedStrokeWords:
    """Pen strokes of single words, several of one writer on one baseline."""

    def __init__(self, samples: Sequence[StrokeSample], strength: float) -> None:
        self._writers = _by_writer(samples)
        self._weights = _weights(self._writers)
        self._strength = strength

    def __len__(self) -> int:
        return sum(map(len, self._writers))

    def draw(self, rng: np.random.Generator, *, short: bool) -> Drawn:
        """Two to eight words of one writer drawn with one pen."""
        words = _pick_words(self._writers, self._weights, rng, short=short)
        ink = [InkWord(word.text, word.strokes) for word in words]
        image = draw_words(ink, rng, StrokeStyle.sample(rng, self._strength))
        return image, " ".join(word.text for word in words)


class FontLines:
    """Sentences set in handwriting fonts."""

    def __init__(self, faces: Sequence[Face], passages: Sequence[str], strength: float) -> None:
        self._faces = list(faces)
        self._passages = passages
        self._strength = strength

    def __len__(self) -> int:
        return 10**9  # sentences do not run out

    def draw(self, rng: np.random.Generator, *, short: bool) -> Drawn:
        """A window of text in a random face."""
        face = self._faces[rng.integers(len(self._faces))]
        n_characters, prose = (SHORT_TEXT, 1.0) if short else (64, 0.72)
        text = write_line(self._passages, rng, max_characters=n_characters, prose=prose)
        while not face.can_draw(text):
            text = write_line(self._passages, rng, max_characters=n_characters, prose=prose)
        return draw_text(text, face, rng, StrokeStyle.sample(rng, self._strength)), text


def _by_writer(samples: Sequence[Sample]) -> list[list[Sample]]:
    writers: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        writers[sample.document].append(sample)
    return list(writers.values())


def _weights(writers: Sequence[Sequence[Sample]]) -> NDArray[np.float64]:
    roots = np.sqrt(np.array([len(words) for words in writers], np.float64))
    weights: NDArray[np.float64] = roots / roots.sum()
    return weights


def _pick_words(
    writers: Sequence[Sequence[Sample]],
    weights: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    short: bool,
) -> list[Sample]:
    words = writers[rng.choice(len(writers), p=weights)]
    n_words = int(rng.integers(1, 3)) if short else int(rng.integers(2, 9))
    return [words[i] for i in rng.integers(len(words), size=n_words)]
