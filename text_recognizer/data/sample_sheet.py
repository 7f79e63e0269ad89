"""A sheet of samples to look at: images in a grid, the text of each below it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

_CAPTION_PX = 12
_GAP_PX = 4
_WIDTH_PX = 1024


def draw_sheet(images: NDArray[np.uint8], captions: Sequence[str]) -> Image.Image:
    """The sheet, dark on white.

    Args:
        images: of shape (N, H, W), ink bright on black.
        captions: as many texts; characters beyond ASCII are shown as question marks.
    """
    n_images, height, width = images.shape
    n_columns = max(1, min(n_images, _WIDTH_PX // (width + _GAP_PX)))
    cell = width + _GAP_PX, height + _CAPTION_PX + _GAP_PX
    n_rows = -(-n_images // n_columns)
    sheet = Image.new("L", (n_columns * cell[0] + _GAP_PX, n_rows * cell[1] + _GAP_PX), 255)
    draw = ImageDraw.Draw(sheet)
    for i, (image, caption) in enumerate(zip(images, captions, strict=True)):
        left, top = i % n_columns * cell[0] + _GAP_PX, i // n_columns * cell[1] + _GAP_PX
        sheet.paste(Image.fromarray(255 - image), (left, top))
        text = caption.encode("ascii", "replace").decode()
        draw.text((left, top + height), text, fill=0)
    return sheet
