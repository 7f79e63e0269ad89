"""A tiny data set of drawn lines, and options of a tiny network that trains in seconds."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from text_recognizer.alphabet import Alphabet
from text_recognizer.data import HandwritingLinesOptions
from text_recognizer.models import LineResnetLSTMOptions
from text_recognizer.training.options import (
    CTCLossOptions,
    LineTrainingOptions,
    TrackingOptions,
    TrainerOptions,
    TrainingOptions,
)
from text_recognizer.training.record import RunRecord

LIBRARY_WARNINGS = [  # what the libraries warn of and we cannot mend from here
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
    pytest.mark.filterwarnings("ignore:.*isinstance.treespec.*"),
]

ALPHABET = Alphabet(tuple(" abcdefgh"))
WORDS = ("abba", "cafe", "had a cab", "bed", "a bad egg", "fed", "bag", "dead head", "ace", "gag")


def draw_line(text: str) -> np.ndarray:
    """Grey line image of a text, in OpenCV's own strokes."""
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 1.2, 2)
    image = np.full((64, width + 16), 235, np.uint8)
    cv2.putText(image, text, (8, 44), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 40, 2, cv2.LINE_AA)
    return image


def with_trainer(options: TrainingOptions, **changes: object) -> TrainingOptions:
    """Options with other trainer fields."""
    return replace(options, trainer=replace(options.trainer, **changes))  # type: ignore[arg-type]


def tiny_options() -> LineTrainingOptions:
    """Options of a tiny network, one process, forty steps."""
    return LineTrainingOptions(
        name="tiny",
        data=HandwritingLinesOptions(
            strength=0.0, batch_columns=2_048, max_batch=16, max_width=1_024, max_draws=10_000
        ),
        network=LineResnetLSTMOptions(
            height=32,
            stem=8,
            groups=((1, 8), (1, 16), (1, 24)),
            lstm_dim=32,
            lstm_layers=1,
            dropout=0.0,
            stack=2,
        ),
        loss=CTCLossOptions(learning_rate=8e-3, ema=0.9),
        trainer=TrainerOptions(
            max_time="", max_steps=40, warm_up_steps=5, processes=1, validate_every_steps=20
        ),
        tracking=TrackingOptions(logger="csv", log_every_steps=1),
    )


def tiny_record(options: TrainingOptions) -> RunRecord:
    """Record of a tiny run."""
    return RunRecord(options.to_dict(), ALPHABET.symbols, "text-recognizer train tiny.toml\n")
