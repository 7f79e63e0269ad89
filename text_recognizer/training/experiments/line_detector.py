"""A trained line detector: the lines of a page, found with the network of a checkpoint."""

from pathlib import Path

import torch

from text_recognizer.errors import InputError, OptionError
from text_recognizer.grey_image import GreyImage
from text_recognizer.layout import FoundLine
from text_recognizer.layout.line_masks import detector_input, lines_of_masks
from text_recognizer.training.experiments.checkpoint_record import PAGE, load_network

_ODD, _EVEN = 1, 2
_LEAST_SIDE = 32  # pixels, of the long side of a page


class LineDetector:
    """Finds lines with a network that was trained on masks of odd and even lines.

    Args:
        checkpoint: of an experiment.
        long_side: pixels that pages are brought to; None takes the side of the training images.

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
        self.record = saved.record
        self.long_side = long_side or max(saved.record.input_dims[1:])
        self._network = saved.network

    def find(self, image: GreyImage) -> list[FoundLine]:
        """Lines of a grey page (H, W), uint8, dark on light, from top to bottom."""
        values = torch.from_numpy(detector_input(image, self.long_side))[None, None]
        with torch.inference_mode():
            classes = self._network(values)[0].softmax(0).numpy()
        return lines_of_masks(classes[_ODD], classes[_EVEN], (image.shape[0], image.shape[1]))
