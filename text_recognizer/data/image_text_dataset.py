"""Images that are opened when they are needed, each with the labels of its text."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch.utils.data import Dataset

from text_recognizer.data.array_dataset import Batch, Labels
from text_recognizer.grey_image import GreyImage

ReadImage = Callable[[], GreyImage]
"""Gives a grey image (H, W), uint8; can be pickled and keeps no file open."""


class ImageTextDataset(Dataset[Batch]):
    """Samples of which only the labels are kept in memory.

    Args:
        images: reads each image when it is asked for.
        labels: of shape (N, L).
        view: makes of an image what the network sees, uint8 and all of one size; where it varies
            images, its chance comes from torch, which loaders seed.
    """

    def __init__(
        self,
        images: Sequence[ReadImage],
        labels: Labels,
        *,
        view: Callable[[GreyImage], GreyImage],
    ) -> None:
        self.images = tuple(images)
        self.labels = labels
        self.view = view

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Batch:
        """Image of shape (1, H, W), float32, 0 to 1, and labels of shape (L,), int64."""
        image = np.ascontiguousarray(self.view(self.images[index]()))
        values = torch.from_numpy(image).unsqueeze(0).to(torch.float32).div_(255.0)
        return values, torch.from_numpy(self.labels[index].astype(np.int64))
