"""Makes confidences probabilities: fits a model's temperature and word calibration, and measures.

What a model read is compared with references, so that every character and word is right or wrong.
Characters: the temperature whose confidences predict that best. Words: the product of their
characters' confidences mapped to the share of such words that are right. Knows scores and texts;
images and models are the business of others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from text_recognizer.ctc import LabelRun, best_probabilities, decode_greedy
from text_recognizer.errors import InputError

MAX_WORD_POINTS = 12
MIN_WORDS = 100  # fewer say too little about the share that is right
N_BINS = 10
_TEMPERATURES = (0.25, 8.0)
_GRID, _GRIDS = 15, 3  # each grid spans the neighbours of the best of the last: 0.3 % in the end
_CERTAIN = 1e-6  # the log loss takes no confidence as nearer to 0 or 1
_SPACE = " "

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Point = tuple[float, float]


@dataclass(frozen=True)
class Calibration:
    """What turns scores into confidences; as it stands by default, nothing is changed.

    Attributes:
        temperature: as `Manifest.temperature`.
        word_points: as `Manifest.word_calibration`.
    """

    temperature: float = 1.0
    word_points: tuple[Point, ...] | None = None

    def word_confidences(self, products: Floats) -> Floats:
        """Confidences of words, shape (m,), from the products of their characters' confidences."""
        if self.word_points is None:
            return products
        points = np.array(self.word_points, dtype=np.float64)
        return np.interp(products, points[:, 0], points[:, 1])


UNCALIBRATED = Calibration()


@dataclass(frozen=True, eq=False)
class ScoredText:
    """Text read in a line, and the scores of the frames that it was read from.

    Attributes:
        text: one code point a run of frames; no spaces at the ends or two in a row.
        scores: shape (F, C), float32, log-probabilities of the frames of these runs, in order.
        starts: shape (n,), for every character its first row in `scores`.
    """

    text: str
    scores: NDArray[np.float32]
    starts: Indices


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Characters and words that were read, n and m of them, and whether they are right.

    Attributes:
        scores: shape (F, C), float32, log-probabilities of the characters' frames.
        starts: shape (n,), for every character its first row in `scores`.
        characters_right: shape (n,).
        is_letter: shape (n,), False for the spaces between words.
        word_starts: shape (m,), for every word its first place among the letters.
        words_right: shape (m,).
    """

    scores: NDArray[np.float32]
    starts: Indices
    characters_right: Bools
    is_letter: Bools
    word_starts: Indices
    words_right: Bools

    def character_confidences(self, temperature: float) -> Floats:
        """For every character its largest softmax value over the frames of its run, shape (n,)."""
        probabilities = best_probabilities(self.scores[np.newaxis], temperature)[0]
        return np.maximum.reduceat(probabilities, self.starts).astype(np.float64)

    def word_products(self, temperature: float) -> Floats:
        """For every word the product of its characters' confidences, shape (m,)."""
        letters = self.character_confidences(temperature)[self.is_letter]
        return np.multiply.reduceat(letters, self.word_starts)


@dataclass(frozen=True)
class CalibrationErrors:
    """Expected calibration errors, as fractions; None where nothing was read."""

    characters: float | None
    words: float | None


def score_text(scores: NDArray[np.float32], symbols: Sequence[str]) -> ScoredText:
    """What a line's scores read as, greedily, as `LineReader` reads it.

    Args:
        scores: shape (T, C), float32, log-probabilities, label 0 the blank.
        symbols: characters of labels 1, 2, ...
    """
    (decoded,) = decode_greedy(scores[np.newaxis])
    runs = _without_idle_spaces(decoded, symbols)
    lengths = [run.end - run.start for run in runs]
    return ScoredText(
        text="".join(symbols[run.label - 1] for run in runs),
        scores=np.concatenate([scores[:0], *(scores[run.start : run.end] for run in runs)]),
        starts=np.cumsum([0, *lengths], dtype=np.intp)[:-1],
    )


def judge(texts: Sequence[ScoredText], references: Sequence[str]) -> Outcomes:
    """Outcomes of all characters and words of one or more lines.

    A character or word is right if it equals the unit of the reference that it is aligned with.
    Texts are taken as they were read; references should be in the model's text form.
    """
    pairs = list(zip(texts, references, strict=True))
    n_frames = np.cumsum([0, *(len(text.scores) for text in texts)])[:-1]
    letters = [np.array([char != _SPACE for char in text.text], dtype=bool) for text in texts]
    firsts = [own & ~np.append(False, own)[:-1] for own in letters]
    is_letter = np.concatenate(letters)
    return Outcomes(
        scores=np.concatenate([text.scores for text in texts]),
        starts=np.concatenate([t.starts + n for t, n in zip(texts, n_frames, strict=True)]),
        characters_right=np.concatenate([mark_right(text.text, true) for text, true in pairs]),
        is_letter=is_letter,
        word_starts=np.flatnonzero(np.concatenate(firsts)[is_letter]),
        words_right=np.concatenate([mark_right(t.text.split(), true.split()) for t, true in pairs]),
    )


def fit_calibration(outcomes: Outcomes) -> Calibration:
    """Calibration under which the given outcomes are predicted best.

    Raises:
        InputError: no character was read.
    """
    if not outcomes.starts.size:
        raise InputError("The model reads nothing in these lines: train it first.")
    temperature = fit_temperature(outcomes)
    products = outcomes.word_products(temperature)
    return Calibration(temperature, fit_word_points(products, outcomes.words_right))


def measure_calibration(outcomes: Outcomes, calibration: Calibration) -> CalibrationErrors:
    """How far confidences are from shares that are right, under a calibration."""
    temperature = calibration.temperature
    words = calibration.word_confidences(outcomes.word_products(temperature))
    return CalibrationErrors(
        characters=calibration_error(
            outcomes.character_confidences(temperature), outcomes.characters_right
        ),
        words=calibration_error(words, outcomes.words_right),
    )


def calibration_error(confidences: Floats, is_right: Bools) -> float | None:
    """Expected calibration error: mean gap of confidence and share right in 10 bins.

    Bins are equally wide and weigh as much as they hold. None for no confidences.

    Source: C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, equation 3.
    """
    if not confidences.size:
        return None
    bins = np.minimum((confidences * N_BINS).astype(np.intp), N_BINS - 1)
    gaps = np.bincount(bins, weights=confidences - is_right)  # summed, so weighted by size
    return float(np.abs(gaps).sum() / confidences.size)


def fit_temperature(outcomes: Outcomes) -> float:
    """Temperature from 0.25 to 8, of 3 decimals, with the least log loss of characters.

    The loss takes a character's confidence as the probability that it is right. Three grids, each
    finer than the one before and even in the logarithm, so the same outcomes give the same result.

    Source: C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 4.2.
    There the loss is that of all classes; an aligned character has no right class if it stands for
    nothing, so here it is that of being right.
    """
    low, high = np.log(_TEMPERATURES)
    for _ in range(_GRIDS):
        grid = np.linspace(low, high, _GRID)
        losses = [_loss_at(outcomes, float(np.exp(point))) for point in grid]
        best = int(np.argmin(losses))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, _GRID - 1)]
    return round(float(np.exp(grid[best])), 3)


def log_loss(confidences: Floats, is_right: Bools) -> float:
    """Mean of -log of the probability given to what came true; one or more confidences."""
    bounded = np.clip(confidences, _CERTAIN, 1 - _CERTAIN)
    return float(-np.log(np.where(is_right, bounded, 1 - bounded)).mean())


def fit_word_points(products: Floats, is_right: Bools) -> tuple[Point, ...] | None:
    """Points (product, share of such words right) for `Manifest.word_calibration`.

    Isotonic regression makes steps that rise. The two neighbouring steps whose union costs the
    least squared error become one until at most `MAX_WORD_POINTS` are left. A point stands at the
    mean product of a step.

    Args:
        products: shape (m,), of character confidences.
        is_right: shape (m,).

    Returns:
        2 to 12 points, of 6 decimals; None for fewer than `MIN_WORDS` words.

    Source: B. Zadrozny, C. Elkan, "Transforming Classifier Scores into Accurate Multiclass
    Probability Estimates", KDD 2002 (isotonic regression by pooling adjacent violators).
    """
    if products.size < MIN_WORDS:
        return None
    steps = _joined(_isotonic_steps(products, is_right), MAX_WORD_POINTS)
    points = {round(step.product, 6): round(step.share, 6) for step in steps}
    if len(points) == 1:  # the product says nothing
        (share,) = points.values()
        return (0.0, share), (1.0, share)
    return tuple(points.items())


def align(reference: Sequence[str], hypothesis: Sequence[str]) -> list[int | None]:
    """For every unit of the hypothesis the index of its partner in the reference.

    The alignment is one with the fewest edits; of several, the one that from the end on prefers a
    partner, then an inserted unit. None stands for inserted units.
    """
    distances = _distances(reference, hypothesis)
    partners: list[int | None] = [None] * len(hypothesis)
    row, column = len(hypothesis), len(reference)
    while row and column:
        differs = hypothesis[row - 1] != reference[column - 1]
        if distances[row, column] == distances[row - 1, column - 1] + differs:
            row, column = row - 1, column - 1
            partners[row] = column
        elif distances[row, column] == distances[row - 1, column] + 1:
            row -= 1
        else:
            column -= 1
    return partners


@dataclass(frozen=True)
class _Step:
    """Words that share one confidence; products and right words are summed."""

    n_words: int
    summed_product: float
    n_right: int

    def __add__(self, other: "_Step") -> "_Step":
        return _Step(
            self.n_words + other.n_words,
            self.summed_product + other.summed_product,
            self.n_right + other.n_right,
        )

    @property
    def product(self) -> float:
        return self.summed_product / self.n_words

    @property
    def share(self) -> float:
        return self.n_right / self.n_words


def _isotonic_steps(products: Floats, is_right: Bools) -> list[_Step]:
    """Steps of rising share, by pooling adjacent violators.

    Source: R. Barlow et al., Statistical Inference under Order Restrictions, 1972, chapter 1.
    """
    values, places = np.unique(products, return_inverse=True)
    n_words = np.bincount(places).tolist()
    n_right = np.bincount(places, weights=is_right).astype(np.intp).tolist()
    steps: list[_Step] = []
    for value, n, right in zip(values.tolist(), n_words, n_right, strict=True):
        step = _Step(n, n * value, right)
        while steps and steps[-1].n_right * step.n_words >= step.n_right * steps[-1].n_words:
            step = steps.pop() + step
        steps.append(step)
    return steps


def _joined(steps: list[_Step], n_most: int) -> list[_Step]:
    """At most so many steps, by joining neighbours that cost the least squared error."""
    steps = list(steps)
    while len(steps) > n_most:
        costs = [_cost(a, b) for a, b in zip(steps, steps[1:], strict=False)]
        place = costs.index(min(costs))
        steps[place : place + 2] = [steps[place] + steps[place + 1]]
    return steps


def _cost(a: _Step, b: _Step) -> float:
    """Squared error that is added where two steps become one."""
    return a.n_words * b.n_words / (a.n_words + b.n_words) * (a.share - b.share) ** 2


def _loss_at(outcomes: Outcomes, temperature: float) -> float:
    confidences = outcomes.character_confidences(temperature)
    return log_loss(confidences, outcomes.characters_right)


def _without_idle_spaces(runs: Sequence[LabelRun], symbols: Sequence[str]) -> list[LabelRun]:
    """The runs without spaces at the ends and all but the first of spaces in a row."""
    kept: list[LabelRun] = []
    for run in runs:
        follows_space = not kept or symbols[kept[-1].label - 1] == _SPACE
        if symbols[run.label - 1] != _SPACE or not follows_space:
            kept.append(run)
    if kept and symbols[kept[-1].label - 1] == _SPACE:
        kept.pop()
    return kept


def mark_right(hypothesis: Sequence[str], reference: Sequence[str]) -> Bools:
    """For every unit of the hypothesis whether it equals its partner."""
    partners = align(reference, hypothesis)
    pairs = zip(hypothesis, partners, strict=True)
    return np.array([at is not None and reference[at] == unit for unit, at in pairs], dtype=bool)


def _distances(reference: Sequence[str], hypothesis: Sequence[str]) -> Indices:
    """Edits between every start of the hypothesis (row) and of the reference (column).

    Source: R. Wagner, M. Fischer, "The String-to-String Correction Problem", Journal of the ACM
    21(1), 1974, algorithm X.
    """
    true = np.array(list(reference), dtype=object)
    columns = np.arange(len(true) + 1)
    distances = np.empty((len(hypothesis) + 1, len(columns)), dtype=np.intp)
    distances[0] = columns
    for row, unit in enumerate(hypothesis):
        above = distances[row]
        best = above + 1  # an inserted unit
        best[1:] = np.minimum(best[1:], above[:-1] + (true != unit))
        distances[row + 1] = np.minimum.accumulate(best - columns) + columns  # missing units
    return distances
