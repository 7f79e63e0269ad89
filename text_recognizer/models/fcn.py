"""FCN: odd and even lines by dilated convolutions without pooling, `fcn` of the 2019 project.

Seven residual blocks see 493 pixels, all of the 256 x 256 images of that project. Its lesson says
that the input of a block is concatenated with its output; the program added them, as here.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from text_recognizer.models.keras_start import initialise_as_keras
from text_recognizer.models.mask_network import MaskNetwork
from text_recognizer.models.option_checks import check_positive

_KERNEL = 7
_NARROW, _WIDE = 3, 7  # dilations
_N_NARROW = 2  # blocks with narrow dilation, the first ones


@dataclass(frozen=True)
class FCNOptions:
    """Size of the network.

    Attributes:
        conv_dim: channels of all convolutions.
        n_blocks: residual blocks of two convolutions each.
        batch_norm: whether each convolution is normalised over the batch; not so in 2019.
    """

    conv_dim: int = 16
    n_blocks: int = 7
    batch_norm: bool = False

    def __post_init__(self) -> None:
        check_positive({"conv_dim": self.conv_dim, "n_blocks": self.n_blocks})

    @property
    def dilations(self) -> tuple[int, ...]:
        """Of the blocks, the first one first."""
        return tuple(_NARROW if i < _N_NARROW else _WIDE for i in range(self.n_blocks))

    @property
    def receptive_field(self) -> int:
        """Rows and columns of the image that the class of a pixel depends on."""
        return 1 + sum(2 * (_KERNEL - 1) * dilation for dilation in self.dilations)


class FCN(MaskNetwork):
    """Logits of odd and even lines.

    Args:
        options: size of the network.
        input_dims: channels, height and width of an image; other sizes are taken, too.
        n_classes: classes of a pixel.
        output_length: of no use here.
    """

    def __init__(
        self,
        options: FCNOptions,
        *,
        input_dims: tuple[int, int, int],
        n_classes: int,
        output_length: int | None = None,
    ) -> None:
        super().__init__()
        self.options = options
        widths = (input_dims[0], *[options.conv_dim] * options.n_blocks)
        self.blocks = nn.Sequential(
            *(
                _Block(n_in, options.conv_dim, dilation=dilation, batch_norm=options.batch_norm)
                for n_in, dilation in zip(widths, options.dilations, strict=False)
            )
        )
        self.output = nn.Conv2d(options.conv_dim, n_classes, 1)
        self.apply(initialise_as_keras)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (N, n_classes, H, W) of images of shape (N, C, H, W), float, 0 to 1."""
        logits: Tensor = self.output(self.blocks(images))
        return logits


class _Block(nn.Module):
    """Two dilated convolutions, and their input by a 1x1 convolution, added."""

    def __init__(self, n_in: int, n_out: int, *, dilation: int, batch_norm: bool) -> None:
        super().__init__()
        padding = dilation * (_KERNEL // 2)
        self.first = nn.Conv2d(n_in, n_out, _KERNEL, padding=padding, dilation=dilation)
        self.second = nn.Conv2d(n_out, n_out, _KERNEL, padding=padding, dilation=dilation)
        self.beside = nn.Conv2d(n_in, n_out, 1)
        self.norms = nn.ModuleList(
            nn.BatchNorm2d(n_out) if batch_norm else nn.Identity() for _ in range(2)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Features of shape (N, n_out, H, W) from (N, n_in, H, W)."""
        inner = torch.relu(self.norms[0](self.first(x)))
        return torch.relu(self.norms[1](self.second(inner)) + self.beside(x))
