"""What each stage of reading adds: error rates of the same lines, decoded in one way after another.

Every stage is compared with the one before it on the same scores.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from text_recognizer.alphabet import Alphabet
from text_recognizer.beam_search import NoLanguage
from text_recognizer.evaluation.intervals import SEED
from text_recognizer.evaluation.report import (
    ALL,
    LineResult,
    ReportRow,
    interval_text,
    make_row,
    per_cent,
    render_table,
)
from text_recognizer.evaluation.scored_lines import (
    ScoredLine,
    compare_runs,
    decode_lines,
    read_scored_lines,
)
from text_recognizer.language.decoder import LanguageDecoder
from text_recognizer.line_reader import Decodes, LineReader

N_PERMUTATIONS = 10_000
_LEAST_NAMES = 2  # words with a capital after the first, in a line that counts as one with names
_HEADER = ("source", "stage", "lines", "CER", "95 %", "WER", "95 %", "change", "p", "lines/s")
_LEGEND = """\
Rates in per cent. Change: of the CER, against the first stage. p: share of 10,000 random swaps of
the documents of this stage and the one before it that differ as much; none for a single document.
Lines/s: of decoding alone, without the network, on one thread. Lines of all sources: with digits;
mostly digits, half of the characters or more; with names, two capital words after the first."""


@dataclass(frozen=True)
class Stage:
    """A way of decoding.

    Attributes:
        name: as the table says it.
        decoder: None for the best label of every frame.
    """

    name: str
    decoder: Decodes | None


@dataclass(frozen=True)
class StageResult:
    """What a stage reads in the lines.

    Attributes:
        name: of the stage.
        lines: results of the lines.
        seconds: that decoding took.
    """

    name: str
    lines: tuple[LineResult, ...]
    seconds: float


def compare_stages(
    dataset: Path,
    *,
    reader: LineReader,
    decoders: Mapping[str, Decodes],
    split: str,
    on_progress: Callable[[int, int], None] | None = None,
) -> str:
    """The table of all stages on a split of a data set, as plain text.

    Args:
        dataset: file or folder in a layout of `ground_truth`.
        reader: gives the scores.
        decoders: of the stages after beam search, by the stage's name.
        split: `train`, `validation` or `test`.
        on_progress: called with the lines done and the lines in all.

    Raises:
        InputError: the data set or an image cannot be read, or the split has no lines.
    """
    lines = read_scored_lines(dataset, reader, split=split, on_progress=on_progress)
    stages = [Stage("greedy", None), Stage("beam", LanguageDecoder(NoLanguage()))]
    stages += [Stage(name, own) for name, own in decoders.items()]
    manifest = reader.bundle.manifest
    return render_stages(run_stages(lines, stages, manifest.alphabet, manifest.text_form))


def run_stages(
    lines: Sequence[ScoredLine], stages: Sequence[Stage], alphabet: Alphabet, text_form: str
) -> list[StageResult]:
    """All lines decoded by every stage."""
    results = []
    for stage in stages:
        start = time.perf_counter()
        decoded = decode_lines(lines, stage.decoder)
        seconds = time.perf_counter() - start
        compared = compare_runs(lines, decoded, alphabet, text_form)
        results.append(StageResult(stage.name, tuple(compared), seconds))
    return results


def paired_p_value(before: Sequence[LineResult], after: Sequence[LineResult]) -> float | None:
    """How often chance alone makes two readings of the same lines differ as much.

    The difference of the character edits of every document changes its sign at random, 10,000
    times with a fixed seed. None for fewer than two documents.

    Source: R. A. Fisher, The Design of Experiments, 1935, section 21 (the randomisation test for
    pairs); documents, not lines, since lines of a document are alike.
    """
    differences: dict[tuple[str, str], int] = {}
    for one, other in zip(before, after, strict=True):
        key = (one.source, one.document)
        differences[key] = differences.get(key, 0) + other.characters.edits - one.characters.edits
    if len(differences) < 2:
        return None
    values = np.array([differences[key] for key in sorted(differences)], np.float64)
    rng = np.random.default_rng(SEED)
    total, n_reached = abs(values.sum()), 0
    for _ in range(10):  # in parts, for the memory
        signs = rng.choice([-1.0, 1.0], size=(N_PERMUTATIONS // 10, len(values)))
        n_reached += int((np.abs(signs @ values) >= total - 1e-9).sum())
    return (n_reached + 1) / (N_PERMUTATIONS + 1)


def render_stages(results: Sequence[StageResult]) -> str:
    """A table of plain text: for every source its stages, then for all lines and some of them.

    Those are lines that a language might spoil: with digits, mostly of digits, and with names.
    """
    rows = [
        cells
        for name, places in _subsets(results[0].lines).items()
        for cells in _subset_rows(name, places, results)
    ]
    return f"{render_table([_HEADER, *rows], n_left=2)}\n\n{_LEGEND}"


def _subsets(lines: Sequence[LineResult]) -> dict[str, list[int]]:
    """Places of lines by the name of their rows; without those that hold no line."""
    sources = sorted({line.source for line in lines})
    tests: dict[str, Callable[[LineResult], bool]] = {
        source: partial(_is_of, source) for source in sources
    }
    if len(sources) > 1:
        tests[ALL] = lambda line: True
    tests |= {
        "with digits": lambda line: _share_of_digits(line.reference) > 0,
        "mostly digits": lambda line: _share_of_digits(line.reference) >= 0.5,
        "with names": lambda line: _n_names(line.reference) >= _LEAST_NAMES,
    }
    found = {
        name: [place for place, line in enumerate(lines) if test(line)]
        for name, test in tests.items()
    }
    return {name: places for name, places in found.items() if places}


def _is_of(source: str, line: LineResult) -> bool:
    return line.source == source


def _share_of_digits(text: str) -> float:
    """Of the characters that are no blanks."""
    characters = [character for character in text if character != " "]
    return sum(map(str.isdigit, characters)) / max(1, len(characters))


def _n_names(text: str) -> int:
    """Words with a capital, but for the first, which may begin a sentence."""
    return sum(word[:1].isupper() for word in text.split()[1:])


def _subset_rows(
    name: str, places: Sequence[int], results: Sequence[StageResult]
) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    first: ReportRow | None = None
    before: list[LineResult] | None = None
    for result in results:
        own = [result.lines[place] for place in places]
        row = make_row(name, own)
        first = first or row
        p_value = None if before is None else paired_p_value(before, own)
        speed = len(result.lines) / max(result.seconds, 1e-9)
        rows.append(
            (
                name,
                result.name,
                str(row.n_lines),
                per_cent(row.cer),
                interval_text(row.cer_interval),
                per_cent(row.wer),
                interval_text(row.wer_interval),
                _change(first.cer, row.cer),
                "-" if p_value is None else f"{p_value:.4f}",
                f"{speed:.0f}",
            )
        )
        before = own
    return rows


def _change(first: float | None, now: float | None) -> str:
    return "-" if not first or now is None else f"{100 * (now / first - 1):+.1f} %"
