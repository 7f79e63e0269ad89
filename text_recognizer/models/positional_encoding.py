"""Sinusoidal codes of places in a sequence; computed when needed and never stored.

Source: A. Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.5.
"""

import math

import torch
from torch import Tensor, nn

_BASE = 10_000.0


def sinusoids(places: Tensor, dim: int) -> Tensor:
    """Codes of shape (L, dim) of places of shape (L,): sines at even channels, cosines at odd.

    Args:
        places: numbers of the places, of any size.
        dim: channels, even.
    """
    channels = torch.arange(0, dim, 2, device=places.device, dtype=torch.float32)
    rates = torch.exp(channels * (-math.log(_BASE) / dim))  # (dim / 2,)
    angles = places.float()[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)


class PositionalEncoding(nn.Module):
    """Adds the code of its place to each item of a sequence of any length, then drops out.

    Args:
        dropout: share of values that is dropped in training.
    """

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, first: int = 0) -> Tensor:
        """Items of shape (N, L, dim) with the codes of places `first`, `first` + 1, ... added."""
        places = torch.arange(x.shape[1], device=x.device) + first
        coded: Tensor = self.dropout(x + sinusoids(places, x.shape[2]).to(x.dtype))
        return coded
