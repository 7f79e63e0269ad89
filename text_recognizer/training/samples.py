"""Pictures of lines with their texts: predictions of a validation, sheets of training lines."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from text_recognizer.grey_image import GreyImage
from text_recognizer.lit_models.ctc import Prediction

_WIDTH = 1200
_CAPTION_PX = 15


def draw_predictions(predictions: Sequence[Prediction]) -> Image.Image:
    """Each line's image over its source, reference and hypothesis."""
    rows = [
        (
            np.asarray(prediction.image),
            [
                f"{prediction.source}: {prediction.reference}",
                f"{' ' * len(prediction.source)}  {prediction.hypothesis}",
            ],
        )
        for prediction in predictions
    ]
    return draw_rows(rows)


def draw_rows(rows: Sequence[tuple[GreyImage, Sequence[str]]]) -> Image.Image:
    """A sheet of normalised line images (paper 0, ink 255), captions below each."""
    font = ImageFont.load_default(_CAPTION_PX)
    heights = [image.shape[0] + (len(lines) * (_CAPTION_PX + 4)) + 6 for image, lines in rows]
    sheet = Image.new("L", (_WIDTH, max(1, sum(heights))), 255)
    draw = ImageDraw.Draw(sheet)
    top = 0
    for (image, lines), height in zip(rows, heights, strict=True):
        sheet.paste(Image.fromarray(255 - image), (0, top))
        for i, line in enumerate(lines):
            y = top + image.shape[0] + i * (_CAPTION_PX + 4)
            draw.text((4, y), line, fill=0, font=font)
        top += height
    return sheet
