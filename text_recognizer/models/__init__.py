"""The networks."""

from text_recognizer.models.edit_tagger import EditTagger, EditTaggerOptions
from text_recognizer.models.line_finder_unet import LineFinderUNet, LineFinderUNetOptions
from text_recognizer.models.line_resnet_lstm import LineResnetLSTM, LineResnetLSTMOptions

__all__ = [
    "EditTagger",
    "EditTaggerOptions",
    "LineFinderUNet",
    "LineFinderUNetOptions",
    "LineResnetLSTM",
    "LineResnetLSTMOptions",
]
