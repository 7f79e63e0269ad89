"""A line detector on pages with PAGE XML: what the door `evaluate_line_detector.py` runs."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from text_recognizer.errors import InputError, TextRecognizerError
from text_recognizer.evaluation.line_finding import FindingCounts, sum_findings
from text_recognizer.evaluation.page_evaluation import FindsLines, evaluate_page
from text_recognizer.ground_truth import PageSample, read_pages
from text_recognizer.ground_truth.samples import SPLITS
from text_recognizer.training.experiments.line_detector import LineDetector


def evaluate_line_detector(words: Sequence[str] | None = None) -> int:
    """The command `python evaluation/evaluate_line_detector.py`; its exit code."""
    chosen = _parser().parse_args(sys.argv[1:] if words is None else words)
    try:
        pages = read_pages(chosen.pages, split=chosen.split)
        if not pages:
            raise InputError(f"{chosen.pages} holds no {chosen.split} page: give another --split.")
        detector = LineDetector(chosen.checkpoint, long_side=chosen.long_side)
        counts = count_findings(pages, detector.find)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped by Ctrl-C.\n")
        return 130
    except TextRecognizerError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"{render_findings(counts, n_pages=len(pages))}\n")
    if (counts.f1 or 0.0) < chosen.min_f1:
        sys.stderr.write(f"F1 is under {chosen.min_f1}.\n")
        return 1
    return 0


def count_findings(pages: Sequence[PageSample], find: FindsLines) -> FindingCounts:
    """Lines found on pages, by the metric of the line finder (`evaluation.line_finding`).

    Raises:
        InputError: an image cannot be read.
    """
    return sum_findings(evaluate_page(page, find).finding for page in pages)


def render_findings(counts: FindingCounts, *, n_pages: int) -> str:
    """Figures, a line each."""
    rows = [
        f"pages: {n_pages}",
        f"lines: {counts.n_reference}",
        f"found: {counts.n_found}, of which not judged: {counts.n_ignored}",
    ]
    for name in ("recall", "precision", "f1"):
        value = getattr(counts, name)
        rows.append(f"{name}: {'-' if value is None else f'{value:.4f}'}")
    return "\n".join(rows)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="evaluate_line_detector.py", allow_abbrev=False)
    parser.add_argument("pages", type=Path, metavar="PAGES", help="folder of PAGE XML and images")
    parser.add_argument("--checkpoint", type=Path, required=True, metavar="FILE")
    parser.add_argument("--split", default=SPLITS[-1], choices=SPLITS)
    parser.add_argument(
        "--long_side", type=int, metavar="N", help="pixels of a page; else as in training"
    )
    parser.add_argument("--min_f1", type=float, default=0.0, help="exit code 1 if it is lower")
    return parser
