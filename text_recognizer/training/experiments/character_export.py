"""The network of an experiment with characters in the form that `CharacterPredictor` runs."""

import torch
from torch import Tensor, nn

from text_recognizer.character_input import SIDE_PX
from text_recognizer.data.character_mapping import special_symbols
from text_recognizer.errors import OptionError
from text_recognizer.training.experiments.checkpoint_record import SavedNetwork
from text_recognizer.training.tasks import ExportForm

_SPACE = " "


def character_labels(saved: SavedNetwork) -> list[int]:
    """Labels of a mapping that stand for a character with ink."""
    without = (*special_symbols(saved.record.mapping), _SPACE)
    return [label for label, name in enumerate(saved.record.mapping) if name not in without]


class CharacterScores(nn.Module):
    """Scores (N, characters) of images (N, 1, H, W), 0 to 1, ink bright.

    Classes that stand for no character have none.

    Args:
        network: gives logits (N, C).
        saved: mapping and normalisation of the network's data.
    """

    def __init__(self, network: nn.Module, saved: SavedNetwork) -> None:
        super().__init__()
        self.network = network
        self.mean, self.deviation = saved.record.normalisation
        self._labels = torch.tensor(character_labels(saved))

    def forward(self, image: Tensor) -> Tensor:
        """Scores of images."""
        logits: Tensor = self.network((image - self.mean) / self.deviation)
        return logits.index_select(1, self._labels)


def character_form(saved: SavedNetwork) -> ExportForm:
    """How a network for characters is stored as ONNX.

    Raises:
        OptionError: its images have another size than those of `CharacterPredictor`.
    """
    if saved.record.input_dims != (1, SIDE_PX, SIDE_PX):
        raise OptionError(
            f"it reads images of {saved.record.input_dims}, and characters are read from "
            f"{(1, SIDE_PX, SIDE_PX)}."
        )
    return ExportForm(
        CharacterScores(saved.network, saved),
        "scores",
        {"image": {0: "N"}, "scores": {0: "N"}},
        [(n, 1, SIDE_PX, SIDE_PX) for n in (2, 1, 7)],
    )
