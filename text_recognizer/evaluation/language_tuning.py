"""Fits how much a line model gives on a language model, on validation lines.

Scores are made once; then weights and bonuses are tried until none next to the best is better.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from text_recognizer.bundle import (
    DEFAULT_LINE_MODEL,
    Bundle,
    check_free,
    load_bundle,
    write_bundle,
)
from text_recognizer.ctc import LabelRun
from text_recognizer.evaluation.calibration import (
    Calibration,
    CalibrationErrors,
    calibration_error,
    fit_word_points,
    mark_right,
)
from text_recognizer.evaluation.report import LineResult
from text_recognizer.evaluation.scored_lines import (
    ScoredLine,
    compare_runs,
    decode_lines,
    read_scored_lines,
)
from text_recognizer.evaluation.source_rates import Rates, check_errors, mean_ratio, source_rates
from text_recognizer.ground_truth import find_sources_without
from text_recognizer.language.decoder import LanguageDecoder, language_scorer
from text_recognizer.language.ngram_bundle import load_language_model
from text_recognizer.language.ngram_model import NgramModel
from text_recognizer.language.vocabulary import load_words
from text_recognizer.line_reader import Decodes, LineReader
from text_recognizer.manifest import LanguageSettings

WEIGHTS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
WORD_BONUSES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
BONUSES = (0.0, 0.4, 0.8, 1.2, 1.6, 2.0)
_START = (3, 2)  # places of the first weight and bonus that are tried
_SPACE = " "


@dataclass(frozen=True)
class TunedLanguage:
    """What was found.

    Attributes:
        settings: for the manifest of the line model.
        before: error rate of each source without the language model.
        after: with it.
    """

    settings: LanguageSettings
    before: Rates
    after: Rates

    @property
    def helps_everywhere(self) -> bool:
        """Whether no source reads worse."""
        return all(self.after[source] <= self.before[source] for source in self.before)


def choose_language(
    language_model: str,
    data: Path,
    output: Path,
    *,
    model: str | None = None,
    without: Collection[str] = (),
    most: int | None = None,
    n_threads: int | None = None,
    tell: Callable[[str], None] = lambda sentence: None,
) -> tuple[TunedLanguage, Bundle]:
    """Tune a line model to a language model, and write a copy of it with what was found.

    Args:
        language_model: name or folder.
        data: lines with their text.
        output: folder of the copy.
        model: line model, by name or folder; None takes the shipped one.
        without: sources that are not tuned on.
        most: lines of one source; None takes all.
        n_threads: of the network.
        tell: is told what was tried.

    Raises:
        BundleError: a model is missing or damaged, or the folder holds one already.
        InputError: the data cannot be read, or says nothing.
        OptionError: the data has no such source as one to leave out.
    """
    check_free(output)
    line_model = load_bundle(model or DEFAULT_LINE_MODEL, task="line")
    bundle, ngrams = load_language_model(language_model)
    chosen = find_sources_without(data, without)
    reader = LineReader(line_model, n_threads=n_threads)
    lines = read_scored_lines(data, reader, split="validation", sources=chosen, most=most)
    tuned = tune_language(
        line_model,
        bundle.manifest.name,
        ngrams,
        lines,
        words=load_words(bundle),
        on_try=lambda settings, mean: tell(
            f"weight {settings.weight}, bonus {settings.bonus}, word bonus "
            f"{settings.word_bonus}: {100 * mean:.1f} % of the errors"
        ),
    )
    manifest = replace(line_model.manifest, name=output.name, language=tuned.settings)
    files = {name: line_model.folder / name for name in line_model.manifest.files}
    return tuned, write_bundle(output, manifest, files)


def tune_language(
    line_model: Bundle,
    name: str,
    model: NgramModel,
    lines: Sequence[ScoredLine],
    *,
    words: Sequence[str] = (),
    on_try: Callable[[LanguageSettings, float], None] | None = None,
) -> TunedLanguage:
    """The settings with the least error rate, relative to that without, mean over sources.

    Weight and bonus are tried first, and with the best of them the bonus of the model's words.

    Args:
        line_model: whose scores they are.
        name: of the language model, as the manifest will name it.
        model: the language model.
        lines: of validation.
        words: of the language model.
        on_try: told each settings and mean relative error rate.

    Raises:
        InputError: without the language model no line has an error, or nothing is written in them.
    """
    manifest = line_model.manifest

    def read(decoder: Decodes | None) -> list[LineResult]:
        return compare_runs(
            lines, decode_lines(lines, decoder), manifest.alphabet, manifest.text_form
        )

    def decoder(settings: LanguageSettings) -> LanguageDecoder:
        return LanguageDecoder(language_scorer(model, words, settings, manifest.symbols))

    before = source_rates((line.source, line.characters) for line in read(None))
    check_errors(before)
    tried: dict[LanguageSettings, tuple[float, Rates]] = {}

    def relative(settings: LanguageSettings) -> float:
        if settings not in tried:
            results = read(decoder(settings))
            after = source_rates((line.source, line.characters) for line in results)
            mean = mean_ratio(after, before)
            tried[settings] = mean, after
            if on_try is not None:
                on_try(settings, mean)
        return tried[settings][0]

    def of_place(place: tuple[int, int]) -> LanguageSettings:
        return LanguageSettings(name, WEIGHTS[place[0]], BONUSES[place[1]])

    best = of_place(_climb(lambda place: relative(of_place(place))))
    bonuses = WORD_BONUSES if words else (0.0,)
    best = min((replace(best, word_bonus=bonus) for bonus in bonuses), key=relative)
    decoded = decode_lines(lines, decoder(best), temperature=manifest.temperature)
    results = compare_runs(lines, decoded, manifest.alphabet, manifest.text_form)
    runs = judge_runs(results, decoded, manifest.symbols)
    points = fit_word_points(runs.products, runs.words_right)
    return TunedLanguage(replace(best, word_calibration=points), before, tried[best][1])


def _climb(cost: Callable[[tuple[int, int]], float]) -> tuple[int, int]:
    """A place of the grid next to which no other costs less."""
    best = _START
    while True:
        steps = product((-1, 0, 1), repeat=2)
        near = [(best[0] + i, best[1] + j) for i, j in steps]
        inside = [(i, j) for i, j in near if 0 <= i < len(WEIGHTS) and 0 <= j < len(BONUSES)]
        chosen = min(inside, key=lambda place: (cost(place), place != best))
        if chosen == best:
            return best
        best = chosen


@dataclass(frozen=True, eq=False)
class JudgedRuns:
    """Confidences of characters and products of words that were read, and which are right."""

    confidences: NDArray[np.float64]
    characters_right: NDArray[np.bool_]
    products: NDArray[np.float64]
    words_right: NDArray[np.bool_]

    def calibration_errors(
        self, points: tuple[tuple[float, float], ...] | None
    ) -> CalibrationErrors:
        """How far confidences are from shares that are right; `points` calibrate the words."""
        words = Calibration(word_points=points).word_confidences(self.products)
        return CalibrationErrors(
            calibration_error(self.confidences, self.characters_right),
            calibration_error(words, self.words_right),
        )


def judge_runs(
    results: Sequence[LineResult], decoded: Sequence[Sequence[LabelRun]], symbols: Sequence[str]
) -> JudgedRuns:
    """What was read in lines; those in which the text form joins or parts words are left out.

    Args:
        results: of the lines.
        decoded: the label runs that the results are of.
        symbols: characters of labels 1, 2, ...
    """
    confidences: list[float] = []
    characters_right: list[bool] = []
    products: list[float] = []
    words_right: list[bool] = []
    for result, runs in zip(results, decoded, strict=True):
        words = _words(runs, symbols)
        if [len(word) for word in words] != [len(word) for word in result.hypothesis.split()]:
            continue
        letters = mark_right(result.hypothesis, result.reference)
        is_letter = np.array([character != _SPACE for character in result.hypothesis], bool)
        confidences += [own for word in words for own in word]
        characters_right += letters[is_letter].tolist()
        products += [float(np.prod(word)) for word in words]
        words_right += mark_right(result.hypothesis.split(), result.reference.split()).tolist()
    return JudgedRuns(
        np.array(confidences),
        np.array(characters_right, bool),
        np.array(products),
        np.array(words_right, bool),
    )


def _words(runs: Sequence[LabelRun], symbols: Sequence[str]) -> list[list[float]]:
    """Confidences of the letters of each word."""
    grouped = groupby(runs, key=lambda run: symbols[run.label - 1] == _SPACE)
    return [[run.confidence for run in group] for is_space, group in grouped if not is_space]
