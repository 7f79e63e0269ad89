"""Trains a character n-gram model on text and writes it, with the text's words, as a bundle."""

import logging
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import numpy as np

from text_recognizer.bundle import Bundle, check_free
from text_recognizer.errors import InputError, OptionError
from text_recognizer.language.corpus import read_corpus
from text_recognizer.language.kneser_ney import NgramEstimate, estimate
from text_recognizer.language.ngram_bundle import (
    bundle_size,
    load_language_model,
    write_ngram_bundle,
)
from text_recognizer.language.vocabulary import WORDS_FILE, collect_words, words_to_bytes
from text_recognizer.manifest import TrainingData
from text_recognizer.text_form import DEFAULT_TEXT_FORM, TEXT_FORMS

_LOG = logging.getLogger(__name__)
_LINE = 60  # characters of a written line, roughly
_LONGEST = 12  # order; longer n-grams gain nothing
_GAINS = (-6.0, 25.0)  # natural logarithms, between which lies that under which n-grams are left
_SEARCH_STEPS = 12  # to find it


@dataclass(frozen=True)
class NgramOptions:
    """How a language model is trained.

    Attributes:
        order: characters of the longest n-grams, 2 to 12.
        megabytes: of the model on disk, at most; the least useful n-grams are left out.
        text_form: name of the form of text that it learns.
        most_characters: of text that are learnt from; of more, evenly spread parts.
        version: of the model.
        licence: of the model, as an SPDX identifier; empty if nothing is said.

    Raises:
        OptionError: a value is not allowed.
    """

    order: int = 7
    megabytes: float = 3.0
    text_form: str = DEFAULT_TEXT_FORM
    most_characters: int = 20_000_000
    version: str = "1"
    licence: str = ""

    def __post_init__(self) -> None:
        if not 2 <= self.order <= _LONGEST:
            raise OptionError(f"order is 2 to {_LONGEST}, not {self.order}.")
        if not self.megabytes > 0 or self.most_characters < 1:
            raise OptionError("megabytes and most_characters are over 0.")
        if self.text_form not in TEXT_FORMS:
            raise OptionError(f"text_form is one of {', '.join(TEXT_FORMS)}.")


@dataclass(frozen=True)
class TrainedLanguageModel:
    """A new language model.

    Attributes:
        bundle: where it lies.
        n_grams: in it.
        n_words: that it lists.
        perplexity: per character, on the text held back, of the model as stored; None if there is
            none.
        n_held_back: characters of that text.
    """

    bundle: Bundle
    n_grams: int
    n_words: int
    perplexity: float | None
    n_held_back: int


def train_language_model(
    texts: Sequence[Path], output: Path, options: NgramOptions, *, command: str = ""
) -> TrainedLanguageModel:
    """Learn the n-grams of text files, and measure them on a tenth of each, which is held back.

    Args:
        texts: UTF-8 files, a paragraph a line, gzip or not.
        output: folder of the new bundle.
        options: how large it may be.
        command: how it was made, kept with it.

    Raises:
        BundleError: the folder holds a bundle already.
        InputError: a file cannot be read, or there is too little text.
    """
    check_free(output)
    corpus = read_corpus(texts, options.text_form, most=options.most_characters)
    if corpus.n_taken < corpus.n_characters:
        _LOG.info(
            "%d of %d characters are taken, evenly spread: --max-characters takes more.",
            corpus.n_taken,
            corpus.n_characters,
        )
    _LOG.info("Learning n-grams of up to %d characters.", options.order)
    learnt = estimate(corpus.train, order=options.order)
    gain = _gain_of_size(learnt, options.megabytes * 1e6)
    values = {
        "version": options.version,
        "text_form": options.text_form,
        "licence": options.licence,
        "libraries": {"numpy": metadata.version("numpy")},
        "training_data": tuple(TrainingData(name=path.name, licence="") for path in texts),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    words = collect_words(corpus.train)
    extra = {WORDS_FILE: words_to_bytes(words)} if words else {}
    if command:
        extra["run_command.txt"] = f"{command}\n".encode()
    bundle = write_ngram_bundle(output, learnt.model(least_gain=gain), values, extra)
    _, model = load_language_model(output)
    lines = [line for text in corpus.held_back for line in textwrap.wrap(text, _LINE)]
    n_characters = sum(map(len, lines))
    perplexity = None
    if n_characters:
        perplexity = math.exp(-float(np.sum(model.log_probability(lines))) / n_characters)
    return TrainedLanguageModel(bundle, len(model.trie.keys), len(words), perplexity, n_characters)


def _gain_of_size(learnt: NgramEstimate, size: float) -> float:
    """The gain over which the n-grams together are as large as they may be.

    Raises:
        InputError: the single characters alone are larger.
    """

    def fits(gain: float) -> bool:
        return bundle_size(learnt.levels_kept(gain), len(learnt.characters) + 1) <= size

    if fits(0.0):
        return 0.0
    low, high = _GAINS
    if not fits(math.exp(high)):
        raise InputError("The model cannot be so small: give a larger --max-size.")
    for _ in range(_SEARCH_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if fits(math.exp(middle)) else (middle, high)
    return math.exp(high)
