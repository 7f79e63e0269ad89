"""Whether pages that lie on their side or upside down are righted.

    python benchmarks/turned_pages.py --data PAGES [--split validation] [--count 200]

PAGES is a folder of pages with PAGE XML. Every page of the split, and pages composed of their lines
as in `composed_pages.py`, are turned by each quarter and read. Prints the share that was read the
right way up, for each quarter.
"""

import argparse
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from composed_pages import SETTINGS, Disturbance, Settings, make_page, read_hands

from text_recognizer.errors import TextRecognizerError
from text_recognizer.evaluation.report import per_cent
from text_recognizer.grey_image import GreyImage
from text_recognizer.ground_truth import read_pages
from text_recognizer.ground_truth.image_files import read_grey
from text_recognizer.loading import page_image_of
from text_recognizer.recognizer import Recognizer

_QUARTERS = range(4)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="pages with PAGE XML")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--count", type=int, default=200, help="turned pages in all")
    parser.add_argument("--model", help="line model; by default the shipped one")
    parser.add_argument("--finder", help="line finder; by default the shipped one")
    parser.add_argument("--threads", type=int, help="threads of the networks")
    options = parser.parse_args(arguments)
    try:
        recognizer = Recognizer(options.model, finder=options.finder, n_threads=options.threads)
        pages = _pages(options.data, options.split, options.count // len(_QUARTERS))
        n_right, n_pages = count_righted(recognizer, pages)
    except TextRecognizerError as error:
        print(error, file=sys.stderr)
        return 1
    print("| turned by, clockwise | pages | righted % |\n| --- | --- | --- |")
    for quarters in _QUARTERS:
        share = per_cent(n_right[quarters] / n_pages)
        print(f"| {90 * quarters} | {n_pages} | {share} |")
    total = per_cent(sum(n_right.values()) / (len(_QUARTERS) * n_pages))
    print(f"| all | {len(_QUARTERS) * n_pages} | {total} |")
    return 0


def count_righted(recognizer: Recognizer, pages: Iterator[GreyImage]) -> tuple[Counter[int], int]:
    """Pages read the right way up, by the quarters that they were turned by, and all pages."""
    n_right: Counter[int] = Counter()
    n_pages = 0
    for page in pages:
        n_pages += 1
        for quarters in _QUARTERS:
            turned = np.ascontiguousarray(np.rot90(page, -quarters))
            read = recognizer.read_page(page_image_of(turned))
            n_right[quarters] += read.turned == -90 * quarters % 360
    return n_right, n_pages


def _pages(data: Path, split: str, count: int) -> Iterator[GreyImage]:
    """Real pages first, then composed ones."""
    real = read_pages(data, split=split)[:count]
    yield from (read_grey(sample.image_path) for sample in real)
    settings = Settings(**tomllib.loads(SETTINGS.read_text(encoding="utf-8"))["pages"])
    hands = list(read_hands(data, split))
    for number in range(count - len(real)):
        rng = np.random.default_rng([settings.seed, number])
        hand = hands[int(rng.integers(len(hands)))]
        yield make_page(hand, settings, Disturbance(), rng).image


if __name__ == "__main__":
    sys.exit(main())
