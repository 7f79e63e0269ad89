"""Finds the lines of composed pages, with each disturbance alone.

    python benchmarks/composed_pages.py --data PAGES [--split validation] [--sheet FILE.png]

PAGES is a folder of pages with PAGE XML: lines are cut from them and set anew, each page from the
lines of one, so that every baseline is known. `benchmarks/pages.toml` says how strongly pages are
disturbed. Prints recall and precision for each disturbance; `--sheet` draws a page of each with the
lines found in blue on those set in red.
"""

import argparse
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from text_recognizer.errors import InputError, TextRecognizerError
from text_recognizer.evaluation.line_finding import FindingCounts, local_gaps, sum_findings
from text_recognizer.evaluation.page_evaluation import (
    FindsLines,
    count_lines,
    match_places,
    reference_lines,
)
from text_recognizer.evaluation.report import per_cent
from text_recognizer.ground_truth import read_pages
from text_recognizer.ground_truth.image_files import read_grey
from text_recognizer.layout import FoundLine, load_finder
from text_recognizer.synthesis.page_photo import (
    cast_shadow,
    lay_on_desk,
    show_through,
    tilt_page,
    turn_page,
)
from text_recognizer.synthesis.pages import (
    FEWEST_LINES,
    DrawnPage,
    Hand,
    PageLayout,
    compose_page,
    cut_hand,
)
from text_recognizer.synthesis.paper import PaperStyle, Rules

SETTINGS = Path(__file__).with_name("pages.toml")
_DESK_BRIGHTNESS = 0.25
_PREVIEW = 500  # pixels, the height of a page on the sheet


@dataclass(frozen=True)
class Disturbance:
    """What is wrong with a page; see pages.toml for the units."""

    gap: float = 1.0
    turn: float = 0.0
    tilt: float = 0.0
    shadow: float = 0.0
    back: float = 0.0
    desk: float = 0.0
    rules: Rules = "none"


@dataclass(frozen=True)
class Settings:
    """How pages are composed; see pages.toml."""

    count: int
    lines: int
    seed: int
    indent: float
    wander: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="pages with PAGE XML")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--finder", help="line finder; by default the shipped one")
    parser.add_argument("--threads", type=int, help="threads of the network")
    parser.add_argument("--sheet", type=Path, metavar="FILE.png", help="draw a page of each")
    options = parser.parse_args(arguments)
    content = tomllib.loads(SETTINGS.read_text(encoding="utf-8"))
    settings = Settings(**content["pages"])
    previews = []
    try:
        finder = load_finder(options.finder, n_threads=options.threads)
        hands = list(read_hands(options.data, options.split))
        if not hands:
            raise InputError(f"{options.data} has no {options.split} page of {FEWEST_LINES} lines.")
        print("| disturbance | lines | recall % | precision % |\n| --- | --- | --- | --- |")
        for name, values in content["disturbances"].items():
            counts, preview = measure(hands, settings, Disturbance(**values), finder.find)
            print(
                f"| {name} | {counts.n_reference} "
                f"| {per_cent(counts.recall)} | {per_cent(counts.precision)} |"
            )
            previews.append(preview)
    except TextRecognizerError as error:
        print(error, file=sys.stderr)
        return 1
    if options.sheet:
        cv2.imwrite(str(options.sheet), np.hstack(previews))
    return 0


def measure(
    hands: Sequence[Hand], settings: Settings, disturbance: Disturbance, find: FindsLines
) -> tuple[FindingCounts, "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]"]:
    """Counts of all pages with one disturbance, and a picture of the first."""
    counts = []
    preview = None
    for number in range(settings.count):
        rng = np.random.default_rng([settings.seed, number])
        page = make_page(hands[int(rng.integers(len(hands)))], settings, disturbance, rng)
        found = find(page.image)
        counts.append(count_lines(page.lines, found, match_places(page.lines, found)))
        if preview is None:
            preview = _preview(page, found)
    assert preview is not None, "pages.toml asks for no pages"
    return sum_findings(counts), preview


def make_page(
    hand: Hand, settings: Settings, disturbance: Disturbance, rng: np.random.Generator
) -> DrawnPage:
    """A page of one hand's lines in random order, disturbed."""
    gap = hand.gap * disturbance.gap
    paper = PaperStyle(grain=0.008, rules=disturbance.rules, rule_pitch=gap, rule_drop=0.04 * gap)
    layout = PageLayout(gap, indent=settings.indent, wander=settings.wander * gap, paper=paper)

    def compose() -> DrawnPage:
        picked = rng.integers(len(hand.cut_outs), size=settings.lines)
        return compose_page([hand.cut_outs[i] for i in picked], layout, rng)

    page = compose()
    if disturbance.back:
        page = show_through(page, compose().image, disturbance.back)
    if disturbance.desk:
        page = lay_on_desk(page, disturbance.desk, _DESK_BRIGHTNESS, rng)
    if disturbance.tilt:
        page = tilt_page(page, disturbance.tilt, rng)
    if disturbance.turn:
        page = turn_page(page, disturbance.turn * (1 if rng.random() < 0.5 else -1))
    if disturbance.shadow:
        page = cast_shadow(page, disturbance.shadow, rng)
    return page


def read_hands(data: Path, split: str) -> Iterator[Hand]:
    """Lines of each page that has enough of them.

    Raises:
        InputError: there are no pages, or one cannot be read.
    """
    for sample in read_pages(data, split=split):
        lines, _ = reference_lines(sample)
        if len(lines) < FEWEST_LINES:
            continue
        gaps = local_gaps([line.baseline for line in lines], lone_gap=1.0)
        yield cut_hand(read_grey(sample.image_path), lines, float(np.median(gaps)))


def _preview(
    page: DrawnPage, found: Sequence[FoundLine]
) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    picture = cv2.cvtColor(page.image, cv2.COLOR_GRAY2BGR)
    for colour, lines in (((0, 0, 255), page.lines), ((255, 0, 0), found)):
        for line in lines:
            points = np.round(line.baseline).astype(np.int32)
            cv2.polylines(picture, [points], False, colour, 4)
    scale = _PREVIEW / picture.shape[0]
    size = (round(picture.shape[1] * scale), _PREVIEW)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


if __name__ == "__main__":
    sys.exit(main())
