"""Images and labels in arrays, handed out as whole batches.

Images stay bytes until a batch is made of them: a loader fetches a batch by one indexing, without
collating samples one by one.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, default_collate

Batch = tuple[Tensor, Tensor]
"""Images of shape (N, 1, H, W), float32, and labels of shape (N,) or (N, L), int64."""
Images = NDArray[np.uint8]
"""Grey images of shape (N, H, W), ink bright on black."""
Labels = NDArray[np.integer]
AS_THEY_ARE = (0.0, 1.0)
"""Mean and deviation that leave values, 0 to 1, as they are."""


class Samples(Protocol):
    """What a data module holds of each split."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Batch:
        """Image of shape (1, H, W) and label of one sample."""


class ArrayDataset(Dataset[Batch]):
    """Samples in arrays, which may lie in files mapped into memory.

    Args:
        images: of shape (N, H, W).
        labels: of shape (N,) or (N, L).
        normalisation: mean and standard deviation of the values, 0 to 1; what comes out has the
            mean taken off and is divided by the deviation.
        augment: varies a batch of images of shape (N, H, W); its chance comes from torch.
    """

    def __init__(
        self,
        images: Images,
        labels: Labels,
        *,
        normalisation: tuple[float, float] = AS_THEY_ARE,
        augment: Callable[[Images], Images] | None = None,
    ) -> None:
        self.images = images
        self.labels = labels
        self.normalisation = normalisation
        self.augment = augment

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Batch:
        images, labels = self.__getitems__([index])
        return images[0], labels[0]

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """The samples as one batch, in this order."""
        chosen = np.asarray(indices, np.int64)
        images = self.images[chosen]
        if self.augment is not None:
            images = self.augment(images)
        mean, deviation = self.normalisation
        values = torch.from_numpy(images).unsqueeze(1).to(torch.float32)  # (N, 1, H, W)
        values.div_(255.0)
        if self.normalisation != AS_THEY_ARE:
            values.sub_(mean).div_(deviation)
        return values, torch.from_numpy(self.labels[chosen].astype(np.int64))


class JoinedDataset(Dataset[Batch]):
    """Several sets of samples one after the other, each with a table of new labels.

    Args:
        parts: the sets.
        tables: of each set, the new label of each old one; None keeps them.
        n_labels: labels of a line; shorter lines are filled up. None if labels are single.
        padding: label that lines are filled up with.
    """

    def __init__(
        self,
        parts: Sequence[Samples],
        tables: Sequence[Tensor | None],
        *,
        n_labels: int | None = None,
        padding: int = 0,
    ) -> None:
        self.parts = tuple(parts)
        self._tables = tuple(tables)
        self._n_labels = n_labels
        self._padding = padding
        self._ends = np.cumsum([len(part) for part in parts])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def set_epoch(self, epoch: int) -> None:
        """Which epoch comes next, for parts whose samples are drawn anew in each."""
        for part in self.parts:
            tell = getattr(part, "set_epoch", None)
            if tell is not None:
                tell(epoch)

    def __getitem__(self, index: int) -> Batch:
        images, labels = self.__getitems__([index])
        return images[0], labels[0]

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """The samples as one batch, in this order."""
        chosen = np.asarray(indices, np.int64)
        owners = np.searchsorted(self._ends, chosen, side="right")
        order = np.argsort(owners, kind="stable")
        batches = []
        for owner in np.unique(owners):
            start = self._ends[owner] - len(self.parts[owner])
            images, labels = fetch(self.parts[owner], chosen[owners == owner] - start)
            batches.append((images, self._renumber(labels, self._tables[owner])))
        back = torch.from_numpy(np.argsort(order))
        return torch.cat([b[0] for b in batches])[back], torch.cat([b[1] for b in batches])[back]

    def _renumber(self, labels: Tensor, table: Tensor | None) -> Tensor:
        labels = labels if table is None else table[labels]
        missing = 0 if self._n_labels is None else self._n_labels - labels.shape[1]
        return torch.nn.functional.pad(labels, (0, missing), value=self._padding)


def fetch(samples: Samples, indices: Sequence[int] | NDArray[np.int64]) -> Batch:
    """One batch of samples, in this order."""
    whole = getattr(samples, "__getitems__", None)
    numbers = [int(index) for index in indices]
    return collate(whole(numbers) if whole else [samples[index] for index in numbers])


def collate(batch: Batch | list[Batch]) -> Batch:
    """A batch as it is, or made of single samples."""
    if isinstance(batch, tuple):
        return batch
    images, labels = default_collate(batch)
    return images, labels
