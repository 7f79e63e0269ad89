"""UNet: odd and even lines by a small U-Net, which the lesson of 2019 names as a thing to try.

It is the shipped line finder's network (`line_finder_unet`) with other maps: it works at half the
image's size, so that it trains several times as fast as `FCN`, and sees more of the page.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from text_recognizer.errors import OptionError
from text_recognizer.models.line_finder_unet import LineFinderUNet, LineFinderUNetOptions
from text_recognizer.models.mask_network import MaskNetwork
from text_recognizer.models.option_checks import check_positive

_FACTORS = (1, 2, 4, 6, 8)  # channels of each level, times those of the first; the last one goes on
_LEAST_LEVELS = 2


@dataclass(frozen=True)
class UNetOptions:
    """Size of the network.

    Attributes:
        conv_dim: channels of the first level; deeper ones have up to eight times as many.
        n_levels: sizes at which the image is looked at, each half of the one before.
    """

    conv_dim: int = 16
    n_levels: int = 5

    def __post_init__(self) -> None:
        check_positive({"conv_dim": self.conv_dim})
        if self.n_levels < _LEAST_LEVELS:
            raise OptionError(f"n_levels must be {_LEAST_LEVELS} or more, not {self.n_levels}.")

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of each level."""
        factors = _FACTORS + _FACTORS[-1:] * self.n_levels
        return tuple(self.conv_dim * factor for factor in factors[: self.n_levels])


class UNet(MaskNetwork):
    """Logits of odd and even lines.

    Args:
        options: size of the network.
        input_dims: channels, height and width of an image; other sizes are taken, too.
        n_classes: classes of a pixel.
        output_length: of no use here.

    Raises:
        OptionError: images have more than one channel.
    """

    def __init__(
        self,
        options: UNetOptions,
        *,
        input_dims: tuple[int, int, int],
        n_classes: int,
        output_length: int | None = None,
    ) -> None:
        super().__init__()
        if input_dims[0] != 1:
            raise OptionError(f"UNet takes grey images, not {input_dims[0]} channels.")
        self.options = options
        self.maps = LineFinderUNet(LineFinderUNetOptions(options.widths), n_maps=n_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (N, n_classes, H, W) of images of shape (N, 1, H, W), float, 0 to 1."""
        height, width = images.shape[2:]
        multiple = self.maps.options.multiple
        padded = nn.functional.pad(images, (0, -width % multiple, 0, -height % multiple))
        maps = self.maps(padded)  # (N, n_classes, half of the height, half of the width)
        logits = nn.functional.interpolate(maps, size=padded.shape[2:], mode="bilinear")
        return logits[:, :, :height, :width]
