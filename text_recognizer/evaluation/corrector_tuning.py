"""Finds how sure a corrector must be, on validation lines.

Lines are read and proposals judged once; then weights and margins are tried.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from text_recognizer.bundle import (
    DEFAULT_LINE_MODEL,
    Bundle,
    check_free,
    load_bundle,
    write_bundle,
)
from text_recognizer.evaluation.metrics import count_character_errors
from text_recognizer.evaluation.scored_lines import ScoredLine, read_scored_lines
from text_recognizer.evaluation.source_rates import Rates, check_errors, mean_ratio, source_rates
from text_recognizer.ground_truth import find_sources_without
from text_recognizer.language.corrector import Corrector, load_corrector
from text_recognizer.language.decoder import load_scoring_decoder
from text_recognizer.language.mending import (
    Edit,
    JudgedProposal,
    MendingDecoder,
    ScoresTexts,
    apply_edits,
    choose_edits,
)
from text_recognizer.line_reader import LineReader
from text_recognizer.manifest import CorrectionSettings
from text_recognizer.text_form import apply_text_form

WEIGHTS = (0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)
MARGINS = (-3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0)


@dataclass(frozen=True)
class JudgedLine:
    """A line as it was read, and what might be mended in it.

    Attributes:
        source: of the line.
        reference: the true text, in the text form.
        read: the text that was read.
        judged: proposals for it.
    """

    source: str
    reference: str
    read: str
    judged: tuple[JudgedProposal, ...]


@dataclass(frozen=True)
class TunedCorrector:
    """What was found.

    Attributes:
        settings: for the manifest of the corrector.
        before: error rate of each source without the corrector.
        after: with it.
    """

    settings: CorrectionSettings
    before: Rates
    after: Rates


def choose_correction(
    corrector: str,
    data: Path,
    output: Path,
    *,
    model: str | None = None,
    language_model: str | None = None,
    without: Collection[str] = (),
    most: int | None = None,
    n_threads: int | None = None,
) -> tuple[TunedCorrector, Bundle]:
    """Tune a corrector to a line model, and write a copy of it with what was found.

    Args:
        corrector: name or folder.
        data: lines with their text.
        output: folder of the copy.
        model: line model, by name or folder; None takes the shipped one.
        language_model: that it reads with; None takes its own.
        without: sources that are not tuned on.
        most: lines of one source; None takes all.
        n_threads: of the networks.

    Raises:
        BundleError: a model is missing or damaged, or the folder holds one already.
        InputError: the data cannot be read, or says nothing.
        OptionError: the data has no such source as one to leave out.
    """
    check_free(output)
    line_model = load_bundle(model or DEFAULT_LINE_MODEL, task="line")
    loaded = load_corrector(corrector, n_threads=n_threads)
    decoder = load_scoring_decoder(line_model, language_model)
    chosen = find_sources_without(data, without)
    reader = LineReader(line_model, n_threads=n_threads)
    lines = read_scored_lines(data, reader, split="validation", sources=chosen, most=most)
    tuned = tune_corrector(judge_lines(line_model, decoder, loaded, lines))
    manifest = replace(loaded.bundle.manifest, name=output.name, correction=tuned.settings)
    files = {name: loaded.bundle.folder / name for name in manifest.files}
    return tuned, write_bundle(output, manifest, files)


def judge_lines(
    line_model: Bundle, decoder: ScoresTexts, corrector: Corrector, lines: Sequence[ScoredLine]
) -> list[JudgedLine]:
    """Lines as a decoder reads them, with the corrector's proposals."""
    manifest = line_model.manifest
    alphabet, form = manifest.alphabet, manifest.text_form
    mending = MendingDecoder(decoder, corrector, alphabet, corrector.settings)
    scores = [line.scores for line in lines]
    decoded = decoder.decode(scores, temperature=manifest.temperature)
    texts = [alphabet.decode(run.label for run in line.runs) for line in decoded]
    return [
        JudgedLine(
            line.sample.source,
            apply_text_form(line.sample.text, form),
            text,
            tuple(mending.judge(line.scores, text, proposals)),
        )
        for line, text, proposals in zip(lines, texts, corrector.propose(texts), strict=True)
    ]


def tune_corrector(lines: Sequence[JudgedLine]) -> TunedCorrector:
    """The weight and margin with the least error rate, relative to that without, mean over sources.

    Of settings that are alike, the one that mends least is taken.

    Raises:
        InputError: the lines are read without an error.
    """
    before = _rates(lines, [[] for _ in lines])
    check_errors(before)
    tried = []
    for margin, weight in product(MARGINS, WEIGHTS):
        settings = CorrectionSettings(weight, margin)
        edits = [choose_edits(line.judged, settings) for line in lines]
        after = _rates(lines, edits)
        mean = mean_ratio(after, before)
        tried.append((round(mean, 9), sum(map(len, edits)), -margin, -weight, settings, after))
    *_, settings, after = min(tried, key=lambda item: item[:4])
    return TunedCorrector(settings, before, after)


def _rates(lines: Sequence[JudgedLine], edits: Sequence[Sequence[Edit]]) -> Rates:
    return source_rates(
        (
            line.source,
            count_character_errors(
                line.reference, " ".join(apply_edits(line.read, own_edits).split())
            ),
        )
        for line, own_edits in zip(lines, edits, strict=True)
    )
