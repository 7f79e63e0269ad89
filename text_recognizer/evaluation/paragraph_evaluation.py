"""Reads paragraphs as a whole and compares them with their transcriptions.

A paragraph is the lines of a page, or of a long page a run of lines that is short enough for the
model, cut out by their box; the ink of other lines is left out. Beside the rates of characters and
words, for which lines are joined by blanks, stand the lines that were read twice or not at all.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from text_recognizer.errors import InputError
from text_recognizer.evaluation.line_evaluation import ReadsLines, compare_line, read_samples
from text_recognizer.evaluation.repeated_lines import LineLosses, count_line_losses
from text_recognizer.evaluation.report import (
    ALL,
    EvaluationReport,
    make_rows,
    render_report,
    render_table,
    report_to_json,
)
from text_recognizer.ground_truth import LineSample, PageSample, read_pages
from text_recognizer.ground_truth.page_cuts import PageLayout
from text_recognizer.ground_truth.paragraph_pieces import UsablePage, cut_into_runs
from text_recognizer.ground_truth.samples import check_split
from text_recognizer.text_form import DEFAULT_TEXT_FORM, apply_text_form

_CHUNK = 8  # images in memory at once, which may be photographs of whole pages
_HEADER = ("source", "paragraphs", "lines", "repeated", "lost", "flawed")
_LEGEND = """\
Repeated, lost: lines read twice or not at all, for 100 lines. Flawed: paragraphs with at least one
of either."""


@dataclass(frozen=True)
class ParagraphReport:
    """What an evaluation of paragraphs found.

    Attributes:
        texts: error rates; what it calls lines are paragraphs.
        losses: lines read twice or not at all, by source, and of all if there are several.
        n_left_out: lines of the pages without text or place, or longer than the model can write.
    """

    texts: EvaluationReport
    losses: dict[str, LineLosses]
    n_left_out: int


def evaluate_paragraphs(
    dataset: str | Path,
    *,
    reader: ReadsLines,
    n_characters: int,
    text_form: str = DEFAULT_TEXT_FORM,
    split: str = "test",
    on_progress: Callable[[int, int], None] | None = None,
) -> ParagraphReport:
    """Error rates of a reader of paragraphs on one split of some pages, a row for every source.

    Args:
        dataset: pages with PAGE XML, or a copy of IAM.
        reader: what reads the images of paragraphs.
        n_characters: of the longest text that it writes, newlines included.
        text_form: name of the form that both texts are brought to.
        split: `train`, `validation` or `test`.
        on_progress: called with the paragraphs done and the paragraphs in all.

    Raises:
        InputError: a page cannot be read, or the split has no paragraphs.
        OptionError: there is no such split or text form.
    """
    split = check_split(split) or split
    pages = read_pages(dataset, split=split)
    samples = [own for page in pages for own in cut_paragraphs(page, n_characters, text_form)]
    if not samples:
        raise InputError(f"{dataset} has no {split} paragraphs; choose another split.")
    results, pairs = [], []
    for sample, hypothesis in read_samples(samples, reader, chunk=_CHUNK):
        results.append(compare_line(sample, hypothesis, text_form))
        pairs.append((sample, "\n".join(_lines(hypothesis.split("\n"), text_form).values())))
        if on_progress is not None:
            on_progress(len(results), len(samples))
    texts = EvaluationReport(
        Path(dataset).name, split, text_form, make_rows(results, frozenset()), tuple(results)
    )
    n_lines = sum(sample.text.count("\n") + 1 for sample in samples)
    return ParagraphReport(texts, _losses(pairs), sum(len(page.lines) for page in pages) - n_lines)


def cut_paragraphs(page: PageSample, n_characters: int, text_form: str) -> list[LineSample]:
    """Paragraphs of a page whose texts have so many characters at most, lines in the text form."""
    layout = PageLayout(page)
    texts = _lines([line.text or "" for line in page.lines], text_form)
    usable = UsablePage(layout, {i: text for i, text in texts.items() if i in layout.places})
    return [
        LineSample(
            id=f"{page.id}-{number}",
            text=usable.text(run),
            source=page.source,
            document=page.document,
            language=page.language,
            split=page.split,
            read_image=layout.cut(run).read_grey,
        )
        for number, run in enumerate(cut_into_runs(usable, n_characters), 1)
    ]


def render_paragraph_report(report: ParagraphReport) -> str:
    """Tables of plain text, with a line on how they are made."""
    rows = [_HEADER, *(_cells(name, own) for name, own in report.losses.items())]
    left_out = f"{report.n_left_out} lines are left out: without text or place, or too long."
    parts = [render_report(report.texts, unit="paragraphs"), render_table(rows), _LEGEND]
    return "\n\n".join([*parts, *([left_out] if report.n_left_out else [])])


def paragraph_report_to_json(report: ParagraphReport) -> dict[str, Any]:
    """The report as JSON values, with every paragraph and both its texts."""
    losses = [{"name": name, **asdict(own)} for name, own in report.losses.items()]
    content = report_to_json(report.texts, with_lines=True)
    return {**content, "unit": "paragraph", "losses": losses, "n_left_out": report.n_left_out}


def _lines(texts: Sequence[str], text_form: str) -> dict[int, str]:
    """Texts in a text form by their number, those that are empty left out."""
    formed = enumerate(apply_text_form(text, text_form) for text in texts)
    return {number: text for number, text in formed if text}


def _losses(pairs: Sequence[tuple[LineSample, str]]) -> dict[str, LineLosses]:
    by_source: dict[str, LineLosses] = {}
    for sample, hypothesis in pairs:
        own = count_line_losses([(sample.text, hypothesis)])
        by_source[sample.source] = by_source.get(sample.source, LineLosses()) + own
    if len(by_source) > 1:
        return {**by_source, ALL: sum(by_source.values(), start=LineLosses())}
    return by_source


def _cells(name: str, losses: LineLosses) -> tuple[str, ...]:
    repeated, lost = (f"{x:.1f}" for x in (losses.repeated_per_100 or 0, losses.lost_per_100 or 0))
    return name, str(losses.n_paragraphs), str(losses.n_lines), repeated, lost, str(losses.n_flawed)
