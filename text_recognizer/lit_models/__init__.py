"""Lightning modules: loss, metrics and optimiser of each kind of network."""

from text_recognizer.lit_models.ctc import CTCLitModel

__all__ = ["CTCLitModel"]
