"""What a model mixes up most, as a table: what is written, what was read, how often."""

from text_recognizer.evaluation.report import EvaluationReport, per_cent
from text_recognizer.language.confusions import Confusions
from text_recognizer.language.weighted_edits import weighted_distance

_HEADER = ("written", "read", "times", "% of all", "cost")
_LEGEND = """\
Times: how often the piece was read so. Cost: of the edits in a search for near words; the rarer a
confusion, the dearer, and the mean one costs 1."""
_NOTHING = "(nothing)"
_BLANK = "(blank)"


def find_report_confusions(report: EvaluationReport) -> Confusions:
    """Confusions of all lines of an evaluation."""
    return Confusions.of((line.reference, line.hypothesis) for line in report.lines)


def render_confusions(report: EvaluationReport, n: int) -> str:
    """The most frequent confusions as a table of plain text.

    Args:
        report: of the evaluation.
        n: rows at most.
    """
    confusions = find_report_confusions(report)
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
    widths = [max(map(len, column)) for column in zip(_HEADER, *rows, strict=True)]
    body = [
        "  ".join(
            [cell.ljust(width) for cell, width in zip(cells[:2], widths[:2], strict=True)]
            + [cell.rjust(width) for cell, width in zip(cells[2:], widths[2:], strict=True)]
        )
        for cells in (_HEADER, *rows)
    ]
    return "\n".join([*body, "", _LEGEND])


def _shown(piece: str) -> str:
    return {"": _NOTHING, " ": _BLANK}.get(piece, piece)
