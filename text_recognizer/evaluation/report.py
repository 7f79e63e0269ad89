"""What an evaluation found: counts of every line, rows of rates over sources, as text and JSON.

Both texts of a line are in the report's text form already. Knows nothing about files or models.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from text_recognizer.evaluation.intervals import bootstrap_interval
from text_recognizer.evaluation.metrics import ErrorCounts, sum_counts

ALL = "all"
SHORT_LINE = 80  # characters; the few longer lines of some sources hold much of their text
SCHEMA = 1

_HEADER: tuple[str, ...] = (
    "documents",
    "characters",
    "CER",
    "95 %",
    "WER",
    "95 %",
    "no case",
    "empty",
)
_LEGEND = """\
Rates in per cent: edits summed over reference length summed; words are split at white space.
Intervals: bootstrap by document; none for a single document. No case: CER after case folding.
Empty: {unit} read as nothing."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class LineResult:
    """One line, read: its texts in the text form and the edits between them."""

    id: str
    source: str
    document: str
    reference: str
    hypothesis: str
    characters: ErrorCounts
    words: ErrorCounts
    folded: ErrorCounts


@dataclass(frozen=True)
class ReportRow:
    """Error rates of some lines.

    Attributes:
        name: the source, and the subset of it; `all` for everything.
        n_lines: lines read.
        n_documents: documents or writers that they come from.
        n_characters: code points of the references, summed.
        n_words: words of the references, split at white space, summed.
        cer: character edits over `n_characters`; None without reference text.
        cer_interval: its 95 % interval by documents; None for one document.
        wer: word edits over `n_words`; None without reference text.
        wer_interval: its 95 % interval by documents; None for one document.
        folded_cer: character error rate after case folding of both texts.
        empty_share: share of lines whose hypothesis is empty.
    """

    name: str
    n_lines: int
    n_documents: int
    n_characters: int
    n_words: int
    cer: float | None
    cer_interval: Interval | None
    wer: float | None
    wer_interval: Interval | None
    folded_cer: float | None
    empty_share: float


@dataclass(frozen=True)
class EvaluationReport:
    """Result of an evaluation: one row a source, rows of subsets, and one of everything."""

    dataset: str
    split: str
    text_form: str
    rows: tuple[ReportRow, ...]
    lines: tuple[LineResult, ...]


def make_rows(lines: Sequence[LineResult], unseen_ids: frozenset[str]) -> tuple[ReportRow, ...]:
    """Rows of every source in order of name, and of everything.

    A source of which some lines are listed as unseen text gets two rows more: those lines, and the
    lines of at most 80 characters.
    """
    rows = []
    for source in sorted({line.source for line in lines}):
        own = [line for line in lines if line.source == source]
        rows.append(make_row(source, own))
        unseen = [line for line in own if line.id in unseen_ids]
        if unseen:
            short = [line for line in own if len(line.reference) <= SHORT_LINE]
            rows.append(make_row(f"{source}, unseen text", unseen))
            rows.append(make_row(f"{source}, up to {SHORT_LINE} characters", short))
    return (*rows, make_row(ALL, lines))


def make_row(name: str, lines: Sequence[LineResult]) -> ReportRow:
    """Error rates of the given lines, as corpus sums."""
    characters = sum_counts(line.characters for line in lines)
    words = sum_counts(line.words for line in lines)
    n_empty = sum(not line.hypothesis for line in lines)
    documents = [(line.source, line.document) for line in lines]
    return ReportRow(
        name=name,
        n_lines=len(lines),
        n_documents=len(set(documents)),
        n_characters=characters.length,
        n_words=words.length,
        cer=characters.rate,
        cer_interval=_interval(documents, (line.characters for line in lines)),
        wer=words.rate,
        wer_interval=_interval(documents, (line.words for line in lines)),
        folded_cer=sum_counts(line.folded for line in lines).rate,
        empty_share=n_empty / len(lines) if lines else 0.0,
    )


def report_to_json(report: EvaluationReport, *, with_lines: bool = False) -> dict[str, Any]:
    """The report as JSON values; with every line and both its texts if asked for."""
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "dataset": report.dataset,
        "split": report.split,
        "text_form": report.text_form,
        "cer": "edits summed / reference code points summed",
        "wer": "edits summed / reference words summed, words split at white space",
        "interval": "95 %, bootstrap by document, 1000 resamples",
        "rows": [asdict(row) for row in report.rows],
    }
    if with_lines:
        content["lines"] = [
            {
                "id": line.id,
                "source": line.source,
                "document": line.document,
                "reference": line.reference,
                "hypothesis": line.hypothesis,
                "character_edits": line.characters.edits,
            }
            for line in report.lines
        ]
    return content


def render_report(report: EvaluationReport, *, unit: str = "lines") -> str:
    """The report as a table of plain text, rates in per cent, with a line on how they are made.

    Args:
        report: to show.
        unit: what was read, as a heading.
    """
    header = ("source", unit, *_HEADER)
    table = render_table([header, *(_cells(row) for row in report.rows)])
    title = f"{report.dataset}, {report.split} split, text form {report.text_form}"
    return f"{title}\n\n{table}\n\n{_LEGEND.format(unit=unit)}"


def render_table(rows: Sequence[Sequence[str]], *, n_left: int = 1) -> str:
    """Rows of cells in columns of plain text; the first `n_left` stand at the left of theirs."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            [
                *map(str.ljust, cells[:n_left], widths[:n_left]),
                *map(str.rjust, cells[n_left:], widths[n_left:]),
            ]
        )
        for cells in rows
    )


def _cells(row: ReportRow) -> tuple[str, ...]:
    return (
        row.name,
        str(row.n_lines),
        str(row.n_documents),
        str(row.n_characters),
        per_cent(row.cer),
        interval_text(row.cer_interval),
        per_cent(row.wer),
        interval_text(row.wer_interval),
        per_cent(row.folded_cer),
        per_cent(row.empty_share),
    )


def per_cent(rate: float | None) -> str:
    """A rate as tables print it; a dash for None."""
    return "-" if rate is None else f"{100 * rate:.2f}"


def interval_text(interval: Interval | None) -> str:
    """An interval of rates as tables print it; a dash for None."""
    return "-" if interval is None else f"{100 * interval[0]:.1f}-{100 * interval[1]:.1f}"


def _interval(
    documents: Sequence[tuple[str, str]], counts: Iterable[ErrorCounts]
) -> Interval | None:
    """95 % interval of the rate, by the document that each line's counts belong to."""
    by_document: dict[tuple[str, str], ErrorCounts] = {}
    for document, count in zip(documents, counts, strict=True):
        by_document[document] = by_document.get(document, ErrorCounts()) + count
    return bootstrap_interval([by_document[document] for document in sorted(by_document)])
