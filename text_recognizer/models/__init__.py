"""Networks by the names that recipes use."""

from text_recognizer.models.line_resnet_lstm import LineResnetLSTM, LineResnetLSTMOptions

NETWORKS = {"LineResnetLSTM": (LineResnetLSTM, LineResnetLSTMOptions)}

__all__ = ["NETWORKS", "LineResnetLSTM", "LineResnetLSTMOptions"]
