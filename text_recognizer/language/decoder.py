"""Reads scores with a language: beam search, the runs of its best text, and what mends it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from text_recognizer.beam_search import (
    BeamOptions,
    Hypothesis,
    NoLanguage,
    Scorer,
    score_language,
    search_beams,
)
from text_recognizer.bundle import Bundle
from text_recognizer.ctc import Decoded, find_runs, score_labels
from text_recognizer.errors import BundleError
from text_recognizer.language.confusions import load_confusions
from text_recognizer.language.corrector import load_corrector
from text_recognizer.language.lexicon import (
    JoinedScorer,
    Lexicon,
    LexiconScorer,
    read_words,
    with_capitals,
)
from text_recognizer.language.lexicon_search import LexiconSearch, NearWords
from text_recognizer.language.mending import JUDGED_BY_SCORES, MendingDecoder
from text_recognizer.language.ngram_bundle import load_language_model
from text_recognizer.language.ngram_model import NgramModel
from text_recognizer.language.scorer import LanguageScorer
from text_recognizer.language.vocabulary import load_words, without_numbers
from text_recognizer.language.weighted_edits import UNIFORM, EditCosts
from text_recognizer.line_reader import Decodes
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

    @property
    def knows_language(self) -> bool:
        """Whether texts are not all alike to the scorer."""
        return not isinstance(self._scorer, NoLanguage)

    def with_scorer(self, scorer: Scorer) -> "LanguageDecoder":
        """The same decoder, told what another scorer knows, too."""
        return LanguageDecoder(
            JoinedScorer(self._scorer, scorer),
            options=self._options,
            n_best=self._n_best,
            word_calibration=self.word_calibration,
        )

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

    def score(
        self, scores: NDArray[np.float32], texts: Sequence[Sequence[int]]
    ) -> NDArray[np.float64]:
        """Scores of texts in a line, of shape (n,): of all their paths, and what the scorer adds.

        Args:
            scores: of the line, of shape (T, C), log-probabilities.
            texts: labels, none of them the blank.
        """
        return score_labels(scores, texts) + score_language(texts, self._scorer)

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
    corrector: str | Path | None = None,
    n_best: int = 1,
    n_threads: int | None = None,
) -> Decodes | None:
    """The decoder that a line model reads with; None for greedy reading.

    Args:
        line_model: its manifest says how much is given on the language.
        language_model: name or folder; None takes that of the manifest, `none` takes none.
        lexicon: file of words that the text is likely to hold, or None.
        corrector: name or folder of what mends the texts, or None.
        n_best: texts of each line that are given back as candidates; 1 gives none.
        n_threads: of the corrector's network; None lets onnxruntime choose.

    Raises:
        BundleError: a model is missing, damaged or of another kind, or writes another text form
            than the line model.
        InputError: the lexicon cannot be read, or holds no word of the model's characters.
    """
    base = load_scoring_decoder(line_model, language_model, n_best=n_best)
    stages = _mending_stages(
        base, line_model, lexicon=lexicon, corrector=corrector, n_threads=n_threads
    )
    if not stages and not base.knows_language and n_best == 1:
        return None
    return [base, *stages.values()][-1]


def load_decoders(
    line_model: Bundle,
    language_model: str | Path | None = None,
    *,
    lexicon: Path | None = None,
    corrector: str | Path | None = None,
    n_threads: int | None = None,
) -> dict[str, Decodes]:
    """The decoder after each stage of reading, by the stage's name; see `load_decoder`."""
    base = load_scoring_decoder(line_model, language_model)
    first: dict[str, Decodes] = {"+ model": base} if base.knows_language else {}
    return first | _mending_stages(
        base, line_model, lexicon=lexicon, corrector=corrector, n_threads=n_threads
    )


def load_scoring_decoder(
    line_model: Bundle, language_model: str | Path | None = None, *, n_best: int = 1
) -> LanguageDecoder:
    """The decoder that a line model reads with, without a lexicon and not mended."""
    manifest = line_model.manifest
    scorer: Scorer = NoLanguage()
    calibration = manifest.word_calibration
    if language_model != NO_LANGUAGE and (language_model or manifest.language):
        scorer = _language_scorer(line_model, language_model)
        calibration = (manifest.language and manifest.language.word_calibration) or calibration
    return LanguageDecoder(scorer, n_best=n_best, word_calibration=calibration)


def _mending_stages(
    base: LanguageDecoder,
    line_model: Bundle,
    *,
    lexicon: Path | None,
    corrector: str | Path | None,
    n_threads: int | None,
) -> dict[str, Decodes]:
    """What a lexicon and a corrector make of a decoder, one on top of the other."""
    manifest = line_model.manifest
    decoder: LanguageDecoder | MendingDecoder = base
    stages: dict[str, Decodes] = {}
    if lexicon is not None:
        words = read_words(lexicon, manifest.text_form)
        trie = Lexicon.of(words, manifest.symbols)
        near = NearWords(words, LexiconSearch(trie, manifest.symbols, _costs(line_model)))
        decoder = base.with_scorer(LexiconScorer(trie, manifest.symbols))
        decoder = MendingDecoder(decoder, near, manifest.alphabet, JUDGED_BY_SCORES)
        stages["+ lexicon"] = decoder
    if corrector is not None:
        loaded = load_corrector(corrector, n_threads=n_threads)
        _check_text_form(loaded.bundle, line_model, "corrector")
        decoder = MendingDecoder(decoder, loaded, manifest.alphabet, loaded.settings)
        stages["+ corrector"] = decoder
    return stages


def _costs(line_model: Bundle) -> EditCosts:
    """What the line model's confusions cost; all edits alike if they are not known."""
    confusions = load_confusions(line_model)
    return UNIFORM if confusions is None else confusions.costs()


def _language_scorer(line_model: Bundle, language_model: str | Path | None) -> Scorer:
    settings = line_model.manifest.language
    settings = settings or LanguageSettings(NO_LANGUAGE, USUAL_WEIGHT, USUAL_BONUS)
    bundle, model = load_language_model(language_model or settings.name)
    _check_text_form(bundle, line_model, "language model")
    words = load_words(bundle) if settings.word_bonus else []
    return language_scorer(model, words, settings, line_model.manifest.symbols)


def language_scorer(
    model: NgramModel, words: Sequence[str], settings: LanguageSettings, symbols: Sequence[str]
) -> Scorer:
    """What a language model is worth to a beam search.

    Args:
        model: the n-grams.
        words: the model's words, may be empty.
        settings: how much is given on both.
        symbols: characters of labels 1, 2, ...
    """
    scorer = LanguageScorer(model, symbols, weight=settings.weight, bonus=settings.bonus)
    can_write = set(symbols).issuperset
    listed = without_numbers(words)
    if not settings.word_bonus or not any(can_write(word) for word in listed):
        return scorer
    trie = Lexicon.of(with_capitals(listed), symbols)
    return JoinedScorer(scorer, LexiconScorer(trie, symbols, bonus=settings.word_bonus))


def _check_text_form(bundle: Bundle, line_model: Bundle, kind: str) -> None:
    own, wanted = bundle.manifest.text_form, line_model.manifest.text_form
    if own != wanted:
        raise BundleError(
            f"{bundle.folder} writes {own}, and {line_model.folder} writes {wanted}: train a "
            f"{kind} in that text form."
        )
