"""The command `python training/run_experiment.py`: flags to an experiment, its figures printed."""

import logging
import sys
from collections.abc import Sequence

from text_recognizer.errors import OptionError, TextRecognizerError
from text_recognizer.training.allocator import keep_freed_memory
from text_recognizer.training.experiments.flags import parse_flags
from text_recognizer.training.experiments.run import render_outcome, run_experiment


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; 0, 1 after a sentence on what failed, 2 after one on wrong usage."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    keep_freed_memory()
    try:
        outcome = run_experiment(parse_flags(sys.argv[1:] if words is None else words))
    except TextRecognizerError as error:
        sys.stderr.write(f"{error}\n")
        return 2 if isinstance(error, OptionError) else 1
    sys.stdout.write(f"{render_outcome(outcome)}\n")
    return 0
