"""LineCNNTransformer: the convolutions of `LineCNNDeep` along a line, and a decoder.

The network of the 2021 lesson on transformers. Knows nothing about text.
"""

import math
from dataclasses import dataclass

from torch import Tensor

from text_recognizer.models.decoder_network import DecoderNetwork
from text_recognizer.models.line_cnn_deep import LineCNNDeep, LineCNNDeepOptions
from text_recognizer.models.positional_encoding import PositionalEncoding
from text_recognizer.models.text_decoder import DecoderOptions


@dataclass(frozen=True)
class LineCNNTransformerOptions(DecoderOptions):
    """Shape of the network: of the decoder, and of the convolutions as in `LineCNNDeepOptions`.

    Attributes:
        conv_dim: channels of the first convolutions.
        fc_dim: channels of the window convolution.
        window_width: columns of the image under a window, a multiple of 8.
        window_stride: columns of the image from one window to the next, a multiple of 8.
        batch_norm: after each convolution, in place of its bias.
    """

    conv_dim: int = 32
    fc_dim: int = 512
    window_width: int = 16
    window_stride: int = 8
    batch_norm: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.encoder_options()

    def encoder_options(self) -> LineCNNDeepOptions:
        """Options of the convolutions.

        Raises:
            OptionError: a value is not allowed.
        """
        return LineCNNDeepOptions(
            conv_dim=self.conv_dim,
            fc_dim=self.fc_dim,
            window_width=self.window_width,
            window_stride=self.window_stride,
            batch_norm=self.batch_norm,
        )


class LineCNNTransformer(DecoderNetwork):
    """Logits of the labels of a line, of any width.

    Args:
        options: shape of the network.
        input_dims: channels, height and width of a line image; the height is at least 8.
        n_classes: characters told apart, special symbols included.
        output_length: labels of a line, start and end among them.

    Raises:
        OptionError: too few rows, no room for one window, or no output length.
    """

    def __init__(
        self,
        options: LineCNNTransformerOptions,
        *,
        input_dims: tuple[int, int, int],
        n_classes: int,
        output_length: int | None = None,
    ) -> None:
        super().__init__(options, n_classes=n_classes, output_length=output_length)
        self.options = options
        self.encoder = LineCNNDeep(
            options.encoder_options(), input_dims=input_dims, n_classes=options.tf_dim
        )
        self.positions = PositionalEncoding()

    def encode(self, images: Tensor) -> Tensor:
        """Features of shape (N, S, tf_dim), one a window, of images of shape (N, C, H, W)."""
        x = self.encoder(images).transpose(1, 2)  # (N, S, tf_dim)
        features: Tensor = self.positions(x * math.sqrt(self.options.tf_dim))
        return features
