"""Evaluation: corpus error rates of a model on a data set, with intervals."""

from text_recognizer.evaluation.confusion_table import render_confusions
from text_recognizer.evaluation.line_evaluation import evaluate
from text_recognizer.evaluation.report import (
    EvaluationReport,
    LineResult,
    ReportRow,
    render_report,
    report_to_json,
)
from text_recognizer.evaluation.stages import compare_stages

__all__ = [
    "EvaluationReport",
    "LineResult",
    "ReportRow",
    "compare_stages",
    "evaluate",
    "render_confusions",
    "render_report",
    "report_to_json",
]
