"""What a sweep came to, as text: a table, the failures, the best flags as a command."""

import shlex
from collections.abc import Sequence

from text_recognizer.training.sweeps.run import SweepOutcome, render_values
from text_recognizer.training.sweeps.study import TrialRow


def render_outcome(outcome: SweepOutcome) -> str:
    """The table of trials, failures by their sentence, and the command of the best trial."""
    parts = [_table(outcome.sweep.metric, outcome.rows), *_failures(outcome.rows)]
    if outcome.best is not None:
        words = ["python", outcome.sweep.program, *outcome.sweep.flags(outcome.best.values)]
        parts.append(f"The best is {outcome.best.folder}:\n{shlex.join(words)}")
    return "\n\n".join(parts)


def _table(metric: str, rows: Sequence[TrialRow]) -> str:
    cells = [("trial", metric, "validations", "", "values")]
    for row in rows:
        value = "" if row.value is None else f"{row.value:.4f}"
        n_validations = str(row.n_validations or "")
        cells.append((row.folder, value, n_validations, row.state, render_values(row.values)))
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def _failures(rows: Sequence[TrialRow]) -> list[str]:
    """One sentence each, with the trials that ended with it."""
    trials: dict[str, list[str]] = {}
    for row in rows:
        if row.has_failed:
            trials.setdefault(row.failure, []).append(row.folder)
    return [f"Failed: {', '.join(folders)}: {why}" for why, folders in trials.items()]
