"""Changes of a line's shape: stretch, slant, turn, bend and shake, in one step of resampling."""

from dataclasses import dataclass

import cv2
import numpy as np

from text_recognizer.synthesis.arrays import Floats, GreyImage
from text_recognizer.synthesis.chance import smooth_curve, smooth_field


@dataclass(frozen=True)
class LineWarp:
    """One change of shape. Lengths in px of the result.

    Attributes:
        stretch: factor on widths.
        tall: factor on heights; lowered where the ink would not fit the frame.
        slant: horizontal shift a row, positive leans to the right.
        slope: rise of the line a column; limited, so that long lines keep their letters' size.
        bend: height of slow waves.
        shake: size of local distortions.
        cell: length of local distortions.
        place: where the ink lies in the frame, 0 at the top, 1 at the bottom.
        margin: columns added left and right.
    """

    stretch: float = 1.0
    tall: float = 1.0
    slant: float = 0.0
    slope: float = 0.0
    bend: float = 0.0
    shake: float = 0.0
    cell: float = 30.0
    place: float = 0.5
    margin: tuple[int, int] = (0, 0)


def warp_line(
    image: GreyImage,
    warp: LineWarp,
    rng: np.random.Generator,
    *,
    ink_rows: tuple[float, float],
    border: int,
    height: int | None = None,
) -> GreyImage:
    """Warped image with all ink rows inside.

    Args:
        image: of shape (H, W), uint8.
        warp: how to change it.
        rng: source of the waves and distortions.
        ink_rows: first row of ink and the row after the last; others may leave the frame.
        border: grey that fills what the image does not cover.
        height: rows of the result, H if None.

    Returns:
        Array of shape (height, W'), uint8; W' is the stretched width with margins and room for the
        slant.
    """
    height, width = height or image.shape[0], image.shape[1]
    top, bottom = ink_rows
    new_width = max(8, round(width * warp.stretch))
    lean = int(np.ceil(abs(warp.slant) * height / 2))
    left, right = warp.margin[0] + lean, warp.margin[1] + lean
    size = (height, new_width + left + right)
    lift = np.pad(_lift(new_width, height, warp, rng), (left, right), mode="edge")
    room = height - float(lift.max() - lift.min())
    tall = min(warp.tall, room / max(bottom - top, 1.0))
    place = (room - tall * (bottom - top)) * warp.place - float(lift.min())

    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(size[1], dtype=np.float32)[None, :]
    map_y = (rows - np.float32(place) - lift[None, :]) / np.float32(tall) + np.float32(top)
    map_x = (columns - left + np.float32(warp.slant) * (rows - height / 2)) / warp.stretch
    if warp.shake > 0:
        map_x = map_x + warp.shake * smooth_field(size, warp.cell, rng)
        map_y = map_y + 0.7 * warp.shake * smooth_field(size, warp.cell, rng)
    warped = cv2.remap(
        image,
        np.asarray(map_x, dtype=np.float32),
        np.asarray(map_y, dtype=np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(border,),
    )
    return np.asarray(warped, dtype=np.uint8)


def _lift(width: int, height: int, warp: LineWarp, rng: np.random.Generator) -> Floats:
    """How far each column moves down, of shape (width,), float32."""
    steepest = 0.16 * height / width
    slope = -min(max(warp.slope, -steepest), steepest)
    lift = slope * (np.arange(width, dtype=np.float32) - width / 2)
    if warp.bend > 0:
        lift = lift + warp.bend * smooth_curve(width, 200.0, rng)
    return np.asarray(lift, dtype=np.float32)
