"""A sheet of what the network sees: training lines on the left, real validation lines on the right.

If one can tell the two apart at a glance, mend the drawing before training.
"""

import numpy as np
from PIL import Image

from text_recognizer.alphabet import Alphabet
from text_recognizer.data import DataPaths
from text_recognizer.data.batches import EncodedLine
from text_recognizer.grey_image import GreyImage
from text_recognizer.training.fit import make_data
from text_recognizer.training.options import TrainingOptions
from text_recognizer.training.samples import draw_rows

_N_LINES = 100


def make_sheet(
    options: TrainingOptions, paths: DataPaths, alphabet: Alphabet, *, n_lines: int = _N_LINES
) -> Image.Image:
    """The sheet as a grey image; the same options and seed give the same sheet."""
    data = make_data(options, paths, alphabet)
    data.setup("fit")
    training = [line for line, _ in zip(data.train_stream().lines(), range(n_lines), strict=False)]
    validation = data.validation_lines
    chosen = np.random.default_rng(options.trainer.seed).permutation(len(validation))[:n_lines]
    columns = [
        draw_rows([_row(line, tuple(data.sources)) for line in training]),
        draw_rows([_row(validation[i], data.validation_sources) for i in chosen]),
    ]
    sheet = Image.new("L", (sum(c.width for c in columns), max(c.height for c in columns)), 255)
    left = 0
    for column in columns:
        sheet.paste(column, (left, 0))
        left += column.width
    return sheet


def _row(line: EncodedLine, sources: tuple[str, ...]) -> tuple[GreyImage, list[str]]:
    return line.image, [f"{sources[line.source]}: {line.text}"]
