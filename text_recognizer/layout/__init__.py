"""Layout: where the lines of a page are and in which order they are read."""

from text_recognizer.layout.found_line import FoundLine
from text_recognizer.layout.line_finder import LineFinder, find_lines, load_finder
from text_recognizer.layout.reading_order import order_lines
from text_recognizer.layout.regions import FoundRegion, find_regions

__all__ = [
    "FoundLine",
    "FoundRegion",
    "LineFinder",
    "find_lines",
    "find_regions",
    "load_finder",
    "order_lines",
]
