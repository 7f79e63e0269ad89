"""Handwriting that nobody wrote: lines drawn from pen strokes and fonts, and real lines varied.

Every function takes a `numpy.random.Generator`, and equal generators give equal images. `strength`
lies in 0 to 1: effects grow with it, and at 0 an image stays as it is. Images are grey uint8 arrays
of shape (H, W), dark ink on light paper. Nothing here knows torch, data sets or files of samples.
"""

from text_recognizer.synthesis.augment import augment_line
from text_recognizer.synthesis.compose import join_words
from text_recognizer.synthesis.degrade import degrade
from text_recognizer.synthesis.fonts import ACCEPTED_FACES, Face, draw_text, load_faces
from text_recognizer.synthesis.paper import PaperStyle, cut_paper, make_paper
from text_recognizer.synthesis.sentences import load_passages, write_line
from text_recognizer.synthesis.strokes import InkWord, StrokeStyle, draw_words

__all__ = [
    "ACCEPTED_FACES",
    "Face",
    "InkWord",
    "PaperStyle",
    "StrokeStyle",
    "augment_line",
    "cut_paper",
    "degrade",
    "draw_text",
    "draw_words",
    "join_words",
    "load_faces",
    "load_passages",
    "make_paper",
    "write_line",
]
