"""Ground truth: lines, pen strokes and pages with their transcriptions, from many layouts."""

from text_recognizer.ground_truth.dataset import find_sources, find_sources_without, read_lines
from text_recognizer.ground_truth.pages import read_pages
from text_recognizer.ground_truth.samples import LineSample, PageLine, PageSample, StrokeSample
from text_recognizer.ground_truth.strokes import read_strokes, read_unseen_ids

__all__ = [
    "LineSample",
    "PageLine",
    "PageSample",
    "StrokeSample",
    "find_sources",
    "find_sources_without",
    "read_lines",
    "read_pages",
    "read_strokes",
    "read_unseen_ids",
]
