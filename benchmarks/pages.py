"""How well the lines of whole pages are found, and what it costs their text.

    python benchmarks/pages.py --data PAGES [--split validation] [--model NAME] [--finder NAME]

PAGES is a folder of pages with PAGE XML. Prints a row for each source: pages, reference lines,
recall and precision of the lines found, the character error rate of matched lines minus that of the
same lines cut by the reference, and the share of characters in lines not found. `--no-text` leaves
the texts out.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from text_recognizer.bundle import DEFAULT_LINE_MODEL, load_bundle
from text_recognizer.errors import TextRecognizerError
from text_recognizer.evaluation.page_evaluation import PageResult, evaluate_page, sum_results
from text_recognizer.evaluation.report import per_cent
from text_recognizer.ground_truth import read_pages
from text_recognizer.layout import load_finder
from text_recognizer.line_reader import LineReader

_HEADER = ("source", "pages", "lines", "recall %", "precision %", "CER lost", "missed %")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="pages with PAGE XML")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--model", default=DEFAULT_LINE_MODEL, help="line model")
    parser.add_argument("--finder", help="line finder; by default the shipped one")
    parser.add_argument("--threads", type=int, help="threads of the network")
    parser.add_argument("--no-text", action="store_true", help="lines only")
    options = parser.parse_args(arguments)
    try:
        bundle = load_bundle(options.model, task="line")
        finder = load_finder(options.finder, n_threads=options.threads)
        reader = None if options.no_text else LineReader(bundle, n_threads=options.threads)
        results: dict[str, list[PageResult]] = defaultdict(list)
        for page in read_pages(options.data, split=options.split):
            result = evaluate_page(
                page, finder.find, reader=reader, text_form=bundle.manifest.text_form
            )
            results[page.source].append(result)
    except TextRecognizerError as error:
        print(error, file=sys.stderr)
        return 1
    print(render_table(results))
    return 0


def render_table(results: dict[str, list[PageResult]]) -> str:
    """A row for each source and one for all, as Markdown."""
    rows = [_row(source, pages) for source, pages in sorted(results.items())]
    rows.append(_row("all", [page for pages in results.values() for page in pages]))
    table = [_HEADER, ("---",) * len(_HEADER), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in table)


def _row(name: str, pages: Sequence[PageResult]) -> tuple[str, ...]:
    total = sum_results(pages)
    return (
        name,
        str(len(pages)),
        str(total.finding.n_reference),
        per_cent(total.finding.recall),
        per_cent(total.finding.precision),
        per_cent(total.lost_in_cutting),
        per_cent(total.missed.rate),
    )


if __name__ == "__main__":
    sys.exit(main())
