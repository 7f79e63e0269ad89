"""How many lines a second are decoded: greedily, by beam search, and with the language model.

    python benchmarks/decoding.py --data DATA [--split validation] [--lines 300] [--runs 3]

The network's scores of the lines are made first and not timed. Prints lines a second of the best of
several runs, each divided by greedy decoding in the same run. One thread does the work.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from text_recognizer.beam_search import NoLanguage
from text_recognizer.bundle import DEFAULT_LINE_MODEL, load_bundle
from text_recognizer.errors import TextRecognizerError
from text_recognizer.evaluation.scored_lines import decode_lines, read_scored_lines
from text_recognizer.language.decoder import LanguageDecoder, load_decoder
from text_recognizer.language.ngram_bundle import DEFAULT_LANGUAGE_MODEL
from text_recognizer.line_reader import LineReader


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="lines with their text")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--model", default=DEFAULT_LINE_MODEL, help="line model")
    parser.add_argument("--language-model", default=DEFAULT_LANGUAGE_MODEL)
    parser.add_argument("--lines", type=int, default=300, help="lines of one source at most")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args(arguments)
    try:
        bundle = load_bundle(options.model, task="line")
        start = time.perf_counter()
        decoder = load_decoder(bundle, options.language_model)
        seconds = time.perf_counter() - start
        lines = read_scored_lines(
            options.data, LineReader(bundle), split=options.split, most=options.lines
        )
    except TextRecognizerError as error:
        print(error, file=sys.stderr)
        return 1
    n_characters = sum(len(line.sample.text) for line in lines) / len(lines)
    print(f"{len(lines)} lines of {n_characters:.0f} characters in the mean")
    print(f"The language model is opened in {seconds:.2f} s.\n")
    print("| decoding | lines/s | of greedy |\n| --- | ---: | ---: |")
    greedy = 0.0
    for name, own in (
        ("greedy", None),
        ("beam of 16", LanguageDecoder(NoLanguage())),
        ("beam of 16 with the language model", decoder),
    ):
        speed = len(lines) / _best(partial(decode_lines, lines, own), options.runs)
        greedy = greedy or speed
        print(f"| {name} | {speed:.0f} | {speed / greedy:.3f} |")
    return 0


def _best(run: Callable[[], object], n_runs: int) -> float:
    """Seconds of the fastest of several runs."""
    seconds = []
    for _ in range(n_runs):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


if __name__ == "__main__":
    sys.exit(main())
