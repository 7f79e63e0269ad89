"""From scores to labels: connectionist temporal classification, greedy.

A CTC network gives one label, or the blank, for every frame. The best path becomes a text by two
rules: frames in a row with the same label are one run, and runs of blanks are left out. Knows
labels and frames only; symbols, images and columns are the business of others.

Source: A. Graves et al., "Connectionist Temporal Classification", ICML 2006, section 3.2 (best
path decoding).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from text_recognizer.alphabet import BLANK


@dataclass(frozen=True)
class LabelRun:
    """One label of a best path and the frames that it was read from.

    Attributes:
        label: never the blank.
        confidence: largest softmax value of the label over the frames of the run, 0 to 1.
        start: first frame.
        end: frame after the last one.
    """

    label: int
    confidence: float
    start: int
    end: int


@dataclass(frozen=True)
class Decoded:
    """What a line reads as.

    Attributes:
        runs: label runs of the best text, in reading order.
        candidates: labels and score of each text that it may read as, the best first; empty if they
            were not asked for.
    """

    runs: list[LabelRun]
    candidates: tuple[tuple[tuple[int, ...], float], ...] = ()


def decode_greedy(
    scores: NDArray[np.float32],
    lengths: NDArray[np.int64] | None = None,
    *,
    temperature: float = 1.0,
) -> list[list[LabelRun]]:
    """Label runs of the best path of every line, in reading order; an empty list reads as no text.

    Args:
        scores: shape (N, T, C), log-probabilities or logits, label 0 the blank.
        lengths: shape (N,), frames of each line that count; None means all T.
        temperature: divides the scores before the softmax that gives confidences. It never
            changes the labels. Source: C. Guo et al., "On Calibration of Modern Neural Networks",
            ICML 2017, section 4.2.
    """
    n_lines, n_frames, _ = scores.shape
    labels = scores.argmax(axis=2)
    if lengths is not None:
        labels[np.arange(n_frames) >= np.asarray(lengths)[:, None]] = BLANK
    begins = np.ones((n_lines, n_frames), dtype=bool)
    begins[:, 1:] = labels[:, 1:] != labels[:, :-1]  # so a run never crosses into the next line
    starts = np.flatnonzero(begins)
    if starts.size == 0:
        return [[] for _ in range(n_lines)]
    ends = np.append(starts[1:], labels.size)
    confidences = np.maximum.reduceat(best_probabilities(scores, temperature).ravel(), starts)
    run_labels = labels.ravel()[starts]

    decoded: list[list[LabelRun]] = [[] for _ in range(n_lines)]
    for run in np.flatnonzero(run_labels != BLANK):
        line, start = divmod(int(starts[run]), n_frames)
        end = int(ends[run]) - line * n_frames
        decoded[line].append(LabelRun(int(run_labels[run]), float(confidences[run]), start, end))
    return decoded


def find_runs(
    scores: NDArray[np.float32],
    labels: Sequence[int],
    frames: Sequence[int],
    *,
    temperature: float = 1.0,
) -> list[LabelRun]:
    """Where a text stands of which it is known in which frame each label was first read.

    A label's run is its best frame before the next label begins, and those beside it that have the
    label for their best.

    Args:
        scores: shape (T, C), log-probabilities or logits, label 0 the blank.
        labels: none of them the blank.
        frames: of each label the first frame, rising.
        temperature: as `decode_greedy` takes it; confidences are softmax values of the labels.
    """
    best = scores.argmax(axis=1)
    lasts = [*frames[1:], len(scores)][: len(frames)]
    runs = []
    for label, first, last in zip(labels, frames, lasts, strict=True):
        peak = first + int(scores[first:last, label].argmax())
        start, end = peak, peak + 1
        while start > first and best[start - 1] == label:
            start -= 1
        while end < last and best[end] == label:
            end += 1
        logits = scores[peak] / np.float32(temperature)
        logits = logits - logits.max()
        confidence = float(np.exp(logits[label]) / np.exp(logits).sum())
        runs.append(LabelRun(int(label), confidence, start, end))
    return runs


def best_probabilities(
    scores: NDArray[np.float32], temperature: float = 1.0
) -> NDArray[np.float32]:
    """Softmax value of the best label of every frame, shape (N, T).

    Args:
        scores: shape (N, T, C), log-probabilities or logits.
        temperature: divides the scores before the softmax.
    """
    below_best = scores - scores.max(axis=2, keepdims=True)
    total: NDArray[np.float32] = np.exp(below_best / np.float32(temperature)).sum(axis=2)
    return np.float32(1.0) / total


def align(scores: NDArray[np.float32], labels: Sequence[int]) -> list[tuple[int, int]]:
    """Frames [start, end) of each label on the most probable path that reads as the labels.

    Viterbi over the labels with a blank before, between and after them.
    Source: Graves et al. 2006, section 4.1 (the same lattice, with max for sum).

    Args:
        scores: shape (T, C), log-probabilities.
        labels: none of them the blank; may be empty.

    Raises:
        ValueError: T frames are too few for the labels.
    """
    states = np.full(2 * len(labels) + 1, BLANK)
    states[1::2] = labels
    can_skip = np.zeros(len(states), bool)  # from the label before, over the blank between
    can_skip[3::2] = states[3::2] != states[1:-2:2]
    best = np.full(len(states), -np.inf)
    best[:2] = scores[0, states[:2]]
    steps = np.zeros((len(scores), len(states)), np.int8)  # how many states each came from behind
    for t in range(1, len(scores)):
        stay, one, two = best, _shifted(best, 1), np.where(can_skip, _shifted(best, 2), -np.inf)
        ways = np.stack([stay, one, two])
        steps[t] = ways.argmax(axis=0)
        best = ways.max(axis=0) + scores[t, states]
    state = len(states) - 1
    if len(states) > 1 and best[-2] > best[-1]:
        state -= 1
    if not np.isfinite(best[state]):
        raise ValueError(f"{len(scores)} frames are too few for {len(labels)} labels.")
    path = np.zeros(len(scores), np.int64)
    for t in range(len(scores) - 1, -1, -1):
        path[t] = state
        state -= int(steps[t, state])
    return [_span(path, 2 * i + 1) for i in range(len(labels))]


def score_labels(
    scores: NDArray[np.float32], texts: Sequence[Sequence[int]]
) -> NDArray[np.float64]:
    """Logarithm of the summed probability of all paths that read as each text, of shape (n,).

    Minus infinity for a text that the frames are too few for.
    Source: Graves et al. 2006, section 4.1 (forward variables, rescaled in every frame).

    Args:
        scores: shape (T, C), log-probabilities.
        texts: labels of each, none of them the blank.
    """
    n_states = 2 * max((len(text) for text in texts), default=0) + 1
    states = np.full((len(texts), n_states), BLANK)
    for row, text in zip(states, texts, strict=True):
        row[1 : 2 * len(text) : 2] = text
    can_skip = np.zeros(states.shape, bool)
    can_skip[:, 3::2] = (states[:, 3::2] != states[:, 1:-2:2]) & (states[:, 3::2] != BLANK)
    last = np.array([2 * len(text) for text in texts], np.int64)
    is_state = np.arange(n_states) <= last[:, None]
    rows = np.arange(len(texts))
    probs = np.exp(scores.astype(np.float64))
    forward = np.zeros((len(texts), n_states + 2))  # two columns of nothing on the left
    forward[:, 2] = 1.0
    total = np.zeros(len(texts))
    for t, own in enumerate(probs):
        before = forward.copy()
        if t:
            forward[:, 2:] += before[:, 1:-1] + np.where(can_skip, before[:, :-2], 0.0)
        else:
            forward[:, 3:4] = 1.0
        forward[:, 2:] *= own[states] * is_state
        scale = forward.sum(axis=1)
        scale[scale == 0] = 1.0
        forward /= scale[:, None]
        total += np.log(scale)
    ends = forward[rows, last + 2] + np.where(last > 0, forward[rows, last + 1], 0.0)
    with np.errstate(divide="ignore"):
        found: NDArray[np.float64] = total + np.log(ends)
    return found


def _shifted(values: NDArray[np.float64], by: int) -> NDArray[np.float64]:
    return np.concatenate([np.full(by, -np.inf), values])[: len(values)]


def _span(path: NDArray[np.int64], state: int) -> tuple[int, int]:
    frames = np.flatnonzero(path == state)
    return int(frames[0]), int(frames[-1]) + 1
