"""Images are read when they are asked for, seen through a view, with their labels."""

import numpy as np
import torch

from text_recognizer.data.array_dataset import fetch
from text_recognizer.data.image_text_dataset import ImageTextDataset


def test_images_are_read_when_asked_for() -> None:
    read: list[int] = []

    def reader(value: int) -> np.ndarray:
        read.append(value)
        return np.full((3, 5), value, np.uint8)

    images = [lambda value=value: reader(value) for value in (0, 51, 255)]
    labels = np.array([[1, 2], [3, 4], [5, 6]], np.uint8)
    samples = ImageTextDataset(images, labels, view=lambda image: image[:2, ::-1])
    assert len(samples) == 3 and not read
    values, own = samples[1]
    assert read == [51]
    assert values.dtype == torch.float32 and own.dtype == torch.int64
    torch.testing.assert_close(values, torch.full((1, 2, 5), 0.2))
    assert own.tolist() == [3, 4]
    batch, rows = fetch(samples, [2, 0])
    assert batch.shape == (2, 1, 2, 5) and rows.tolist() == [[5, 6], [1, 2]]
    assert batch[:, 0, 0, 0].tolist() == [1.0, 0.0]
