"""Sources of training lines: each draws a grey line image and its text, again and again.

They join the readers of `ground_truth` and the drawing of `synthesis`; they know nothing about
batches or networks.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from text_recognizer.grey_image import GreyImage
from text_recognizer.ground_truth import LineSample, StrokeSample
from text_recognizer.synthesis.arrays import Floats
from text_recognizer.synthesis.augment import augment_line
from text_recognizer.synthesis.compose import join_words
from text_recognizer.synthesis.fonts import Face, draw_text
from text_recognizer.synthesis.sentences import write_line
from text_recognizer.synthesis.strokes import InkWord, StrokeStyle, draw_words

SHORT_TEXT = 20  # characters; shorter lines are drawn first in a run
_LONG_TEXT = 30  # characters; of strokes, longer lines are drawn up to four times as often
_MOST_WORDS = 8  # of a joined line
_REAL_PAPER = 0.4  # share of drawn lines on real paper, where there is some

Drawn = tuple[GreyImage, str]
Sample = TypeVar("Sample", bound=LineSample | StrokeSample)


@dataclass(frozen=True)
class Drawing:
    """How lines are drawn and augmented.

    Attributes:
        strength: 0 to 1.
        papers: textures of real paper; without any, all paper is drawn.
    """

    strength: float
    papers: tuple[Floats, ...] = ()

    def texture(self, rng: np.random.Generator) -> Floats | None:
        """A paper for the next line; None to draw one."""
        if not self.papers or rng.random() >= _REAL_PAPER:
            return None
        return self.papers[rng.integers(len(self.papers))]


class LineSource(Protocol):
    """Something that draws lines."""

    def __len__(self) -> int:
        """Number of different lines, for the cap on repeats."""

    def draw(self, rng: np.random.Generator, *, short: bool) -> Drawn:
        """A grey line image and its transcription; a short one if asked and there is one."""


class WholeLines(Generic[Sample]):
    """Lines as they were written, each once in random order before any comes again.

    Args:
        samples: the lines; one that stands there twice is drawn twice as often.
        render: makes a new image of a sample.
    """

    def __init__(
        self, samples: Sequence[Sample], render: Callable[[Sample, np.random.Generator], GreyImage]
    ) -> None:
        self._all = _Deck(samples)
        self._short = _Deck([s for s in samples if len(s.text) < SHORT_TEXT])
        self._render = render

    def __len__(self) -> int:
        return len(self._all)

    def draw(self, rng: np.random.Generator, *, short: bool) -> Drawn:
        """A new image of one sample."""
        sample = (self._short if short and len(self._short) else self._all).deal(rng)
        return self._render(sample, rng), sample.text


class JoinedWords(Generic[Sample]):
    """Lines of two to eight words of one writer.

    Args:
        samples: single words.
        render: makes a line image of words.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        render: Callable[[Sequence[Sample], np.random.Generator], GreyImage],
    ) -> None:
        writers: dict[str, list[Sample]] = defaultdict(list)
        for sample in samples:
            writers[sample.document].append(sample)
        self._writers = list(writers.values())
        self._weights = _root_shares([len(words) for words in self._writers])
        self._render = render

    def __len__(self) -> int:
        return sum(map(len, self._writers))

    def draw(self, rng: np.random.Generator, *, short: bool) -> Drawn:
        """Words of one writer, picked at random; one or two if short."""
        words = self._writers[rng.choice(len(self._writers), p=self._weights)]
        n_words = int(rng.integers(1, 3)) if short else int(rng.integers(2, _MOST_WORDS + 1))
        picked = [words[i] for i in rng.integers(len(words), size=n_words)]
        return self._render(picked, rng), " ".join(word.text for word in picked)


class Alternating:
    """Two sources in one, the second in a share of the draws."""

    def __init__(self, first: LineSource, second: LineSource, share: float) -> None:
        self._first, self._second, self._share = first, second, share

    def __len__(self) -> int:
        return len(self._first)

    def draw(self, rng: np.random.Generator, *, short: bool) -> Drawn:
        """A line of the one or the other."""
        source = self._second if rng.random() < self._share else self._first
        return source.draw(rng, short=short)


class FontLines:
    """Sentences set in handwriting fonts.

    Args:
        faces: the fonts.
        passages: prose to take the sentences from.
        drawing: how to draw.
    """

    def __init__(self, faces: Sequence[Face], passages: Sequence[str], drawing: Drawing) -> None:
        self._faces = list(faces)
        self._passages = passages
        self._drawing = drawing

    def __len__(self) -> int:
        return 10**9  # sentences do not run out

    def draw(self, rng: np.random.Generator, *, short: bool) -> Drawn:
        """A window of text in a random face."""
        face = self._faces[rng.integers(len(self._faces))]
        n_characters, prose = (SHORT_TEXT, 1.0) if short else (64, 0.72)
        text = write_line(self._passages, rng, max_characters=n_characters, prose=prose)
        while not face.can_draw(text):
            text = write_line(self._passages, rng, max_characters=n_characters, prose=prose)
        style = StrokeStyle.sample(rng, self._drawing.strength)
        return draw_text(text, face, rng, style, texture=self._drawing.texture(rng)), text


def scanned_lines(samples: Sequence[LineSample], drawing: Drawing) -> WholeLines[LineSample]:
    """Real line images, augmented."""
    return WholeLines(samples, partial(_augment, drawing=drawing))


def stroke_lines(samples: Sequence[StrokeSample], drawing: Drawing) -> WholeLines[StrokeSample]:
    """Pen strokes, drawn anew each time.

    Whole lines are few among phrases of one to five words, and they are what pages hold: so long
    texts come up to four times as often.
    """
    repeated = [s for s in samples for _ in range(1 + min(len(s.text) // _LONG_TEXT, 3))]
    return WholeLines(repeated, partial(_draw_stroke_line, drawing=drawing))


def joined_images(samples: Sequence[LineSample], drawing: Drawing) -> JoinedWords[LineSample]:
    """Word images of one writer, side by side."""
    return JoinedWords(samples, partial(_join_images, drawing=drawing))


def cut_words(
    sample: LineSample, words: Sequence[str], columns: Sequence[tuple[float, float]]
) -> list[LineSample]:
    """The words of a line as samples of their own, to be joined in another order.

    A network that reads whole lines of one language learns its word order; joined words have none.

    Args:
        sample: the line.
        words: texts of its words.
        columns: first and last column of each.
    """
    return [
        replace(sample, text=word, read_image=partial(_read_columns, sample, first, last))
        for word, (first, last) in zip(words, columns, strict=True)
    ]


def joined_strokes(samples: Sequence[StrokeSample], drawing: Drawing) -> JoinedWords[StrokeSample]:
    """Pen strokes of single words of one writer, on one baseline and with one pen."""
    return JoinedWords(samples, partial(_draw_stroke_words, drawing=drawing))


class _Deck(Generic[Sample]):
    """Samples dealt in random order, each once before any comes again."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = list(samples)
        self._left: list[int] = []

    def __len__(self) -> int:
        return len(self._samples)

    def deal(self, rng: np.random.Generator) -> Sample:
        if not self._left:
            self._left = rng.permutation(len(self._samples)).tolist()
        return self._samples[self._left.pop()]


def _augment(sample: LineSample, rng: np.random.Generator, *, drawing: Drawing) -> GreyImage:
    return augment_line(sample.read_image(), rng, drawing.strength)


def _read_columns(sample: LineSample, first: float, last: float) -> GreyImage:
    image = sample.read_image()
    start = min(round(first), image.shape[1] - 1)
    return image[:, start : max(round(last), start + 1)]


def _draw_stroke_line(
    sample: StrokeSample, rng: np.random.Generator, *, drawing: Drawing
) -> GreyImage:
    return _draw_stroke_words([sample], rng, drawing=drawing)


def _draw_stroke_words(
    samples: Sequence[StrokeSample], rng: np.random.Generator, *, drawing: Drawing
) -> GreyImage:
    words = [InkWord(sample.text, sample.strokes) for sample in samples]
    style = StrokeStyle.sample(rng, drawing.strength)
    return draw_words(words, rng, style, texture=drawing.texture(rng))


def _join_images(
    samples: Sequence[LineSample], rng: np.random.Generator, *, drawing: Drawing
) -> GreyImage:
    images = [sample.read_image() for sample in samples]
    style = StrokeStyle.sample(rng, drawing.strength)
    return join_words(images, rng, style, texture=drawing.texture(rng))


def _root_shares(counts: Sequence[int]) -> NDArray[np.float64]:
    """Shares by the square roots of counts: writers of many words do not drown the others."""
    roots = np.sqrt(np.array(counts, np.float64))
    shares: NDArray[np.float64] = roots / roots.sum()
    return shares
