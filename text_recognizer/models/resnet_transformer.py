"""ResnetTransformer: a ResNet over the image of a paragraph or a line, and a decoder.

The network of the 2021 lesson on paragraphs. Knows nothing about text.

Source: S. S. Singh and S. Karayev, "Full page handwriting recognition via image to sequence
extraction", ICDAR 2021 (arXiv 2103.06450).
"""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from text_recognizer.errors import OptionError
from text_recognizer.models.decoder_network import DecoderNetwork
from text_recognizer.models.image_attention import ImageLayer
from text_recognizer.models.line_resnet_lstm import (
    FRAME_STRIDE,
    ROW_STRIDE,
    LineBody,
    LineResnetLSTMOptions,
)
from text_recognizer.models.option_checks import check_positive
from text_recognizer.models.positional_encoding import sinusoids
from text_recognizer.models.resnet import BLOCKS, CHANNELS, LARGEST_STRIDE, N_STAGES, ResNetBody
from text_recognizer.models.text_decoder import DecoderOptions

_RGB = 3


@dataclass(frozen=True)
class ResnetTransformerOptions(DecoderOptions):
    """Shape of the network: of the decoder, and of the ResNet.

    Attributes:
        resnet_layers: of the ResNet, 18 or 34.
        resnet_channels: of its first stage; each further stage has twice as many.
        resnet_stages: how many of its four stages there are, 1 to 4. With each one less, a cell
            stands for half as many rows and columns.
        resnet_column_stride: columns that a cell stands for at most, 4, 8, 16 or 32: letters are
            narrower than high. Stages that would make it more halve rows only.
        line_body: the convolutions of the network for lines, as `line-cpu` shapes them, in place of
            the ResNet. Its cells have 16 rows, and up to 16 columns.
        freeze_body: do not train ResNet or line body, and leave their norms as they are.
        tf_image_layers: attention layers between ResNet and decoder, told how far apart two cells
            are in rows and columns; none in the lessons.
    """

    resnet_layers: int = 18
    resnet_channels: int = CHANNELS
    resnet_stages: int = N_STAGES
    resnet_column_stride: int = LARGEST_STRIDE
    line_body: bool = False
    freeze_body: bool = False
    tf_image_layers: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.resnet_layers not in BLOCKS:
            raise OptionError(f"resnet_layers must be 18 or 34, not {self.resnet_layers}.")
        check_positive({"resnet_channels": self.resnet_channels})
        if not 1 <= self.resnet_stages <= N_STAGES:
            raise OptionError(f"resnet_stages must be 1 to {N_STAGES}, not {self.resnet_stages}.")
        if self.resnet_column_stride not in (4, 8, 16, LARGEST_STRIDE):
            raise OptionError(
                f"resnet_column_stride must be 4, 8, 16 or 32, not {self.resnet_column_stride}."
            )
        if self.tf_image_layers < 0:
            raise OptionError(f"tf_image_layers must be at least 0, not {self.tf_image_layers}.")


class ResnetTransformer(DecoderNetwork):
    """Logits of the labels of an image of any size.

    A cell of the feature map stands for 32 x 32 pixels, with fewer stages for less. A grey image is
    repeated for the three channels of the ResNet, which starts from chance. Features are not scaled
    before their positions are added, and have no dropout: scaled ones did not learn, say the
    authors.

    Args:
        options: shape of the network.
        input_dims: channels, 1 or 3, height and width of an image.
        n_classes: characters told apart, special symbols included.
        output_length: labels of an image, start and end among them.

    Raises:
        OptionError: images have another number of channels, or there is no output length.
    """

    def __init__(
        self,
        options: ResnetTransformerOptions,
        *,
        input_dims: tuple[int, int, int],
        n_classes: int,
        output_length: int | None = None,
    ) -> None:
        super().__init__(options, n_classes=n_classes, output_length=output_length)
        if input_dims[0] not in (1, _RGB):
            raise OptionError(f"ResnetTransformer reads 1 or 3 channels, not {input_dims[0]}.")
        if options.line_body and input_dims[0] != 1:
            raise OptionError("A line_body reads grey images, of 1 channel, not 3.")
        self.options = options
        self.resnet: ResNetBody | LineBody
        if options.line_body:
            shape = LineResnetLSTMOptions()
            self.resnet = LineBody(shape.stem, shape.groups)
            columns = min(options.resnet_column_stride, ROW_STRIDE) // FRAME_STRIDE
        else:
            self.resnet = ResNetBody(
                options.resnet_layers,
                channels=_RGB,
                n_stages=options.resnet_stages,
                width=options.resnet_channels,
                column_stride=options.resnet_column_stride,
            )
            columns = 1
        if options.freeze_body:
            self.resnet.requires_grad_(False).eval()
        joined = (1, columns)  # cells of the body's map that are one cell of the decoder's
        self.projection = nn.Conv2d(self.resnet.out_channels, options.tf_dim, joined, stride=joined)
        nn.init.kaiming_normal_(self.projection.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(self.projection.bias)  # type: ignore[arg-type]  # there is one
        self.positions = PositionalEncodingImage()
        layers = [_image_layer(options) for _ in range(options.tf_image_layers)]
        self.image_layers = nn.Sequential(*layers)

    def train(self, mode: bool = True) -> Self:
        """Train or not; a frozen body keeps the means and deviations of its norms."""
        super().train(mode)
        if self.options.freeze_body:
            self.resnet.eval()
        return self

    def encode(self, images: Tensor) -> Tensor:
        """Features of shape (N, M, tf_dim), cells row by row, of images (N, 1 or 3, H, W)."""
        if isinstance(self.resnet, LineBody):
            x = self.resnet.cells(images)  # (N, 128, H / 16, W / 4)
            x = F.pad(x, (0, -x.shape[3] % self.projection.stride[1]))  # no column is left over
        else:
            x = self.resnet(images.expand(-1, _RGB, -1, -1))  # (N, C, H / 32, W / 32), C 512
        x = self.positions(self.projection(x))  # (N, tf_dim, H / 32, W / 32)
        x = self.image_layers(x)
        features: Tensor = x.flatten(2).transpose(1, 2)
        return features


def _image_layer(options: ResnetTransformerOptions) -> ImageLayer:
    return ImageLayer(
        options.tf_dim,
        n_heads=options.tf_nhead,
        hidden_dim=options.tf_fc_dim,
        dropout=options.tf_dropout,
    )


class PositionalEncodingImage(nn.Module):
    """Adds to each cell of a feature map the code of its row and that of its column.

    The first half of the channels tells the row, the other half the column. The codes are made for
    the map at hand; the original stored a table for every pixel of the image, 377 MB, with the
    weights.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Maps of shape (N, dim, H, W), dim a multiple of 4, with the codes added."""
        _, dim, height, width = x.shape
        rows = sinusoids(torch.arange(height, device=x.device), dim // 2)  # (H, dim / 2)
        columns = sinusoids(torch.arange(width, device=x.device), dim // 2)  # (W, dim / 2)
        table = torch.cat(
            [
                rows.T[:, :, None].expand(-1, -1, width),
                columns.T[:, None, :].expand(-1, height, -1),
            ]
        )  # (dim, H, W)
        return x + table.to(x.dtype)
