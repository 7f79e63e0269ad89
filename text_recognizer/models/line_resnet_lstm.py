"""LineResnetLSTM: the line network. Residual convolutions, a pooled column, BiLSTMs, CTC scores.

After Retsinas et al., "Best practices for a handwritten text recognition system" (DAS 2022):
columns pooled before the recurrent part, and a convolutional shortcut head beside it that is
used in training only. Ours keeps a frame every 4 columns and strides the rows in the stem, which
makes it small enough for two CPU cores. Knows nothing about text; label 0 is the CTC blank.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from text_recognizer.errors import OptionError

FRAME_STRIDE = 4  # columns of the image per frame of scores
ROW_STRIDE = 16  # rows of the image per row of the last feature map


@dataclass(frozen=True)
class LineResnetLSTMOptions:
    """Shape of the network.

    Attributes:
        height: rows of the line image, a multiple of 16.
        stem: channels of the first convolution.
        groups: residual blocks and channels of the three groups, as (blocks, channels).
        column: how the rows of the last map become one vector: `max`, or `linear` (flattened and
            projected to the channels of one row).
        lstm_dim: units of each direction.
        lstm_layers: stacked BiLSTMs.
        stack: neighbouring frames that one step of the BiLSTMs takes in and gives out together:
            the scores keep a frame every 4 columns, the recurrent part costs about 1 / stack.
        dropout: before each BiLSTM and before the last layer.
        span_mask: fraction of frames hidden in training, in spans of `span_frames`.
        span_frames: frames of a span.
    """

    height: int = 48
    stem: int = 32
    groups: tuple[tuple[int, int], ...] = ((1, 32), (1, 64), (1, 128))
    column: str = "max"
    lstm_dim: int = 256
    lstm_layers: int = 2
    stack: int = 1
    dropout: float = 0.1
    span_mask: float = 0.0
    span_frames: int = 8

    def __post_init__(self) -> None:
        if self.height < ROW_STRIDE or self.height % ROW_STRIDE:
            raise OptionError(f"network.height must be a multiple of 16, not {self.height}.")
        if len(self.groups) != 3:
            raise OptionError(f"network.groups needs three (blocks, channels), not {self.groups}.")
        if self.column not in ("max", "linear"):
            raise OptionError(f"network.column is max or linear, not {self.column!r}.")
        if self.stack not in (1, 2, 4):
            raise OptionError(f"network.stack is 1, 2 or 4, not {self.stack}.")
        if not 0 <= self.span_mask < 0.9:
            raise OptionError(f"network.span_mask is at least 0 and below 0.9: {self.span_mask}.")


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch norm and a shortcut, projected if the channels change."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(n_out)
        self.project: nn.Module = nn.Identity()
        if n_in != n_out:
            self.project = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, bias=False), nn.BatchNorm2d(n_out)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Features of shape (N, n_out, H, W) from (N, n_in, H, W)."""
        y = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(y)) + self.project(x))


class LineBody(nn.Module):
    """The convolutions: a map with a cell for 16 rows and 4 columns of an image of any size.

    Args:
        stem: channels of the first convolution.
        groups: residual blocks and channels of the three groups, as (blocks, channels).
    """

    def __init__(self, stem: int, groups: tuple[tuple[int, int], ...]) -> None:
        super().__init__()
        (_, c1), (_, c2), (_, c3) = groups
        self.out_channels = c3
        self.stem = nn.Sequential(
            nn.Conv2d(1, stem, 7, stride=(4, 2), padding=3, bias=False),
            nn.BatchNorm2d(stem),
            nn.ReLU(),
        )
        self.group1 = _group(stem, groups[0])
        self.group2 = _group(c1, groups[1])
        self.group3 = _group(c2, groups[2])

    def cells(self, images: Tensor) -> Tensor:
        """Features of shape (N, C, H / 16, W / 4) of images of shape (N, 1, H, W)."""
        x: Tensor = self.group1(self.stem(images))  # (N, C1, H/4, W/2)
        x = nn.functional.max_pool2d(x, 2)  # (N, C1, H/8, W/4)
        x = self.group2(x)  # (N, C2, H/8, W/4)
        x = nn.functional.max_pool2d(x, (2, 1))  # (N, C2, H/16, W/4)
        found: Tensor = self.group3(x)  # (N, C3, H/16, W/4)
        return found


class LineResnetLSTM(LineBody):
    """Logits of a line image, one frame every 4 columns.

    Args:
        options: shape of the network.
        n_labels: size of the alphabet, the blank included.
    """

    def __init__(self, options: LineResnetLSTMOptions, n_labels: int) -> None:
        super().__init__(options.stem, options.groups)
        self.options = options
        self.n_labels = n_labels
        c3 = self.out_channels
        rows = options.height // ROW_STRIDE
        self.column = nn.Linear(rows * c3, c3) if options.column == "linear" else None
        self.dropout = nn.Dropout(options.dropout)
        self.lstm = nn.LSTM(
            options.stack * c3,
            options.lstm_dim,
            options.lstm_layers,
            bidirectional=True,
            dropout=options.dropout if options.lstm_layers > 1 else 0.0,
        )
        self.output = nn.Linear(2 * options.lstm_dim, options.stack * n_labels)
        self.shortcut = nn.Conv1d(c3, n_labels, 3, padding=1)

    def columns(self, images: Tensor) -> Tensor:
        """Features of shape (T, N, C), T = W / 4, of images of shape (N, 1, H, W)."""
        x = self.cells(images)  # (N, C3, H/16, W/4)
        if self.column is None:
            return x.amax(2).permute(2, 0, 1)  # (T, N, C3)
        rows: Tensor = self.column(x.permute(3, 0, 1, 2).flatten(2))  # (T, N, C3)
        return torch.relu(rows)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (N, T, C), label 0 the blank.

        Args:
            images: shape (N, 1, H, W), float, paper 0 and ink 1, W a multiple of 64.
        """
        return self._recurrent(self.columns(images))

    def forward_with_shortcut(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the network and of the shortcut head, each of shape (N, T, C)."""
        x = self.columns(images)  # (T, N, C3)
        shortcut = self.shortcut(x.permute(1, 2, 0)).transpose(1, 2)  # (N, T, C)
        return self._recurrent(self._hide_spans(x)), shortcut

    def _recurrent(self, x: Tensor) -> Tensor:
        # Sizes are read from the tensor, not unflattened: so the exported graph keeps them free.
        n_lines, n_features = x.shape[1], x.shape[2]
        x = x.reshape(-1, self.options.stack, n_lines, n_features)  # (T / stack, stack, N, C3)
        x = x.transpose(1, 2).flatten(2)  # (T / stack, N, stack * C3)
        y, _ = self.lstm(self.dropout(x))  # (T / stack, N, 2 * lstm_dim)
        logits: Tensor = self.output(self.dropout(y))  # (T / stack, N, stack * C)
        return logits.transpose(0, 1).reshape(n_lines, -1, self.n_labels)  # (N, T, C)

    def _hide_spans(self, x: Tensor) -> Tensor:
        """Features with random spans of frames set to zero, in training only."""
        if not self.training or self.options.span_mask == 0:
            return x
        n_frames, n_lines, _ = x.shape
        span = self.options.span_frames
        starts = torch.rand(n_frames, n_lines, 1, device=x.device) < self.options.span_mask / span
        hidden = starts.float()
        for shift in range(1, min(span, n_frames)):
            hidden[shift:] += starts[:-shift].float()
        return x * (hidden == 0)


def _group(n_in: int, group: tuple[int, int]) -> nn.Sequential:
    n_blocks, n_out = group
    blocks = [ResidualBlock(n_in if i == 0 else n_out, n_out) for i in range(n_blocks)]
    return nn.Sequential(*blocks)
