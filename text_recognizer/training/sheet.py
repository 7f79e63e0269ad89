"""A sheet of what the network sees: training lines on the left, real validation lines on the right.

For a line finder it shows pieces of pages with the lines that it is to find, for a corrector texts.

If one can tell the two apart at a glance, mend the drawing before training.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from text_recognizer.data import DataPaths, HandwritingLines, HandwritingPages, NoisyText
from text_recognizer.data.batches import EncodedLine
from text_recognizer.grey_image import GreyImage
from text_recognizer.training.options import TrainingOptions
from text_recognizer.training.samples import draw_crop, draw_rows, draw_texts
from text_recognizer.training.tasks import task_of

_N_LINES = 100
_ACROSS, _DOWN = 4, 6  # pieces of pages


def make_sheet(
    options: TrainingOptions, paths: DataPaths, symbols: Sequence[str], *, n_lines: int = _N_LINES
) -> Image.Image:
    """The sheet; the same options and seed give the same one.

    Args:
        options: of the recipe.
        paths: where the data lies.
        symbols: that the recipe learns.
        n_lines: lines on either side.
    """
    data = task_of(options).make_data(options, paths, symbols)
    data.setup("fit")
    if isinstance(data, HandwritingPages):
        return _pages_sheet(data, options.trainer.seed)
    if isinstance(data, NoisyText):
        return _texts_sheet(data, options.trainer.seed, n_lines)
    assert isinstance(data, HandwritingLines)
    return _lines_sheet(data, options.trainer.seed, n_lines)


def _pages_sheet(data: HandwritingPages, seed: int) -> Image.Image:
    """Pieces of pages with the baselines that are to be found."""
    stream, rng = data.train_stream(), np.random.default_rng(seed)
    side = data.options.size
    sheet = Image.new("RGB", (_ACROSS * side, _DOWN * side))
    for i in range(_ACROSS * _DOWN):
        sheet.paste(draw_crop(stream.draw(rng)), (i % _ACROSS * side, i // _ACROSS * side))
    return sheet


def _lines_sheet(data: HandwritingLines, seed: int, n_lines: int) -> Image.Image:
    training = [line for line, _ in zip(data.train_stream().lines(), range(n_lines), strict=False)]
    validation = data.validation_lines
    chosen = np.random.default_rng(seed).permutation(len(validation))[:n_lines]
    columns = [
        draw_rows([_row(line, tuple(data.sources)) for line in training]),
        draw_rows([_row(validation[i], data.validation_sources) for i in chosen]),
    ]
    return _beside(columns)


def _texts_sheet(data: NoisyText, seed: int, n_lines: int) -> Image.Image:
    """Noisy lines and real pairs: what is written, what was read."""
    rng = np.random.default_rng(seed)
    drawn = zip(data.train_stream().lines(rng), range(n_lines), strict=False)
    chosen = [data.pairs[i] for i in rng.permutation(len(data.pairs))[:n_lines]]
    return _beside([draw_texts([(line.text, line.read) for line, _ in drawn]), draw_texts(chosen)])


def _beside(columns: Sequence[Image.Image]) -> Image.Image:
    sheet = Image.new("L", (sum(c.width for c in columns), max(c.height for c in columns)), 255)
    left = 0
    for column in columns:
        sheet.paste(column, (left, 0))
        left += column.width
    return sheet


def _row(line: EncodedLine, sources: tuple[str, ...]) -> tuple[GreyImage, list[str]]:
    return line.image, [f"{sources[line.source]}: {line.text}"]
