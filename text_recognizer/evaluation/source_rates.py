"""Error rates by source, and what a change of reading makes of them: how both tunings judge."""

from collections.abc import Iterable

import numpy as np

from text_recognizer.errors import InputError
from text_recognizer.evaluation.metrics import ErrorCounts

Rates = dict[str, float]


def source_rates(lines: Iterable[tuple[str, ErrorCounts]]) -> Rates:
    """Error rate of each source, in order of name; those without any reference are left out.

    Args:
        lines: source and counts of every line.
    """
    counts: dict[str, ErrorCounts] = {}
    for source, own in lines:
        counts[source] = counts.get(source, ErrorCounts()) + own
    return {name: own.rate for name, own in sorted(counts.items()) if own.rate is not None}


def check_errors(before: Rates) -> None:
    """Refuse lines that nothing can be tuned on.

    Raises:
        InputError: they are read without an error.
    """
    if not any(before.values()):
        raise InputError("The lines are read without an error already: give others to tune on.")


def mean_ratio(after: Rates, before: Rates) -> float:
    """Mean over sources of the error rate relative to that before; of those that had errors."""
    return float(np.mean([after[name] / rate for name, rate in before.items() if rate > 0]))
