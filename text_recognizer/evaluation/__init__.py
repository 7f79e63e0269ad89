"""Evaluation: corpus error rates of a model on a data set, with intervals."""

from text_recognizer.evaluation.line_evaluation import evaluate
from text_recognizer.evaluation.report import (
    EvaluationReport,
    LineResult,
    ReportRow,
    render_report,
    report_to_json,
)

__all__ = [
    "EvaluationReport",
    "LineResult",
    "ReportRow",
    "evaluate",
    "render_report",
    "report_to_json",
]
