"""EMNISTLines2: drawn lines in the size of lines of IAM, varied while they are learnt."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from text_recognizer.data.array_dataset import Images
from text_recognizer.data.base_data_module import run_as_script
from text_recognizer.data.emnist_lines import EMNISTLines, EMNISTLinesOptions
from text_recognizer.data.glyph_lines import GLYPH_PX, LineCanvas
from text_recognizer.data.image_variation import Chances, between, vary_each
from text_recognizer.errors import OptionError

LABEL_LENGTH = 89
_HEIGHT_PX, _WIDTH_PX = 56, 1024
_BRIGHTNESS = (0.5, 1.0)
_ANGLE_DEG = (-3.0, 3.0)
_SHIFT = (-0.05, 0.05)  # of the height
_SCALE = (0.4, 1.1)
_SHEAR_DEG = (-40.0, 50.0)  # over 0 leans to the right


@dataclass(frozen=True)
class EMNISTLines2Options(EMNISTLinesOptions):
    """Options of `EMNISTLines2`: those of `EMNISTLines` with other defaults, and one more.

    Attributes:
        augment_data: whether training lines are varied each time they are drawn.
    """

    max_length: int = 43
    min_overlap: float = 0.2
    max_overlap: float = 0.5
    with_start_end_tokens: bool = True
    augment_data: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.with_start_end_tokens:
            raise OptionError("EMNISTLines2 always has start and end tokens; use EMNISTLines.")
        if self.max_length > LABEL_LENGTH:
            raise OptionError(f"max_length is at most {LABEL_LENGTH}, not {self.max_length}.")
        widest = int(GLYPH_PX * (self.max_length + 1) * (1 - self.min_overlap)) + GLYPH_PX
        if widest > _WIDTH_PX:
            raise OptionError(
                f"A line of {self.max_length} characters that overlap by {self.min_overlap} is "
                f"{widest} pixels wide, over {_WIDTH_PX}: lower max_length or raise min_overlap."
            )

    @property
    def label_length(self) -> int:
        """Labels of a line, as many as IAM's longest line needs."""
        return LABEL_LENGTH

    def canvas(self) -> LineCanvas:
        """Size of a line image."""
        return LineCanvas(_HEIGHT_PX, _WIDTH_PX, GLYPH_PX, (_HEIGHT_PX - GLYPH_PX) // 2)


class EMNISTLines2(EMNISTLines):
    """Lines of 56 x 1024 with 89 labels, start and end tokens among them.

    Args:
        options: None takes the defaults.
    """

    options_class = EMNISTLines2Options
    options: EMNISTLines2Options
    cache_name = "emnist_lines2"
    loading_only = (*EMNISTLines.loading_only, "augment_data")

    def augmentation(self) -> Callable[[Images], Images] | None:
        """See `EMNISTLines`."""
        return vary_lines if self.options.augment_data else None


def vary_lines(images: Images) -> Images:
    """Lines leaning, turned, scaled, shifted and dimmed, each by its own chance.

    The ranges are those of the course of 2021, but what a line would lose at the border bounds
    them: no ink leaves the image. Chance comes from torch, which loader processes seed.

    Args:
        images: of shape (N, H, W), the glyphs in a row at half the height.
    """
    return vary_each(images, _vary, n_chances=5)


def _vary(image: Images, chance: Chances) -> Images:
    columns = np.flatnonzero(image.any(axis=0))
    if not len(columns):
        return image
    height, width = image.shape
    half = (columns[-1] + 1 - columns[0]) / 2
    centre = columns[0] + half
    shear = math.tan(math.radians(between(_SHEAR_DEG, chance[0])))
    reach = half + abs(shear) * GLYPH_PX / 2  # of the ink, to either side
    scale = min(between(_SCALE, chance[1]), width / (2 * reach))
    shift = between(_SHIFT, chance[2]) * height
    free = height / 2 - abs(shift) - scale * GLYPH_PX / 2
    steepest = math.asin(min(1.0, free / (scale * reach)))
    angle = min(max(math.radians(between(_ANGLE_DEG, chance[3])), -steepest), steepest)
    new_centre = width / 2 + scale * (centre - width / 2)
    new_centre = min(max(new_centre, scale * reach), width - scale * reach)
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]]) @ np.array([[1.0, -shear], [0.0, 1.0]])
    middle = np.array([centre, height / 2]) - 0.5  # pixel i covers i to i + 1
    offset = np.array([new_centre, height / 2 + shift]) - 0.5 - turn @ middle
    matrix = np.column_stack([turn, offset])
    moved = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR)
    return np.asarray(cv2.convertScaleAbs(moved, alpha=between(_BRIGHTNESS, chance[4])), np.uint8)


if __name__ == "__main__":
    run_as_script(EMNISTLines2)
