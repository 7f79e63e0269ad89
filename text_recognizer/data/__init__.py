"""Data modules for training; the readers and the drawing they wrap know nothing about torch."""

from text_recognizer.data.handwriting_lines import DataPaths, HandwritingLines
from text_recognizer.data.handwriting_pages import HandwritingPages
from text_recognizer.data.noisy_text import NoisyText
from text_recognizer.data.options import (
    HandwritingLinesOptions,
    HandwritingPagesOptions,
    NoisyTextOptions,
)

__all__ = [
    "DataPaths",
    "HandwritingLines",
    "HandwritingLinesOptions",
    "HandwritingPages",
    "HandwritingPagesOptions",
    "NoisyText",
    "NoisyTextOptions",
]
