"""MaskNetwork: what the networks that name a class for each pixel of a page share."""

from torch import Tensor, nn


class MaskNetwork(nn.Module):
    """Base of networks that give logits (N, n_classes, H, W) for images (N, C, H, W) of any size.

    The classes are those of the pixels' labels: 0 paper, 1 odd lines, 2 even lines.
    """

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (N, n_classes, H, W) of images of shape (N, C, H, W), float, 0 to 1."""
        raise NotImplementedError
