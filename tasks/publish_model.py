"""Makes a model ready to be published: fits its calibration and measures its error rates.

    python tasks/publish_model.py BUNDLE --data DIR [--sources A B] [--without C] [--version V]
                                  [--language-model NAME] [--output DIR] [--threads N]

Writes a copy of the bundle with the same network, whose manifest holds the temperature, the word
calibration and the error rates, prints the tables of its model card, and keeps with the copy what
is mixed up in validation lines, which the search for near words of a lexicon goes by. With a
language model, the copy reads with it: its weight is tuned, and the error rates of the manifest are
those of reading with it. Nothing is fitted on test lines, and every line goes through the network
once.
"""

import argparse
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from text_recognizer.bundle import Bundle, check_free, load_bundle, write_bundle
from text_recognizer.errors import InputError, OptionError, TextRecognizerError
from text_recognizer.evaluation import EvaluationReport, ReportRow, evaluate, render_report
from text_recognizer.evaluation.calibration import (
    UNCALIBRATED,
    Calibration,
    CalibrationErrors,
    Outcomes,
    ScoredText,
    fit_calibration,
    judge,
    measure_calibration,
    score_text,
)
from text_recognizer.evaluation.confusion_table import count_confusions
from text_recognizer.evaluation.language_tuning import judge_runs, tune_language
from text_recognizer.evaluation.report import ALL, LineResult, make_rows, per_cent
from text_recognizer.evaluation.scored_lines import (
    ScoredLine,
    compare_runs,
    decode_lines,
    evenly_spaced,
)
from text_recognizer.ground_truth import LineSample, find_sources_without, read_unseen_ids
from text_recognizer.ground_truth.strokes import find_stroke_files
from text_recognizer.language.confusions import CONFUSIONS_FILE
from text_recognizer.language.decoder import LanguageDecoder, language_scorer
from text_recognizer.language.ngram_bundle import load_language_model
from text_recognizer.language.vocabulary import load_words
from text_recognizer.line_input import normalise
from text_recognizer.line_reader import LineReader
from text_recognizer.manifest import LanguageSettings, MeasuredCer

LEFT_OUT = ("unipen-words", "jeremy")
"""Sources of single words: a line model is judged by lines."""
NOT_FITTED_ON = ("peraire",)
"""Sources that stand for unseen hands: measured, but nothing is chosen or fitted on them."""
MAX_LINES_TO_FIT = 150
"""Of one source, so that a large one does not outweigh the others."""
STROKES_NOTE = "frozen drawing"

_HEADER = (
    "source",
    "lines",
    "documents",
    "characters",
    "CER % (95 %)",
    "WER %",
    "CER % without case",
    "empty lines %",
    "calibration error of characters %",
    "of words %",
)


@dataclass(frozen=True)
class Measurement:
    """One split as the model reads it, without a language model.

    Attributes:
        report: of the evaluation.
        texts: what was read in the report's lines, in their order, with scores.
        scores: of all frames of these lines, each of shape (T, C).
    """

    report: EvaluationReport
    texts: tuple[ScoredText, ...]
    scores: tuple[NDArray[np.float32], ...] = ()

    def outcomes(self, places: Collection[int]) -> Outcomes:
        """Outcomes of the lines at these places of the report."""
        references = [self.report.lines[place].reference for place in places]
        return judge([self.texts[place] for place in places], references)

    def scored_lines(self, places: Collection[int]) -> list[ScoredLine]:
        """The lines at these places of the report, to be decoded again."""
        return [_scored(self.report, place, self.scores[place]) for place in places]

    def places(self, source: str) -> list[int]:
        """Places of a source's lines in the report; `all` stands for every source."""
        lines = self.report.lines
        return [i for i, line in enumerate(lines) if source in (ALL, line.source)]


class ScoringReader:
    """Reads as a `LineReader` does, and keeps the scores of what it read."""

    def __init__(self, bundle: Bundle, *, n_threads: int | None = None) -> None:
        self._reader = LineReader(bundle, n_threads=n_threads)
        self._manifest = bundle.manifest
        self.texts: list[ScoredText] = []
        self.scores: list[NDArray[np.float32]] = []

    def read(self, images: Sequence[NDArray[np.uint8]]) -> list[ScoredText]:
        """What is written in each line, in the order given; as `LineReader.read`."""
        scored = self._reader.scores(images)
        scored = [self._with_ink(i, s) for i, s in zip(images, scored, strict=True)]
        texts = [score_text(scores, self._manifest.symbols) for scores in scored]
        self.texts += texts
        self.scores += scored
        return texts

    def _with_ink(
        self, image: NDArray[np.uint8], scores: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The scores; without ink none, as `LineReader` reads nothing there."""
        manifest = self._manifest
        line = normalise(image, manifest.line_height, manifest.input_normalisation)
        return scores if line.any() else scores[:0]


def choose_sources(
    data: Path, wanted: Collection[str] | None, without: Collection[str]
) -> list[str]:
    """Sources to measure: those wanted, or all but the ones of single words; less `without`.

    Raises:
        InputError: the data set cannot be read.
        OptionError: nothing is left, or `without` names a source that is not there.
    """
    present = find_sources_without(data, without)
    chosen = [source for source in present if source not in LEFT_OUT] if wanted is None else wanted
    left = [source for source in chosen if source not in without]
    if not left:
        raise OptionError(f"No source of {data} is left to measure: give --sources.")
    return left


def measure(
    bundle: Bundle,
    data: Path,
    *,
    split: str,
    sources: Collection[str],
    n_threads: int | None = None,
) -> Measurement:
    """The split's lines, read and compared with their transcriptions.

    Raises:
        InputError: the data set or an image cannot be read, or the split has no lines.
    """
    reader = ScoringReader(bundle, n_threads=n_threads)
    report = evaluate(
        data,
        reader=reader,
        text_form=bundle.manifest.text_form,
        split=split,
        sources=sources,
        on_progress=_progress(split),
    )
    return Measurement(report, tuple(reader.texts), tuple(reader.scores))


def lines_to_fit(measured: Measurement) -> list[int]:
    """Places of the lines to fit the calibration on, evenly spaced in every source.

    Raises:
        InputError: there are none.
    """
    chosen: list[int] = []
    for source in sorted({line.source for line in measured.report.lines} - set(NOT_FITTED_ON)):
        chosen += evenly_spaced(measured.places(source), MAX_LINES_TO_FIT)
    if not chosen:
        raise InputError(f"{measured.report.dataset} has no lines to fit the calibration on.")
    return chosen


def fitted_lines(report: EvaluationReport) -> list[LineResult]:
    """Lines of the sources that a model is fitted on."""
    return [line for line in report.lines if line.source not in NOT_FITTED_ON]


def measured_rates(report: EvaluationReport, stroke_sources: Collection[str]) -> list[MeasuredCer]:
    """The report's rows with text, but not that of all sources, as the manifest holds them."""
    return [
        MeasuredCer(
            data=row.name,
            split=report.split,
            cer=round(row.cer, 5),
            low=None if row.cer_interval is None else round(row.cer_interval[0], 5),
            high=None if row.cer_interval is None else round(row.cer_interval[1], 5),
            n_characters=row.n_characters,
            note=STROKES_NOTE if row.name.split(",")[0] in stroke_sources else "",
        )
        for row in report.rows
        if row.name != ALL and row.cer is not None
    ]


def render_section(measured: Measurement, calibration: Calibration) -> str:
    """Table of a split in Markdown; calibration errors stand in the rows of whole sources."""
    split, rows = measured.report.split, measured.report.rows
    outcomes = {
        row.name: measured.outcomes(places) for row in rows if (places := measured.places(row.name))
    }
    errors = {name: measure_calibration(own, calibration) for name, own in outcomes.items()}
    nothing = CalibrationErrors(None, None)
    rule = ("---", *["---:"] * (len(_HEADER) - 1))
    table = [_HEADER, rule, *(_cells(row, errors.get(row.name, nothing)) for row in rows)]
    before = measure_calibration(outcomes[ALL], UNCALIBRATED)
    return "\n".join(
        [
            f"{split.capitalize()} split, text form `{measured.report.text_form}`:",
            "",
            *(f"| {' | '.join(cells)} |" for cells in table),
            "",
            f"Calibration errors of all {split} lines without calibration: characters "
            f"{per_cent(before.characters)} %, words {per_cent(before.words)} %.",
        ]
    )


def run(options: argparse.Namespace) -> None:
    """Fit, measure, write and print.

    Raises:
        TextRecognizerError: the model, the data or an option is of no use; nothing is written.
    """
    bundle = load_bundle(options.bundle, task="line")
    version = options.version or bundle.manifest.version
    output = options.output or bundle.folder.with_name(f"{bundle.folder.name}-{version}")
    check_free(output)
    sources = choose_sources(options.data, options.sources, options.without)
    measure_split = partial(
        measure, bundle, options.data, sources=sources, n_threads=options.threads
    )
    validation = measure_split(split="validation")
    to_fit = lines_to_fit(validation)
    calibration = fit_calibration(validation.outcomes(to_fit))
    measured = (validation, measure_split(split="test"))
    manifest = replace(
        bundle.manifest,
        name=output.name if options.output else bundle.manifest.name,
        version=version,
        temperature=calibration.temperature,
        word_calibration=calibration.word_points,
        language=None,
    )
    reports = [split.report for split in measured]
    if options.language_model:
        settings, reports = add_language(
            replace(bundle, manifest=manifest), options, measured, to_fit
        )
        manifest = replace(manifest, language=settings)
    strokes = _stroke_sources(options.data)
    rates = [rate for report in reports for rate in measured_rates(report, strokes)]
    manifest = replace(manifest, cer=tuple(rates))
    files: dict[str, bytes | Path] = {name: bundle.folder / name for name in manifest.files}
    files[CONFUSIONS_FILE] = count_confusions(fitted_lines(reports[0])).to_json().encode()
    write_bundle(output, manifest, files)
    for split in measured:
        print(render_section(split, calibration), end="\n\n")
    if manifest.language is not None:
        print(f"With {manifest.language.name}:\n")
        for report in reports:
            print(render_report(report), end="\n\n")
    fitted_on = ", ".join(sorted({validation.report.lines[place].source for place in to_fit}))
    print(f"Temperature {calibration.temperature} and word calibration are fitted on")
    print(f"{len(to_fit)} validation lines of {fitted_on}. The model is in {output}.")


def add_language(
    bundle: Bundle,
    options: argparse.Namespace,
    measured: Sequence[Measurement],
    to_fit: Sequence[int],
) -> tuple[LanguageSettings, list[EvaluationReport]]:
    """What to read with a language model by, tuned on validation lines, and reports of reading so.

    Args:
        bundle: with its new calibration.
        options: of the program.
        measured: the splits, validation first.
        to_fit: places of the validation lines to tune on.

    Raises:
        BundleError: the language model is missing or damaged.
    """
    language, model = load_language_model(options.language_model)
    lines = measured[0].scored_lines(to_fit)
    name, words = language.manifest.name, load_words(language)
    settings = tune_language(bundle, name, model, lines, words=words).settings
    print(
        f"{name}: weight {settings.weight}, bonus {settings.bonus}, word bonus "
        f"{settings.word_bonus}\n"
    )
    decoder = LanguageDecoder(language_scorer(model, words, settings, bundle.manifest.symbols))
    unseen = read_unseen_ids(options.data)
    return settings, [read_again(bundle, split, decoder, settings, unseen) for split in measured]


def read_again(
    bundle: Bundle,
    measured: Measurement,
    decoder: LanguageDecoder,
    settings: LanguageSettings,
    unseen: frozenset[str],
) -> EvaluationReport:
    """The report of the same lines, read with a language model; its calibration errors are printed.

    Args:
        bundle: with its new calibration.
        measured: the split.
        decoder: reads with the language model.
        settings: how much is given on it.
        unseen: ids of lines.
    """
    report, manifest = measured.report, bundle.manifest
    lines = measured.scored_lines(range(len(report.lines)))
    decoded = decode_lines(lines, decoder, temperature=manifest.temperature)
    results = compare_runs(lines, decoded, manifest.alphabet, report.text_form)
    runs = judge_runs(results, decoded, manifest.symbols)
    errors = runs.calibration_errors(settings.word_calibration)
    print(
        f"Calibration errors of all {report.split} lines read with {settings.name}: letters "
        f"{per_cent(errors.characters)} %, words {per_cent(errors.words)} %.\n"
    )
    return replace(report, rows=make_rows(results, unseen), lines=tuple(results))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns the exit code."""
    try:
        run(_parser().parse_args(arguments))
    except TextRecognizerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Fit and measure a line model, and write a copy.")
    parser.add_argument("bundle", help="line model, by name or folder")
    parser.add_argument("--data", type=Path, required=True, help="lines with their text")
    parser.add_argument(
        "--sources", nargs="+", help=f"measure these; by default all but {' and '.join(LEFT_OUT)}"
    )
    parser.add_argument("--without", nargs="+", default=(), help="sources to leave out")
    parser.add_argument("--version", help="of the copy; by default that of the model")
    parser.add_argument(
        "--output",
        type=Path,
        help="folder, and so name, of the copy; by default beside the model, NAME-VERSION",
    )
    parser.add_argument("--language-model", help="read with this one, by name or folder")
    parser.add_argument("--threads", type=int, help="threads of the network")
    return parser


def _cells(row: ReportRow, errors: CalibrationErrors) -> tuple[str, ...]:
    interval = ""
    if row.cer_interval is not None:
        low, high = row.cer_interval
        interval = f" ({100 * low:.1f}-{100 * high:.1f})"
    return (
        row.name,
        str(row.n_lines),
        str(row.n_documents),
        str(row.n_characters),
        per_cent(row.cer) + interval,
        per_cent(row.wer),
        per_cent(row.folded_cer),
        per_cent(row.empty_share),
        per_cent(errors.characters),
        per_cent(errors.words),
    )


def _scored(report: EvaluationReport, place: int, scores: NDArray[np.float32]) -> ScoredLine:
    """A line of a report and its scores; its image is not asked for again."""
    line = report.lines[place]
    sample = LineSample(
        id=line.id,
        text=line.reference,
        source=line.source,
        document=line.document,
        language="und",
        split=report.split,
        read_image=_no_image,
    )
    return ScoredLine(sample, scores)


def _no_image() -> NDArray[np.uint8]:
    raise NotImplementedError("lines that are decoded again have no image")


def _stroke_sources(data: Path) -> set[str]:
    """Sources whose lines are drawn from pen strokes."""
    return {file.stem for file in find_stroke_files(data)}


def _progress(split: str) -> Callable[[int, int], None] | None:
    """What tells on a terminal how far the reading is."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        print(f"\r{split}: {done} of {total} lines", end=end, file=sys.stderr, flush=True)

    return show


if __name__ == "__main__":
    sys.exit(main())
