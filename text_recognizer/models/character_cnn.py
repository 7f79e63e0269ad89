"""CharacterCNN: a character by three stages of convolutions, each followed by a pooling.

The network of the shipped model `characters`: a quarter of the parameters of the lessons' CNN,
since its hidden layer sees the character three times halved, not once.

Source: K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image
recognition", ICLR 2015, section 2.1 (stages of small convolutions).
"""

from dataclasses import dataclass

from torch import Tensor, nn

from text_recognizer.models.line_cnn import conv_block
from text_recognizer.models.option_checks import (
    check_dropout,
    check_one_character,
    check_positive,
    check_side,
)

_STAGES = 3
_LEAST_SIDE = 2**_STAGES


@dataclass(frozen=True)
class CharacterCNNOptions:
    """Size of the network.

    Attributes:
        conv_dim: channels of the first stage; the next two have twice and four times as many.
        fc_dim: units of the hidden layer.
        dropout: before the hidden layer and before the classifier.
    """

    conv_dim: int = 32
    fc_dim: int = 128
    dropout: float = 0.25

    def __post_init__(self) -> None:
        check_positive({"conv_dim": self.conv_dim, "fc_dim": self.fc_dim})
        check_dropout("dropout", self.dropout)


class CharacterCNN(nn.Module):
    """Logits of a character's classes.

    Args:
        options: size of the network.
        input_dims: channels, height and width of an image.
        n_classes: characters told apart.
        output_length: characters per image; there is only 1.

    Raises:
        OptionError: a side of the image is too small for three poolings.
    """

    def __init__(
        self,
        options: CharacterCNNOptions,
        *,
        input_dims: tuple[int, int, int],
        n_classes: int,
        output_length: int = 1,
    ) -> None:
        super().__init__()
        check_one_character(output_length, network="CharacterCNN")
        channels, height, width = input_dims
        check_side("height", height, least=_LEAST_SIDE, network="CharacterCNN")
        check_side("width", width, least=_LEAST_SIDE, network="CharacterCNN")
        self.options = options
        stages: list[nn.Module] = []
        n_features = channels
        for stage in range(_STAGES):
            wider = options.conv_dim * 2**stage
            stages += [
                conv_block(n_features, wider, batch_norm=True),
                conv_block(wider, wider, batch_norm=True),
                nn.MaxPool2d(2),
            ]
            n_features = wider
        self.stages = nn.Sequential(*stages)
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(options.dropout),
            nn.Linear(
                n_features * (height // _LEAST_SIDE) * (width // _LEAST_SIDE), options.fc_dim
            ),
            nn.ReLU(),
            nn.Dropout(options.dropout),
            nn.Linear(options.fc_dim, n_classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (N, n_classes) of images of shape (N, C, H, W), float, 0 to 1."""
        x = self.stages(images)  # (N, 4 conv_dim, H / 8, W / 8)
        logits: Tensor = self.classifier(x)
        return logits
