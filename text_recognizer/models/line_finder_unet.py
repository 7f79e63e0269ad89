"""LineFinderUNet: where the lines of a page are, as five maps of half the page's size.

A U-Net (Ronneberger et al., MICCAI 2015) whose deeper levels are depthwise separable. It draws
baselines, as ARU-Net does (Gruening et al., IJDAR 2019); line ends and heights are maps of their
own, so that lines can be cut apart and cut out. Knows nothing about lines as objects.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from text_recognizer.errors import OptionError
from text_recognizer.layout.page_input import MAP_STRIDE

_HIGHEST = 8.0  # logarithm of a height; larger ones mean nothing
CHANNELS = ("ridge", "ends", "above", "below", "area")


@dataclass(frozen=True)
class LineFinderUNetOptions:
    """Shape of the network.

    Attributes:
        widths: channels of each level, from half the page's size down.
        full_levels: how many of them, from the top, have full 3x3 convolutions; the others are
            depthwise separable.
        dilations: of the blocks at the bottom.
    """

    widths: tuple[int, ...] = (16, 32, 64, 96, 128)
    full_levels: int = 2
    dilations: tuple[int, ...] = (1, 2, 4)

    def __post_init__(self) -> None:
        if len(self.widths) < 2 or min(self.widths) < 1:
            raise OptionError(f"network.widths needs two levels or more, not {self.widths}.")

    @property
    def multiple(self) -> int:
        """Rows and columns of the input must be a multiple of this."""
        return int(MAP_STRIDE * 2 ** (len(self.widths) - 1))


class LineFinderUNet(nn.Module):
    """Logits and heights of the lines of a page image.

    Args:
        options: shape of the network.
        n_maps: channels of the output.
    """

    def __init__(
        self, options: LineFinderUNetOptions | None = None, *, n_maps: int = len(CHANNELS)
    ) -> None:
        super().__init__()
        self.options = options or LineFinderUNetOptions()
        widths, n_full = self.options.widths, self.options.full_levels
        self.stem = _conv(1, widths[0], size=5, stride=MAP_STRIDE)
        self.down = nn.ModuleList(
            _block(a, b, is_full=level < n_full)
            for level, (a, b) in enumerate(zip((widths[0], *widths), widths, strict=False))
        )
        self.bottom = nn.Sequential(
            *(_Separable(widths[-1], widths[-1], dilation=d) for d in self.options.dilations)
        )
        pairs = list(zip(widths[:0:-1], widths[-2::-1], strict=True))
        self.narrow = nn.ModuleList(nn.Conv2d(a, b, 1, bias=False) for a, b in pairs)
        self.up = nn.ModuleList(
            _block(2 * b, b, is_full=len(pairs) - 1 - i < n_full) for i, (_, b) in enumerate(pairs)
        )
        self.output = nn.Conv2d(widths[0], n_maps, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Maps of shape (N, n_maps, H / 2, W / 2) of images (N, 1, H, W), paper 0, ink 1.

        The finder's channels are `CHANNELS`: logits of ridge, line ends and text area; natural
        logarithms of the heights above and below the baseline, in pixels of the image, of use on
        ridges only. H and W are multiples of `options.multiple`.
        """
        x = self.stem(image)  # (N, widths[0], H / 2, W / 2)
        kept: list[Tensor] = []
        for level, block in enumerate(self.down):
            if level:
                x = nn.functional.max_pool2d(x, 2)
            x = block(x)
            kept.append(x)
        x = self.bottom(x)
        for narrow, block, beside in zip(self.narrow, self.up, kept[-2::-1], strict=True):
            x = nn.functional.interpolate(narrow(x), scale_factor=2.0, mode="nearest")
            x = block(torch.cat([x, beside], dim=1))
        maps: Tensor = self.output(x)
        return maps


def as_runtime_maps(maps: Tensor) -> Tensor:
    """Maps (N, 4, H / 2, W / 2) as the runtime wants them, of the network's (N, 5, H / 2, W / 2).

    Probabilities of ridge and ends; heights above and below in pixels of the image. The area is of
    use in training only.
    """
    likely, heights = maps[:, :2].sigmoid(), maps[:, 2:4].clamp(max=_HIGHEST).exp()
    return torch.cat([likely, heights], dim=1)


class _Separable(nn.Module):
    """A depthwise 3x3 and a pointwise convolution, with batch norm and ReLU."""

    def __init__(self, n_in: int, n_out: int, *, dilation: int = 1) -> None:
        super().__init__()
        self.depth = nn.Conv2d(
            n_in, n_in, 3, padding=dilation, dilation=dilation, groups=n_in, bias=False
        )
        self.point = nn.Conv2d(n_in, n_out, 1, bias=False)
        self.norm = nn.BatchNorm2d(n_out)

    def forward(self, x: Tensor) -> Tensor:
        """Features of shape (N, n_out, H, W) from (N, n_in, H, W)."""
        return torch.relu(self.norm(self.point(self.depth(x))))


def _block(n_in: int, n_out: int, *, is_full: bool) -> nn.Module:
    if is_full:
        return nn.Sequential(_conv(n_in, n_out), _conv(n_out, n_out))
    return nn.Sequential(_Separable(n_in, n_out), _Separable(n_out, n_out))


def _conv(n_in: int, n_out: int, *, size: int = 3, stride: int = 1) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, size, stride=stride, padding=size // 2, bias=False),
        nn.BatchNorm2d(n_out),
        nn.ReLU(),
    )
