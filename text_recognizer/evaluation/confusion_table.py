"""What a model mixes up most, as a table: what is written, what was read, how often."""

from collections.abc import Iterable

from text_recognizer.evaluation.report import EvaluationReport, LineResult, per_cent, render_table
from text_recognizer.language.confusions import Confusions
from text_recognizer.language.weighted_edits import weighted_distance

_HEADER = ("written", "read", "times", "% of all", "cost")
_LEGEND = """\
Times: how often the piece was read so. Cost: of the edits in a search for near words; the rarer a
confusion, the dearer, and the mean one costs 1."""
_NOTHING = "(nothing)"
_BLANK = "(blank)"


def count_confusions(lines: Iterable[LineResult]) -> Confusions:
    """Confusions of lines that were read."""
    return Confusions.of((line.reference, line.hypothesis) for line in lines)


def render_confusions(report: EvaluationReport, n: int) -> str:
    """The most frequent confusions as a table of plain text.

    Args:
        report: of the evaluation.
        n: rows at most.
    """
    confusions = count_confusions(report.lines)
    costs, total = confusions.costs(), sum(confusions.pieces.values())
    rows = [
        (
            _shown(written),
            _shown(read),
            str(count),
            per_cent(count / total),
            f"{weighted_distance(written, read, costs):.2f}",
        )
        for written, read, count in confusions.most_frequent(n)
    ]
    if not rows:
        return "No line was read with an error."
    return f"{render_table([_HEADER, *rows], n_left=2)}\n\n{_LEGEND}"


def _shown(piece: str) -> str:
    return {"": _NOTHING, " ": _BLANK}.get(piece, piece)
