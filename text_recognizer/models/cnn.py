"""CNN: a character by two convolutions, a pooling and a hidden layer.

The character network of the 2021 lessons on text recognition, for images of any even size.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from text_recognizer.models.option_checks import (
    check_multiple,
    check_one_character,
    check_positive,
)

_DROPOUT = 0.25


@dataclass(frozen=True)
class CNNOptions:
    """Size of the network.

    Attributes:
        conv_dim: channels of both convolutions.
        fc_dim: units of the hidden layer.
    """

    conv_dim: int = 64
    fc_dim: int = 128

    def __post_init__(self) -> None:
        check_positive({"conv_dim": self.conv_dim, "fc_dim": self.fc_dim})


class CNN(nn.Module):
    """Logits of a character's classes.

    Args:
        options: size of the network.
        input_dims: channels, height and width of an image; height and width are even.
        n_classes: characters told apart.
        output_length: characters per image; there is only 1.

    Raises:
        OptionError: a side of the image is odd: the pooling would drop its last pixels.
    """

    def __init__(
        self,
        options: CNNOptions,
        *,
        input_dims: tuple[int, int, int],
        n_classes: int,
        output_length: int = 1,
    ) -> None:
        super().__init__()
        check_one_character(output_length, network="CNN")
        channels, height, width = input_dims
        check_multiple("The height of images for CNN", height, of=2)
        check_multiple("The width of images for CNN", width, of=2)
        self.options = options
        conv_dim, fc_dim = options.conv_dim, options.fc_dim
        self.layers = nn.Sequential(
            nn.Conv2d(channels, conv_dim, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(conv_dim, conv_dim, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, conv_dim, H / 2, W / 2)
            nn.Dropout(_DROPOUT),
            nn.Flatten(),
            nn.Linear(conv_dim * (height // 2) * (width // 2), fc_dim),
            nn.ReLU(),
            nn.Linear(fc_dim, n_classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (N, n_classes) of images of shape (N, C, H, W), float, 0 to 1."""
        logits: Tensor = self.layers(images)
        return logits
