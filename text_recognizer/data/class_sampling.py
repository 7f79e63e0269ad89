"""Which samples of labelled data are kept: balanced classes, fair fractions, random parts."""

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer]
Indices = NDArray[np.int64]


def balanced_indices(
    labels: Labels, rng: np.random.Generator, *, n_empty_classes: int = 0
) -> Indices:
    """Indices of about equally many samples of each class, sorted by class.

    From every class the mean number of samples is drawn with replacement, and what was drawn twice
    is kept once: large classes shrink to the mean, small ones lose about a third at most.

    Args:
        labels: of shape (N,).
        rng: source of all chance.
        n_empty_classes: classes without samples that take part in the mean.
    """
    n_classes = int(labels.max(initial=-1)) + 1 + n_empty_classes
    n_drawn = len(labels) // max(n_classes, 1)
    kept = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        kept.append(np.unique(rng.choice(members, n_drawn, replace=True)))
    return np.concatenate(kept) if kept else np.zeros(0, np.int64)


def stratified_indices(labels: Labels, fraction: float, rng: np.random.Generator) -> Indices:
    """Indices of a fraction of each class, at least one sample of it, in rising order.

    Args:
        labels: of shape (N,), in any order.
        fraction: over 0, up to 1.
        rng: source of all chance.
    """
    kept = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        n_kept = max(1, round(fraction * len(members)))
        kept.append(rng.choice(members, n_kept, replace=False))
    return np.sort(np.concatenate(kept)) if kept else np.zeros(0, np.int64)


def split_indices(
    n_samples: int, n_first: int, rng: np.random.Generator
) -> tuple[Indices, Indices]:
    """Two random parts of `n_samples` indices, the first of `n_first`; both in rising order."""
    order = rng.permutation(n_samples)
    return np.sort(order[:n_first]), np.sort(order[n_first:])


def split_by_owner(
    owners: NDArray[np.integer], fraction: float, rng: np.random.Generator
) -> tuple[Indices, Indices]:
    """Two parts that share no owner, such as a writer; the first has `fraction` or a bit more.

    Args:
        owners: of each sample, of shape (N,).
        fraction: of the samples.
        rng: source of all chance.
    """
    names, place, counts = np.unique(owners, return_inverse=True, return_counts=True)
    order = rng.permutation(len(names))
    before = np.cumsum(counts[order]) - counts[order]
    is_first = np.zeros(len(names), bool)
    is_first[order] = before < fraction * len(owners)
    first = is_first[place.reshape(-1)]
    return np.flatnonzero(first), np.flatnonzero(~first)
