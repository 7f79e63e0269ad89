"""Finds where a text that is being written begins to repeat itself.

Decoders that look at the image of a whole paragraph now and then jump back to a line that they have
read, or write the same few characters for ever. Works on labels; knows nothing about networks.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from text_recognizer.errors import OptionError
from text_recognizer.evaluation.metrics import count_edits


@dataclass(frozen=True)
class Repetition:
    """Where a text begins to repeat itself.

    Attributes:
        start: index of the first label that was there before.
        is_line: whether it is a line; if not, the text goes round.
    """

    start: int
    is_line: bool


@dataclass(frozen=True)
class RepeatGuard:
    """What counts as a repetition.

    A line repeats an earlier one if both are nearly equal and have `n_short` characters or more. A
    text that goes round repeats up to `longest_round` characters, letters or digits among them,
    until they fill `n_round` places and stand there `n_rounds` times or more.

    Attributes:
        newline: label between lines; None where texts are single lines.
        letters: labels of letters and digits; a row of dots is no repetition.
        n_short: see above.
        tolerance: edits in a character up to which two lines are nearly equal.
        longest_round: see above.
        n_round: likewise.
        n_rounds: likewise.

    Raises:
        OptionError: a value is not allowed.
    """

    newline: int | None
    letters: Collection[int]
    n_short: int = 6
    tolerance: float = 0.1
    longest_round: int = 12
    n_round: int = 12
    n_rounds: int = 4

    def __post_init__(self) -> None:
        if not 0 <= self.tolerance < 1:
            raise OptionError(f"tolerance is at least 0 and below 1, not {self.tolerance}.")
        if min(self.n_short, self.longest_round, self.n_round) < 1:
            raise OptionError("A repetition has 1 character or more.")
        if self.n_rounds < 2:
            raise OptionError(f"n_rounds is 2 or more, not {self.n_rounds}.")

    def find(
        self, labels: Sequence[int], *, is_end: bool, accepted: Collection[int] = ()
    ) -> Repetition | None:
        """The repetition that the last label makes plain, or None.

        Called after every label, it tells of a repetition at its first sign.

        Args:
            labels: of a text without start and end.
            is_end: whether the text ends here.
            accepted: starts of lines that may repeat others.
        """
        start = self._repeated_line(labels, is_end=is_end)
        if start is not None and start not in accepted:
            return Repetition(start, is_line=True)
        start = self._round(labels)
        return None if start is None else Repetition(start, is_line=False)

    def first(
        self, labels: Sequence[int], *, is_end: bool, accepted: Collection[int] = ()
    ) -> Repetition | None:
        """The first repetition of a text, or None; see `find`."""
        for stop in range(1, len(labels) + 1):
            found = self.find(labels[:stop], is_end=False, accepted=accepted)
            if found is not None:
                return found
        return self.find(labels, is_end=True, accepted=accepted) if is_end else None

    def _repeated_line(self, labels: Sequence[int], *, is_end: bool) -> int | None:
        if self.newline is None:
            return None
        ends_line = len(labels) > 0 and labels[-1] == self.newline
        if not is_end and not ends_line:
            return None
        stop = len(labels) if is_end else len(labels) - 1
        start = _line_start(labels, stop, self.newline)
        if start == 0 or stop - start < self.n_short:
            return None
        own, earlier = labels[start:stop], _lines(labels[: start - 1], self.newline)
        return start if any(self._repeats(line, own) for line in earlier) else None

    def _repeats(self, line: Sequence[int], own: Sequence[int]) -> bool:
        return len(line) >= self.n_short and self._nearly_equal(line, own)

    def _nearly_equal(self, one: Sequence[int], other: Sequence[int]) -> bool:
        most = int(self.tolerance * max(len(one), len(other)))
        return abs(len(one) - len(other)) <= most and count_edits(one, other) <= most

    def _round(self, labels: Sequence[int]) -> int | None:
        """Index of the second round."""
        for length in range(1, self.longest_round + 1):
            n_rounds = max(self.n_rounds, -(-self.n_round // length))
            start = len(labels) - n_rounds * length
            if start < 0:
                continue
            is_round = list(labels[start:-length]) == list(labels[start + length :])
            if is_round and any(label in self.letters for label in labels[-length:]):
                return start + length
        return None


def guard_of(symbols: Sequence[str], *, first: int = 0) -> RepeatGuard:
    """The guard for texts of labels `first`, `first` + 1, ..., which stand for these symbols."""
    labels = {symbol: label for label, symbol in enumerate(symbols, start=first)}
    letters = frozenset(label for symbol, label in labels.items() if symbol.isalnum())
    return RepeatGuard(labels.get("\n"), letters)


def _line_start(labels: Sequence[int], stop: int, newline: int) -> int:
    """Index of the first character of the line that ends at `stop`."""
    for index in range(stop - 1, -1, -1):
        if labels[index] == newline:
            return index + 1
    return 0


def _lines(labels: Sequence[int], newline: int) -> list[list[int]]:
    lines: list[list[int]] = [[]]
    for label in labels:
        if label == newline:
            lines.append([])
        else:
            lines[-1].append(label)
    return lines
