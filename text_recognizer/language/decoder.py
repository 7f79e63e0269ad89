"""Reads scores with a language model: beam search, and the label runs of its best text."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from text_recognizer.beam_search import (
    BeamOptions,
    Hypothesis,
    NoLanguage,
    Scorer,
    search_beams,
)
from text_recognizer.bundle import Bundle
from text_recognizer.ctc import Decoded, find_runs
from text_recognizer.errors import BundleError
from text_recognizer.language.lexicon import JoinedScorer, Lexicon, LexiconScorer, read_words
from text_recognizer.language.ngram_bundle import load_language_model
from text_recognizer.language.scorer import LanguageScorer
from text_recognizer.manifest import LanguageSettings

NO_LANGUAGE = "none"
USUAL_WEIGHT, USUAL_BONUS = 0.3, 0.8  # of a line model for which nothing was tuned

Points = tuple[tuple[float, float], ...]


class LanguageDecoder:
    """Beam search with a scorer.

    Args:
        scorer: what it is told of the language.
        options: of the beam search.
        n_best: texts of each line that are given back as candidates; 1 gives none.
        word_calibration: as `Manifest.word_calibration`, of what it reads.
    """

    def __init__(
        self,
        scorer: Scorer,
        *,
        options: BeamOptions | None = None,
        n_best: int = 1,
        word_calibration: Points | None = None,
    ) -> None:
        self._scorer, self._options = scorer, options or BeamOptions()
        self._n_best = n_best
        self.word_calibration = word_calibration

    def decode(self, scores: Sequence[NDArray[np.float32]], *, temperature: float) -> list[Decoded]:
        """The best text of every line; the confidences of its labels are those of the scores.

        Args:
            scores: of each line, of shape (T, C), log-probabilities, label 0 the blank.
            temperature: as `decode_greedy` takes it.
        """
        decoded = []
        for own, found in zip(scores, self.search(scores, n_best=self._n_best), strict=True):
            runs = find_runs(own, found[0].labels, found[0].frames, temperature=temperature)
            candidates = tuple((text.labels, text.score) for text in found)
            decoded.append(Decoded(runs, candidates if self._n_best > 1 else ()))
        return decoded

    def search(
        self, scores: Sequence[NDArray[np.float32]], *, n_best: int = 1
    ) -> list[list[Hypothesis]]:
        """The best texts of every line, the best first."""
        return search_beams(scores, self._scorer, self._options, n_best=n_best)


def load_decoder(
    line_model: Bundle,
    language_model: str | Path | None = None,
    *,
    lexicon: Path | None = None,
    n_best: int = 1,
) -> LanguageDecoder | None:
    """The decoder that a line model reads with; None for greedy reading.

    Args:
        line_model: its manifest says how much is given on the language.
        language_model: name or folder; None takes that of the manifest, `none` takes none.
        lexicon: file of words that the text is likely to hold, or None.
        n_best: texts of each line that are given back as candidates; 1 gives none.

    Raises:
        BundleError: the language model is missing, damaged or no language model, or writes another
            text form than the line model.
        InputError: the lexicon cannot be read, or holds no word of the model's characters.
    """
    manifest = line_model.manifest
    scorers: list[Scorer] = []
    calibration = None
    if language_model != NO_LANGUAGE and (language_model or manifest.language):
        scorers.append(_language_scorer(line_model, language_model))
        calibration = manifest.language and manifest.language.word_calibration
    if lexicon is not None:
        words = Lexicon.of(read_words(lexicon, manifest.text_form), manifest.symbols)
        scorers.append(LexiconScorer(words, manifest.symbols))
    if not scorers:
        if n_best == 1:
            return None
        scorers.append(NoLanguage())
    scorer = scorers[0] if len(scorers) == 1 else JoinedScorer(*scorers)
    return LanguageDecoder(
        scorer, n_best=n_best, word_calibration=calibration or manifest.word_calibration
    )


def _language_scorer(line_model: Bundle, language_model: str | Path | None) -> LanguageScorer:
    settings = line_model.manifest.language
    settings = settings or LanguageSettings(NO_LANGUAGE, USUAL_WEIGHT, USUAL_BONUS)
    bundle, model = load_language_model(language_model or settings.name)
    if bundle.manifest.text_form != line_model.manifest.text_form:
        raise BundleError(
            f"{bundle.folder} writes {bundle.manifest.text_form}, and {line_model.folder} writes "
            f"{line_model.manifest.text_form}: train a language model in that text form."
        )
    return LanguageScorer(
        model, line_model.manifest.symbols, weight=settings.weight, bonus=settings.bonus
    )
