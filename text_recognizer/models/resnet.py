"""The body of a ResNet18 or ResNet34: residual blocks in four stages, without pooling and classes.

The layers have the names that torchvision gives them.

Source: K. He et al., "Deep residual learning for image recognition", CVPR 2016, table 1.
"""

from torch import Tensor, nn

from text_recognizer.errors import OptionError

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
"""Blocks of each stage, by the number of layers."""
CHANNELS = 64
"""Channels of the first stage; each further one has twice as many."""
N_STAGES = 4
LARGEST_STRIDE = 32
"""Rows and columns that a cell of the last stage stands for."""


class ResNetBody(nn.Module):
    """Feature maps of images; a cell of stage s stands for 2 ** (s + 1) rows and columns.

    Args:
        n_layers: 18 or 34.
        channels: of the images, 1 or 3.
        n_stages: how many of the four stages there are, from the first.
        width: channels of the first stage.
        column_stride: columns that a cell stands for at most; further stages halve rows only.

    Attributes:
        out_channels: of the feature maps.

    Raises:
        OptionError: there is no body of so many layers.
    """

    def __init__(
        self,
        n_layers: int = 18,
        *,
        channels: int = 3,
        n_stages: int = N_STAGES,
        width: int = CHANNELS,
        column_stride: int = LARGEST_STRIDE,
    ) -> None:
        super().__init__()
        if n_layers not in BLOCKS:
            raise OptionError(f"A ResNet has 18 or 34 layers here, not {n_layers}.")
        self.conv1 = nn.Conv2d(channels, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        n_in = width
        for stage in range(n_stages):
            n_out = width * 2**stage
            stride = (1, 1) if stage == 0 else (2, 2 if 2 ** (stage + 2) <= column_stride else 1)
            blocks = _stage(n_in, n_out, BLOCKS[n_layers][stage], stride=stride)
            self.add_module(f"layer{stage + 1}", blocks)
            n_in = n_out
        self.out_channels = n_in
        self.apply(_initialise)

    def forward(self, images: Tensor) -> Tensor:
        """Maps of shape (N, out_channels, H', W') of images of shape (N, channels, H, W)."""
        x: Tensor = images
        for layer in self.children():
            x = layer(x)
        return x


class BasicBlock(nn.Module):
    """Two convolutions whose result is added to what went in.

    Args:
        n_in: channels that go in.
        n_out: channels that come out.
        stride: of the first convolution, down and across.
    """

    def __init__(self, n_in: int, n_out: int, *, stride: tuple[int, int] = (1, 1)) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.downsample: nn.Module = nn.Identity()
        if stride != (1, 1) or n_in != n_out:
            self.downsample = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride=stride, bias=False), nn.BatchNorm2d(n_out)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Maps of shape (N, n_out, H / stride[0], W / stride[1])."""
        found = self.relu(self.bn1(self.conv1(x)))
        found = self.bn2(self.conv2(found))
        added: Tensor = self.relu(found + self.downsample(x))
        return added


def _stage(n_in: int, n_out: int, n_blocks: int, *, stride: tuple[int, int]) -> nn.Sequential:
    rest = (BasicBlock(n_out, n_out) for _ in range(n_blocks - 1))
    return nn.Sequential(BasicBlock(n_in, n_out, stride=stride), *rest)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
