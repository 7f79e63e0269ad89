"""Reads handwriting: a photo, scan or PDF goes in, text with positions comes out.

The names below are loaded when they are first used, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from text_recognizer.character_predictor import CharacterPredictor
    from text_recognizer.errors import TextRecognizerError
    from text_recognizer.line_predictor import LinePredictor
    from text_recognizer.page import Line, Page, Region, Word
    from text_recognizer.paragraph_text_recognizer import ParagraphTextRecognizer
    from text_recognizer.recognizer import Recognizer

__all__ = [
    "CharacterPredictor",
    "Line",
    "LinePredictor",
    "Page",
    "ParagraphTextRecognizer",
    "Recognizer",
    "Region",
    "TextRecognizerError",
    "Word",
]

_MODULES = {
    "CharacterPredictor": "character_predictor",
    "Line": "page",
    "LinePredictor": "line_predictor",
    "Page": "page",
    "ParagraphTextRecognizer": "paragraph_text_recognizer",
    "Recognizer": "recognizer",
    "Region": "page",
    "TextRecognizerError": "errors",
    "Word": "page",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
