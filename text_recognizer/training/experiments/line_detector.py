"""A trained line detector: the lines of a page, found with the network of a checkpoint."""

from collections.abc import Sequence
from pathlib import Path

import torch

from text_recognizer.errors import InputError, OptionError
from text_recognizer.grey_image import GreyImage
from text_recognizer.layout import FoundLine
from text_recognizer.layout.line_masks import detector_input, lines_of_masks
from text_recognizer.training.experiments.checkpoint_record import PAGE, load_network

_ODD, _EVEN = 1, 2
_LEAST_SIDE = 32  # pixels, of the long side of a page
_RIM_PX = 50  # over and under the text, as in training
_SAME_SCALE = 1.1  # a second look has to be so much larger than the first


class LineDetector:
    """Finds lines with a network that was trained on masks of odd and even lines.

    Training images are squares as wide as the page, or as high as its text if that is more. So a
    page is looked at as a whole, and once more as large as it was in training, when it is known
    where its text is.

    Args:
        checkpoint: of an experiment.
        long_side: pixels that pages are brought to, and looked at once; None: as above.

    Raises:
        InputError: the checkpoint cannot be read, or its network draws no masks.
        OptionError: `long_side` is too small.
    """

    def __init__(self, checkpoint: Path, *, long_side: int | None = None) -> None:
        if long_side is not None and long_side < _LEAST_SIDE:
            raise OptionError(f"--long_side is {_LEAST_SIDE} or more, not {long_side}.")
        saved = load_network(checkpoint)
        if saved.record.unit != PAGE:
            raise InputError(
                f"{checkpoint} holds {saved.record.config['model_class']}, which finds no lines: "
                "take a checkpoint of FCN or UNet."
            )
        self.long_side = long_side
        self._trained_side = max(saved.record.input_dims[1:])
        self._network = saved.network

    def find(self, image: GreyImage) -> list[FoundLine]:
        """Lines of a grey page (H, W), uint8, dark on light, from top to bottom."""
        if self.long_side is not None:
            return self._look(image, self.long_side)
        lines = self._look(image, self._trained_side)
        larger = max(image.shape) / _square_side(lines, image.shape) if lines else 1.0
        if larger < _SAME_SCALE:
            return lines
        return self._look(image, round(larger * self._trained_side)) or lines

    def _look(self, image: GreyImage, long_side: int) -> list[FoundLine]:
        values = torch.from_numpy(detector_input(image, long_side))[None, None]
        with torch.inference_mode():
            classes = self._network(values)[0].softmax(0).numpy()
        return lines_of_masks(classes[_ODD], classes[_EVEN], (image.shape[0], image.shape[1]))


def _square_side(lines: Sequence[FoundLine], shape: tuple[int, ...]) -> float:
    """Side of the square that such a page would be in training."""
    boxes = [line.box for line in lines]
    top, bottom = min(box[1] for box in boxes), max(box[3] for box in boxes)
    return max(float(shape[1]), bottom - top + 2 * _RIM_PX)
