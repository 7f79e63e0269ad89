"""From scores to labels: prefix beam search, with a scorer that knows the language.

Of every line the most likely texts are kept while its frames pass. A text's probability is the sum
over all paths that read as it, so two paths to one text are one text; the scorer adds what it
thinks of each label after those before it. All lines of a batch take a frame at a time together.
Knows labels, frames and scorers; symbols, images and columns are the business of others.

Source: A. Hannun et al., "First-Pass Large Vocabulary Continuous Speech Recognition using
Bi-Directional Recurrent DNNs", 2014, algorithm 1; frames that are surely blank are passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from text_recognizer.alphabet import BLANK
from text_recognizer.errors import OptionError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_BATCH = 64  # lines that take their frames together
_NO_LABEL = -1
_HASH_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no label is lost
_HASH_STEP = np.uint64(0xD1B54A32D192ED03)


class Scorer(Protocol):
    """What a beam search asks of a language.

    A state is a row of integers that says what has been read so far.
    """

    def start(self) -> Integers:
        """The state before the first label, of shape (k,)."""

    def extend(self, states: Integers, labels: Integers) -> tuple[Floats, Integers]:
        """What labels (n,) after states (n, k) add to a text's score, and the states after them."""

    def finish(self, states: Integers) -> Floats:
        """What the end of the line adds after states (n, k), of shape (n,)."""

    @property
    def most(self) -> float:
        """The most that one label can add; labels that could not matter are not asked for."""


class NoLanguage:
    """A scorer to whom all texts are alike."""

    most = 0.0

    def start(self) -> Integers:
        """See `Scorer`."""
        return np.zeros(0, np.int64)

    def extend(self, states: Integers, labels: Integers) -> tuple[Floats, Integers]:
        """See `Scorer`."""
        return np.zeros(len(labels)), states

    def finish(self, states: Integers) -> Floats:
        """See `Scorer`."""
        return np.zeros(len(states))


@dataclass(frozen=True)
class BeamOptions:
    """How much is looked at.

    Attributes:
        width: texts of a line that are kept from one frame to the next.
        sure_blank: probability of the blank from which a frame adds no label; over 1, all do.
        least: probability of a label under which it is not tried in a frame.
        margin: texts whose score lies further under that of the line's best are not kept.

    Raises:
        OptionError: a value is not allowed.
    """

    width: int = 16
    sure_blank: float = 0.99
    least: float = 3e-3
    margin: float = 7.0

    def __post_init__(self) -> None:
        if self.width < 1:
            raise OptionError(f"A beam is at least 1 wide, not {self.width}.")
        if not 0 <= self.least < 1 or self.sure_blank <= 0:
            raise OptionError("least lies between 0 and 1, and sure_blank over 0.")
        if not self.margin > 0:
            raise OptionError(f"A margin is over 0, not {self.margin}.")


@dataclass(frozen=True)
class Hypothesis:
    """A text that a line may read as.

    Attributes:
        labels: none of them the blank.
        frames: in which each label was first read, rising.
        score: logarithm of the summed probability of its paths, and what the scorer added.
    """

    labels: tuple[int, ...]
    frames: tuple[int, ...]
    score: float


def score_language(texts: Sequence[Sequence[int]], scorer: Scorer) -> Floats:
    """What a scorer adds to whole texts, given as labels; of shape (n,)."""
    lengths = np.array([len(text) for text in texts], np.int64)
    labels = np.zeros((len(texts), int(lengths.max(initial=0))), np.int64)
    for row, text in zip(labels, texts, strict=True):
        row[: len(text)] = text
    states = np.tile(scorer.start(), (len(texts), 1)).astype(np.int64)
    total = np.zeros(len(texts))
    for column in range(labels.shape[1]):
        here = np.flatnonzero(lengths > column)
        added, states[here] = scorer.extend(states[here], labels[here, column])
        total[here] += added
    return total + scorer.finish(states)


def search_beams(
    scores: Sequence[NDArray[np.float32]],
    scorer: Scorer | None = None,
    options: BeamOptions | None = None,
    *,
    n_best: int = 1,
) -> list[list[Hypothesis]]:
    """The best texts of every line, the best first; at least one.

    Args:
        scores: of each line, of shape (T, C), log-probabilities, label 0 the blank.
        scorer: what texts are likely; None if all are alike.
        options: how much is looked at.
        n_best: texts of a line that are given back at most.
    """
    options = options or BeamOptions()
    lines = [_Line.of(line, options) for line in scores]
    order = sorted(range(len(lines)), key=lambda i: len(lines[i].frames))
    found: list[list[Hypothesis]] = [[] for _ in lines]
    for start in range(0, len(order), _BATCH):
        batch = order[start : start + _BATCH]
        beams = _Beams([lines[i] for i in batch], scorer or NoLanguage(), options)
        for index, best in zip(batch, beams.search(n_best), strict=True):
            found[index] = best
    return found


@dataclass(frozen=True, eq=False)
class _Line:
    """What is looked at of a line.

    Attributes:
        frames: numbers of the frames that may add a label, (t,).
        scores: theirs, of shape (t, C).
        blanks: summed score of the blanks passed over before each of them, (t,); not a number
            where none was.
        tail: summed score of the blanks passed over after the last of them.
    """

    frames: Integers
    scores: Floats
    blanks: Floats
    tail: float

    @classmethod
    def of(cls, scores: NDArray[np.float32], options: BeamOptions) -> "_Line":
        blank = scores[:, BLANK].astype(np.float64)
        frames = np.flatnonzero(blank < np.log(options.sure_blank))
        summed = np.append(0.0, np.cumsum(blank))
        before = np.append(0, frames[:-1] + 1) if len(frames) else frames
        passed = np.where(frames > before, summed[frames] - summed[before], np.nan)
        tail = summed[-1] - (summed[frames[-1] + 1] if len(frames) else 0.0)
        return cls(frames, scores[frames].astype(np.float64), passed, float(tail))


@dataclass(frozen=True, eq=False)
class _Prefixes:
    """Texts begun, one a row: of which line, and all that is known of it.

    Attributes:
        lines: number of the line, (n,).
        ends_blank: score of its paths that end with a blank, (n,).
        ends_label: score of those that end with its last label, (n,).
        last: its last label, (n,); `_NO_LABEL` of the empty text.
        added: what the scorer added for that label, (n,).
        names: a number that no other text has, (n,).
        parents: the name of the text without the last label, (n,).
        nodes: place in the tree of labels, (n,).
        states: of the scorer, (n, k).
    """

    lines: Integers
    ends_blank: Floats
    ends_label: Floats
    last: Integers
    added: Floats
    names: NDArray[np.uint64]
    parents: NDArray[np.uint64]
    nodes: Integers
    states: Integers

    @cached_property
    def total(self) -> Floats:
        """Score of all paths."""
        return np.logaddexp(self.ends_blank, self.ends_label)

    def before(self, rows: Integers, labels: Integers) -> Floats:
        """Score of the paths of texts that may go on with labels, of shape (n,).

        A label that is the last one already needs a blank before it is read again.
        """
        is_repeat = self.last[rows] == labels
        return np.where(is_repeat, self.ends_blank[rows], self.total[rows])

    def picked(self, rows: Integers) -> "_Prefixes":
        """Some of them, in the order given."""
        return _Prefixes(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def joined(self, others: "_Prefixes") -> "_Prefixes":
        """These and others."""
        return _Prefixes(
            *(
                np.concatenate([getattr(self, name), getattr(others, name)])
                for name in self.__dataclass_fields__
            )
        )


@dataclass(eq=False)
class _Tree:
    """Labels of all texts that were ever kept; each node knows the one before it.

    Attributes:
        before: the node of the label before, by step.
        labels: its label, by step.
        frames: the frame in which it was added, by step.
        size: nodes; node 0 is the empty text.
    """

    before: list[Integers] = field(default_factory=lambda: [np.array([-1])])
    labels: list[Integers] = field(default_factory=lambda: [np.array([_NO_LABEL])])
    frames: list[Integers] = field(default_factory=lambda: [np.array([-1])])
    size: int = 1

    def add(self, before: Integers, labels: Integers, frames: Integers) -> Integers:
        """Numbers of new nodes."""
        self.before.append(before)
        self.labels.append(labels)
        self.frames.append(frames)
        self.size += len(labels)
        return np.arange(self.size - len(labels), self.size)


class _Beams:
    """A beam search in several lines."""

    def __init__(self, lines: Sequence[_Line], scorer: Scorer, options: BeamOptions) -> None:
        self._lines, self._scorer, self._options = lines, scorer, options
        self._n_frames = np.array([len(line.frames) for line in lines])
        shape = (int(self._n_frames.max(initial=0)), len(lines))
        self._scores = np.full((*shape, lines[0].scores.shape[1]), -np.inf)
        self._blanks = np.full(shape, np.nan)
        self._frames = np.zeros(shape, np.int64)
        for i, line in enumerate(lines):
            self._scores[: len(line.frames), i] = line.scores
            self._blanks[: len(line.frames), i] = line.blanks
            self._frames[: len(line.frames), i] = line.frames
        self._tree = _Tree()

    def search(self, n_best: int) -> list[list[Hypothesis]]:
        """The best texts of each line."""
        prefixes = self._empty()
        done: list[_Prefixes] = []
        for step in range(len(self._scores)):
            goes_on = self._n_frames[prefixes.lines] > step
            if not goes_on.all():
                done.append(prefixes.picked(np.flatnonzero(~goes_on)))
                prefixes = prefixes.picked(np.flatnonzero(goes_on))
            prefixes = self._take_frame(prefixes, step)
        for part in done:
            prefixes = prefixes.joined(part)
        return self._best(prefixes, n_best)

    def _empty(self) -> _Prefixes:
        n = len(self._lines)
        states = np.tile(self._scorer.start(), (n, 1)).astype(np.int64)
        nothing = np.zeros(n)
        names = np.ones(n, np.uint64)
        return _Prefixes(
            np.arange(n), nothing, np.full(n, -np.inf), np.full(n, _NO_LABEL), nothing,
            names, np.zeros(n, np.uint64), np.zeros(n, np.int64), states,
        )  # fmt: skip

    def _take_frame(self, prefixes: _Prefixes, step: int) -> _Prefixes:
        """Prefixes after the next frame of their lines."""
        scores, frames = self._scores[step], self._frames[step]
        prefixes = _pass_over(prefixes, self._blanks[step, prefixes.lines])
        stayed, parents = self._stay(prefixes, scores, frames)
        longer = self._lengthen(prefixes, stayed, scores, parents)
        kept = _best_rows(
            np.concatenate([stayed.lines, longer.lines]),
            np.concatenate([stayed.total, longer.ends_label]),
            self._options.width,
            margin=self._options.margin,
        )
        is_new = kept >= len(stayed.lines)
        new = longer.picked(kept[is_new] - len(stayed.lines))
        new = replace(new, nodes=self._tree.add(new.nodes, new.last, frames[new.lines]))
        return stayed.picked(kept[~is_new]).joined(new)

    def _stay(
        self, prefixes: _Prefixes, scores: Floats, frames: Integers
    ) -> tuple[_Prefixes, Integers]:
        """Texts that add no label, or were reached from the text one label shorter.

        Where the latter is the likelier, the last label is read in this frame and not before. Also
        the row of each text's shorter text, -1 if it was not kept.
        """
        has_label = prefixes.last != _NO_LABEL
        last_scores = np.where(has_label, scores[prefixes.lines, prefixes.last], -np.inf)
        ends_label = prefixes.ends_label + last_scores
        parents = _find_parents(prefixes)
        rows = np.flatnonzero(parents >= 0)
        shorter = parents[rows]
        reached = prefixes.before(shorter, prefixes.last[rows])
        reached = reached + last_scores[rows] + prefixes.added[rows]
        ends_blank = prefixes.total + scores[prefixes.lines, BLANK]
        later = reached > np.logaddexp(ends_blank[rows], ends_label[rows])
        ends_label[rows] = np.logaddexp(ends_label[rows], reached)
        rows, shorter = rows[later], shorter[later]
        nodes = prefixes.nodes.copy()
        nodes[rows] = self._tree.add(
            prefixes.nodes[shorter], prefixes.last[rows], frames[prefixes.lines[rows]]
        )
        stayed = replace(prefixes, ends_blank=ends_blank, ends_label=ends_label, nodes=nodes)
        return stayed, parents

    def _lengthen(
        self, prefixes: _Prefixes, stayed: _Prefixes, scores: Floats, parents: Integers
    ) -> _Prefixes:
        """Texts with one label more; those that are kept already are left out."""
        is_likely = scores >= (np.log(self._options.least) if self._options.least else -np.inf)
        is_likely[:, BLANK] = False
        line_rows, labels = np.nonzero(is_likely)
        firsts = np.searchsorted(line_rows, prefixes.lines)
        sizes = np.searchsorted(line_rows, prefixes.lines, side="right") - firsts
        rows = np.repeat(np.arange(len(sizes)), sizes)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        labels = labels[firsts[rows] + within]
        reached = prefixes.before(rows, labels) + scores[prefixes.lines[rows], labels]
        bound = _worst_kept(stayed, len(self._lines), self._options.width)
        chosen = reached + self._scorer.most >= bound[prefixes.lines[rows]]
        chosen &= np.isfinite(reached)
        with_parent = np.flatnonzero(parents >= 0)
        n_labels = scores.shape[1]
        known = parents[with_parent] * n_labels + prefixes.last[with_parent]
        chosen &= ~np.isin(rows * n_labels + labels, known)
        rows, labels, reached = rows[chosen], labels[chosen], reached[chosen]
        added, states = self._scorer.extend(prefixes.states[rows], labels)
        names = prefixes.names[rows]
        return _Prefixes(
            lines=prefixes.lines[rows],
            ends_blank=np.full(len(rows), -np.inf),
            ends_label=reached + added,
            last=labels,
            added=added,
            names=names * _HASH_FACTOR + (labels + 1).astype(np.uint64) * _HASH_STEP,
            parents=names,
            nodes=prefixes.nodes[rows],
            states=states,
        )

    def _best(self, prefixes: _Prefixes, n_best: int) -> list[list[Hypothesis]]:
        tails = np.array([line.tail for line in self._lines])
        total = prefixes.total + self._scorer.finish(prefixes.states) + tails[prefixes.lines]
        before, labels, frames = (
            np.concatenate(parts)
            for parts in (self._tree.before, self._tree.labels, self._tree.frames)
        )
        best: list[list[Hypothesis]] = [[] for _ in self._lines]
        for row in _best_rows(prefixes.lines, total, n_best):
            path = []
            node = int(prefixes.nodes[row])
            while node > 0:
                path.append(node)
                node = int(before[node])
            path.reverse()
            best[prefixes.lines[row]].append(
                Hypothesis(
                    tuple(labels[path].tolist()), tuple(frames[path].tolist()), float(total[row])
                )
            )
        return best


def _pass_over(prefixes: _Prefixes, blanks: Floats) -> _Prefixes:
    """The prefixes after the blanks that were passed over, which all their paths have read."""
    passed = np.isfinite(blanks)
    return replace(
        prefixes,
        ends_blank=np.where(passed, prefixes.total + blanks, prefixes.ends_blank),
        ends_label=np.where(passed, -np.inf, prefixes.ends_label),
    )


def _find_parents(prefixes: _Prefixes) -> Integers:
    """Row of the text without the last label of each text, -1 if it is not among them."""
    keys = _line_names(prefixes.names, prefixes.lines)
    order = np.argsort(keys)
    wanted = _line_names(prefixes.parents, prefixes.lines)
    places = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    rows = order[places]
    return np.where(keys[rows] == wanted, rows, -1)


def _line_names(names: NDArray[np.uint64], lines: Integers) -> NDArray[np.uint64]:
    return names ^ ((lines + 1).astype(np.uint64) * _HASH_STEP)


def _worst_kept(stayed: _Prefixes, n_lines: int, width: int) -> Floats:
    """Score that a new text must reach in each line: that of the last place, if all are taken."""
    lowest = np.full(n_lines, np.inf)
    np.minimum.at(lowest, stayed.lines, stayed.total)
    is_full = np.bincount(stayed.lines, minlength=n_lines) >= width
    return np.where(is_full, lowest, -np.inf)


def _best_rows(lines: Integers, total: Floats, n_best: int, *, margin: float = np.inf) -> Integers:
    """Rows of the `n_best` highest totals of each line, by line and falling total.

    Those further under the line's highest than `margin` are left out.
    """
    order = np.lexsort((-total, lines))
    sorted_lines, sorted_total = lines[order], total[order]
    starts = np.flatnonzero(np.diff(sorted_lines, prepend=-1))
    sizes = np.diff(np.append(starts, len(lines)))
    firsts = np.repeat(starts, sizes)
    is_near = sorted_total >= sorted_total[firsts] - margin
    return order[(np.arange(len(lines)) - firsts < n_best) & is_near]
