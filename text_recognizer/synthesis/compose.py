"""Lines put together from images of single words of one writer."""

from collections.abc import Sequence

import cv2
import numpy as np

from text_recognizer.synthesis.arrays import Floats, GreyImage, Ink
from text_recognizer.synthesis.chance import weaken
from text_recognizer.synthesis.finish import find_baseline, finish_line, warp_ink
from text_recognizer.synthesis.stroke_style import StrokeStyle

_INK_LEVEL = 60  # darkness from which a column counts as written


def join_words(
    images: Sequence[GreyImage],
    rng: np.random.Generator,
    style: StrokeStyle,
    *,
    texture: Floats | None = None,
) -> GreyImage:
    """Finished line image of shape (style.height, W), uint8, with the words side by side.

    The words keep the size and height above the baseline that they have in their images.

    Args:
        images: dark words on light paper, each cut as a line of one word, in writing order.
        rng: source of all chance.
        style: as for pen strokes; the pen is that of the images.
        texture: piece of real paper from `paper.cut_paper`, or None.

    Raises:
        ValueError: no image is given.
    """
    if not images:
        raise ValueError("join_words needs at least one word image.")
    pieces: list[Ink] = []
    for image in images:
        pieces.append(_cut_out(image, style.height, round(style.wander * rng.uniform(-1.0, 1.0))))
        gap = style.height * 0.36 * rng.uniform(*style.gap)
        pieces.append(np.zeros((style.height, max(1, round(gap))), np.uint8))
    ink = np.concatenate(pieces[:-1], axis=1)
    soft = cv2.GaussianBlur(ink, (3, 3), max(style.softness, 0.5))
    faded = np.asarray(cv2.convertScaleAbs(soft, alpha=style.darkness), dtype=np.uint8)
    warped = warp_ink(weaken(faded, 0.3 * style.waver, 40.0, rng), rng, style)
    return finish_line(warped, rng, style, baseline=find_baseline(warped), texture=texture)


def _cut_out(image: GreyImage, height: int, drop: int) -> Ink:
    """Ink of a word, of shape (height, W), without paper left and right, moved down by `drop`."""
    if image.shape[0] != height:
        width = max(1, round(image.shape[1] * height / image.shape[0]))
        image = np.asarray(cv2.resize(image, (width, height)), dtype=np.uint8)
    paper = float(np.percentile(image[::2, ::2], 80))
    darkness = np.clip((paper - image.astype(np.float32)) * (255.0 / max(paper, 1.0)), 0, 255)
    columns = np.flatnonzero(darkness.max(axis=0) > _INK_LEVEL)
    if len(columns):
        darkness = darkness[:, columns[0] : columns[-1] + 1]
    rows = np.flatnonzero(darkness.max(axis=1) > _INK_LEVEL)
    if len(rows):
        drop = max(-int(rows[0]), min(drop, height - 1 - int(rows[-1])))
    return np.asarray(np.roll(darkness, drop, axis=0), dtype=np.uint8)
