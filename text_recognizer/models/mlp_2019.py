"""MLP2019: a character by several hidden layers of one size, the `mlp` of the 2019 project."""

import math
from dataclasses import dataclass

from torch import Tensor, nn

from text_recognizer.models.keras_start import initialise_as_keras
from text_recognizer.models.option_checks import (
    check_dropout,
    check_one_character,
    check_positive,
)


@dataclass(frozen=True)
class MLP2019Options:
    """Size of the network.

    Attributes:
        layer_size: units of each hidden layer.
        dropout_amount: after each of them.
        num_layers: hidden layers.
    """

    layer_size: int = 128
    dropout_amount: float = 0.2
    num_layers: int = 3

    def __post_init__(self) -> None:
        check_positive({"layer_size": self.layer_size, "num_layers": self.num_layers})
        check_dropout("dropout_amount", self.dropout_amount)


class MLP2019(nn.Module):
    """Logits of a character's classes.

    Args:
        options: size of the network.
        input_dims: channels, height and width of an image.
        n_classes: characters told apart.
        output_length: characters per image; there is only 1.
    """

    def __init__(
        self,
        options: MLP2019Options,
        *,
        input_dims: tuple[int, int, int],
        n_classes: int,
        output_length: int = 1,
    ) -> None:
        super().__init__()
        check_one_character(output_length, network="MLP2019")
        self.options = options
        layers: list[nn.Module] = [nn.Flatten()]
        n_features = math.prod(input_dims)
        for _ in range(options.num_layers):
            layers += [nn.Linear(n_features, options.layer_size), nn.ReLU()]
            layers += [nn.Dropout(options.dropout_amount)]
            n_features = options.layer_size
        self.layers = nn.Sequential(*layers, nn.Linear(n_features, n_classes))
        self.apply(initialise_as_keras)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (N, n_classes) of images of shape (N, C, H, W), float, 0 to 1."""
        logits: Tensor = self.layers(images)
        return logits
