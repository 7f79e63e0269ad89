"""Lightning modules: loss, metrics and optimiser of each kind of network."""

from text_recognizer.lit_models.base import BaseLitModel
from text_recognizer.lit_models.corrector import CorrectorLitModel
from text_recognizer.lit_models.ctc import CTCLitModel
from text_recognizer.lit_models.line_finder import LineFinderLitModel

__all__ = ["BaseLitModel", "CTCLitModel", "CorrectorLitModel", "LineFinderLitModel"]
