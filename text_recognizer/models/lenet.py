"""LeNet: a character by two convolutions without padding, the `lenet` of the 2019 project."""

from dataclasses import dataclass

from torch import Tensor, nn

from text_recognizer.models.keras_start import initialise_as_keras
from text_recognizer.models.option_checks import check_one_character, check_side

N_FEATURES = 128
LEAST_SIDE = 6
"""Fewest rows and columns that leave a cell after two 3x3 convolutions and a 2x2 pooling."""
_DROPOUT = 0.2


@dataclass(frozen=True)
class LeNetOptions:
    """The network has no options; its layers are fixed."""


class LeNet(nn.Module):
    """Logits of a character's classes.

    Args:
        options: there are none.
        input_dims: channels, height and width of an image; 6 or more rows and columns.
        n_classes: characters told apart.
        output_length: characters per image; there is only 1.

    Raises:
        OptionError: the image is too small for the convolutions.
    """

    def __init__(
        self,
        options: LeNetOptions,
        *,
        input_dims: tuple[int, int, int],
        n_classes: int,
        output_length: int = 1,
    ) -> None:
        super().__init__()
        check_one_character(output_length, network="LeNet")
        self.options = options
        self.features = lenet_features(input_dims, network="LeNet")
        self.output = nn.Linear(N_FEATURES, n_classes)
        self.apply(initialise_as_keras)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (N, n_classes) of images of shape (N, C, H, W), float, 0 to 1."""
        logits: Tensor = self.output(self.features(images))
        return logits


def lenet_features(input_dims: tuple[int, int, int], *, network: str) -> nn.Sequential:
    """Layers that turn images (N, C, H, W) into features (N, 128), the last dropout included.

    Raises:
        OptionError: the image is too small; the message names the network.
    """
    channels, height, width = input_dims
    check_side("height", height, least=LEAST_SIDE, network=network)
    check_side("width", width, least=LEAST_SIDE, network=network)
    return nn.Sequential(
        nn.Conv2d(channels, 32, 3),  # (N, 32, H - 2, W - 2)
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),  # (N, 64, H - 4, W - 4)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 64, (H - 4) // 2, (W - 4) // 2)
        nn.Dropout(_DROPOUT),
        nn.Flatten(),
        nn.Linear(64 * ((height - 4) // 2) * ((width - 4) // 2), N_FEATURES),
        nn.ReLU(),
        nn.Dropout(_DROPOUT),
    )
