"""MLP: a character from all pixels of its image at once, by two hidden layers.

The smallest network of the 2021 lessons on text recognition; a baseline, nothing more.
"""

import math
from dataclasses import dataclass

from torch import Tensor, nn

from text_recognizer.models.option_checks import check_one_character, check_positive

_DROPOUT = 0.5


@dataclass(frozen=True)
class MLPOptions:
    """Size of the network.

    Attributes:
        fc1: units of the first hidden layer.
        fc2: units of the second.
    """

    fc1: int = 1024
    fc2: int = 128

    def __post_init__(self) -> None:
        check_positive({"fc1": self.fc1, "fc2": self.fc2})


class MLP(nn.Module):
    """Logits of a character's classes.

    Args:
        options: size of the network.
        input_dims: channels, height and width of an image.
        n_classes: characters told apart.
        output_length: characters per image; there is only 1.
    """

    def __init__(
        self,
        options: MLPOptions,
        *,
        input_dims: tuple[int, int, int],
        n_classes: int,
        output_length: int = 1,
    ) -> None:
        super().__init__()
        check_one_character(output_length, network="MLP")
        self.options = options
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(math.prod(input_dims), options.fc1),
            nn.ReLU(),
            nn.Dropout(_DROPOUT),
            nn.Linear(options.fc1, options.fc2),
            nn.ReLU(),
            nn.Dropout(_DROPOUT),
            nn.Linear(options.fc2, n_classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (N, n_classes) of images of shape (N, C, H, W), float, 0 to 1."""
        logits: Tensor = self.layers(images)
        return logits
