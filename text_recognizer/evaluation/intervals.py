"""Intervals of error rates by resampling documents.

Lines of one document are alike, so documents (or writers) are drawn, not lines.
"""

from collections.abc import Sequence

import numpy as np

from text_recognizer.evaluation.metrics import ErrorCounts

N_RESAMPLES = 1000
COVERAGE = 0.95
SEED = 0


def bootstrap_interval(documents: Sequence[ErrorCounts]) -> tuple[float, float] | None:
    """Interval (low, high) that covers 95 % of the error rates of resampled documents.

    As many documents as there are are drawn with replacement, 1,000 times with a fixed seed, and
    the corpus rate taken each time; resamples without any reference text are left out.

    Args:
        documents: counts of each document, in a fixed order.

    Returns:
        None for fewer than two documents with text: one document says nothing about others.

    Source: B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3
    (percentile interval).
    """
    if sum(document.length > 0 for document in documents) < 2:
        return None
    counts = np.array([(document.edits, document.length) for document in documents])
    rng = np.random.default_rng(SEED)
    chosen = rng.integers(0, len(counts), size=(N_RESAMPLES, len(counts)))
    edits, lengths = counts[chosen].sum(axis=1).T
    rates = edits[lengths > 0] / lengths[lengths > 0]
    outside = (1 - COVERAGE) / 2
    low, high = np.quantile(rates, (outside, 1 - outside)).tolist()
    return low, high
