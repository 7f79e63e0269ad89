"""ImageLayer: cells of a feature map look at each other, and know how far apart they are.

A layer is self-attention and a hidden layer with a norm behind each, as in the decoder. Attention
is told by learned numbers, one for each head and each step up, down, left or right, how two cells
stand to each other: so a line can be told from the one below it wherever both are on the page. Maps
may be of any size.

Source: relative positions, C. Raffel et al., "Exploring the limits of transfer learning",
JMLR 2020, section 2.1, here of rows and of columns.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_FARTHEST = 31  # steps; cells that are farther apart share a number


class ImageLayer(nn.Module):
    """What cells find in each other.

    Args:
        dim: features of a cell.
        n_heads: attention heads; divide `dim`.
        hidden_dim: units of the hidden layer.
        dropout: within the layer.
    """

    def __init__(self, dim: int, *, n_heads: int, hidden_dim: int, dropout: float) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.rows = nn.Embedding(2 * _FARTHEST + 1, n_heads)
        self.columns = nn.Embedding(2 * _FARTHEST + 1, n_heads)
        self.input = nn.Linear(dim, 3 * dim)
        self.output = nn.Linear(dim, dim)
        self.hidden = nn.Linear(dim, hidden_dim)
        self.hidden_output = nn.Linear(hidden_dim, dim)
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(2))
        self.dropout = nn.Dropout(dropout)
        for table in (self.rows, self.columns):
            nn.init.normal_(table.weight, std=0.02)
        nn.init.xavier_uniform_(self.input.weight)
        nn.init.zeros_(self.input.bias)
        nn.init.zeros_(self.output.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Maps of the shape of maps (N, dim, H, W)."""
        _, dim, height, width = x.shape
        cells = x.flatten(2).transpose(1, 2)  # (N, H * W, dim)
        parts = self.input(cells).reshape(-1, height * width, 3, self.n_heads, dim // self.n_heads)
        queries, keys, values = parts.permute(2, 0, 3, 1, 4).unbind(0)  # (N, heads, H * W, d)
        rate = self.dropout.p if self.training else 0.0
        bias = self.bias(height, width).to(x.dtype)
        found = F.scaled_dot_product_attention(queries, keys, values, bias, dropout_p=rate)
        found = self.output(found.transpose(1, 2).flatten(2))
        cells = self.norms[0](cells + self.dropout(found))
        hidden = self.hidden_output(self.dropout(self.hidden(cells).relu()))
        cells = self.norms[1](cells + self.dropout(hidden))
        maps: Tensor = cells.transpose(1, 2).reshape(-1, dim, height, width)
        return maps

    def bias(self, height: int, width: int) -> Tensor:
        """Numbers of the cells of a map for each other, of shape (heads, H * W, H * W)."""
        rows: Tensor = self.rows(_steps(height, self.rows.weight))  # (H, H, heads)
        columns: Tensor = self.columns(_steps(width, self.columns.weight))  # (W, W, heads)
        both: Tensor = rows[:, None, :, None] + columns[None, :, None, :]  # (H, W, H, W, heads)
        return both.reshape(height * width, height * width, self.n_heads).permute(2, 0, 1)


def _steps(length: int, like: Tensor) -> Tensor:
    """Steps from each of some places to each other, as indices of a table, of shape (L, L)."""
    places = torch.arange(length, device=like.device)
    steps = (places - places[:, None]).clamp(-_FARTHEST, _FARTHEST)
    return steps + _FARTHEST
