"""Counts lines of read paragraphs that stand there twice, and lines that were not read at all.

Readers of whole paragraphs fail so where readers of single lines cannot. Works on texts alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from text_recognizer.evaluation.metrics import count_edits

_ALIKE = 0.5  # of the longer of two lines; more edits than that, and they are different lines


@dataclass(frozen=True)
class LineLosses:
    """What went wrong with lines, summed over paragraphs.

    Attributes:
        n_paragraphs: read.
        n_lines: of the references.
        n_repeated: lines read that are like a line of the reference that was read before.
        n_lost: lines of the reference that nothing read is like.
        n_flawed: paragraphs with at least one of either.
    """

    n_paragraphs: int = 0
    n_lines: int = 0
    n_repeated: int = 0
    n_lost: int = 0
    n_flawed: int = 0

    def __add__(self, other: "LineLosses") -> "LineLosses":
        return LineLosses(
            self.n_paragraphs + other.n_paragraphs,
            self.n_lines + other.n_lines,
            self.n_repeated + other.n_repeated,
            self.n_lost + other.n_lost,
            self.n_flawed + other.n_flawed,
        )

    @property
    def repeated_per_100(self) -> float | None:
        """Repeated lines for 100 lines of the references; None without any."""
        return 100 * self.n_repeated / self.n_lines if self.n_lines else None

    @property
    def lost_per_100(self) -> float | None:
        """Lost lines for 100 lines of the references; None without any."""
        return 100 * self.n_lost / self.n_lines if self.n_lines else None


def count_line_losses(pairs: Iterable[tuple[str, str]]) -> LineLosses:
    """Repeated and lost lines of references and hypotheses, lines of both parted by newlines."""
    return sum((_of_paragraph(*pair) for pair in pairs), start=LineLosses())


def _of_paragraph(reference: str, hypothesis: str) -> LineLosses:
    true, read = (_lines(text) for text in (reference, hypothesis))
    shares = {
        (i, j): count_edits(a, b) / max(len(a), len(b))
        for i, a in enumerate(true)
        for j, b in enumerate(read)
    }
    alike = sorted(pair for pair in shares if shares[pair] <= _ALIKE)
    alike.sort(key=lambda pair: shares[pair])  # the likest first, of equals the first
    of_true: dict[int, int] = {}
    of_read: dict[int, int] = {}
    for i, j in alike:
        if i not in of_true and j not in of_read:
            of_true[i], of_read[j] = j, i
    n_repeated = len({j for _, j in alike} - of_read.keys())
    n_lost = len(true) - len(of_true)
    return LineLosses(1, len(true), n_repeated, n_lost, int(n_repeated + n_lost > 0))


def _lines(text: str) -> list[str]:
    """Lines without white space around them; empty ones are none."""
    return [line.strip() for line in text.split("\n") if line.strip()]
