"""Layout: where the lines of a page are and in which order they are read."""

from text_recognizer.layout.found_line import FoundLine
from text_recognizer.layout.line_finder import LineFinder, find_lines, load_finder
from text_recognizer.layout.reading_order import order_lines

__all__ = ["FoundLine", "LineFinder", "find_lines", "load_finder", "order_lines"]
