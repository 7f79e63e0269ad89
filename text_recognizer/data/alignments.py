"""Where the words of training lines stand, found by a model that reads them already.

A JSON file, written by `tasks/align_lines.py`, keeps for every line the model's error rate and the
columns of each word. Training leaves out lines that the model cannot believe, and sets words of one
document in random order, so that the network learns letters rather than one language's word order.
"""

import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from text_recognizer.alphabet import Alphabet
from text_recognizer.ctc import align
from text_recognizer.errors import InputError
from text_recognizer.ground_truth import LineSample, StrokeSample

_SCHEMA = 1
_MAX_CER = 0.5  # of a training line; above, its label is more probably wrong than the model
_REACH_FRAMES = 3  # how far from the frame of a blank its gap may lie
_MIN_CHARACTERS = 4  # shorter texts are believed: one error is a high rate there


@dataclass(frozen=True)
class LineAlignment:
    """What a model made of one line.

    Attributes:
        cer: its error rate on the line.
        words: first and last column of each word, in pixels of the stored image.
    """

    cer: float
    words: tuple[tuple[float, float], ...]

    def is_doubtful(self, text: str) -> bool:
        """True where the transcription is more probably wrong than the reading."""
        return self.cer > _MAX_CER and len(text) >= _MIN_CHARACTERS


def line_key(sample: LineSample | StrokeSample) -> str:
    """The name of a line among the lines of all sources."""
    return f"{sample.source}/{sample.id}"


def word_columns(
    scores: NDArray[np.float32],
    text: str,
    alphabet: Alphabet,
    *,
    ink: NDArray[np.float32],
    columns_per_frame: float,
) -> tuple[tuple[float, float], ...]:
    """First and last column of each word of a text on its line image, cut in the word gaps.

    Args:
        scores: shape (T, C), log-probabilities.
        text: the true text, words parted by single blanks.
        alphabet: of the scores.
        columns_per_frame: pixels of the image a frame.
        ink: how much ink each column of the image holds, shape (W,). A blank's frame is near its
            gap, not always in it: the cut goes to the emptiest column near by.

    Raises:
        AlphabetError: the text holds characters of another alphabet.
        ValueError: it has more characters than the scores have frames.
    """
    spans = align(scores, alphabet.encode(text))
    gaps = [(start + end) / 2 for (start, end), c in zip(spans, text, strict=True) if c == " "]
    reach = _REACH_FRAMES * columns_per_frame
    cuts = [_emptiest(ink, gap * columns_per_frame, reach=reach) for gap in gaps]
    return tuple(itertools.pairwise([0.0, *cuts, float(len(ink))]))


def _emptiest(ink: NDArray[np.float32], column: float, *, reach: float) -> float:
    """Middle of the widest run of least ink within reach of a column."""
    first = max(0, math.floor(column - reach))
    near = ink[first : max(math.ceil(column + reach), first + 1)]
    is_least = np.concatenate([[False], near <= near.min() + 1e-6, [False]])
    starts, ends = np.flatnonzero(np.diff(is_least.astype(np.int8))).reshape(-1, 2).T
    widest = int((ends - starts).argmax())
    return first + float(starts[widest] + ends[widest]) / 2


def save_alignments(path: Path, lines: dict[str, LineAlignment], *, model: str) -> None:
    """Write alignments by line id."""
    content = {
        "schema": _SCHEMA,
        "model": model,
        "lines": {name: asdict(line) for name, line in lines.items()},
    }
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


def load_alignments(path: Path) -> dict[str, LineAlignment]:
    """Alignments by line id.

    Raises:
        InputError: the file is missing or has another form.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != _SCHEMA:
            raise ValueError(f"schema {content['schema']} is not {_SCHEMA}")
        return {
            name: LineAlignment(float(line["cer"]), _pairs(line["words"]))
            for name, line in content["lines"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is not a file of alignments: {error}.") from error


def _pairs(values: Sequence[Sequence[float]]) -> tuple[tuple[float, float], ...]:
    return tuple((float(first), float(last)) for first, last in values)
