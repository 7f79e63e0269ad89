"""In which order samples come, and which of several processes gets which."""

from collections.abc import Callable, Iterator

import torch
from torch.utils.data import Sampler


class SampleOrder(Sampler[int]):
    """Every n-th sample for each of n processes.

    Training samples are shuffled, in an order that depends on seed and epoch only, and some come
    twice where they do not divide by the processes, which must make equally many steps. Others come
    once each, so that what processes count adds up to what one would count.

    Args:
        n_samples: that there are.
        seed: of the order of training samples; None keeps the order and repeats none.
        process: number of this process.
        n_processes: that share the samples.
        on_epoch: is told which epoch comes next; for samples that are drawn anew in each.
    """

    def __init__(
        self,
        n_samples: int,
        *,
        seed: int | None,
        process: int = 0,
        n_processes: int = 1,
        on_epoch: Callable[[int], None] | None = None,
    ) -> None:
        self._n_samples = n_samples
        self._seed = seed
        self._process = process
        self._n_processes = n_processes
        self._epoch = 0
        self._on_epoch = on_epoch

    def set_epoch(self, epoch: int) -> None:
        """Which epoch comes next; Lightning calls it."""
        self._epoch = epoch
        if self._on_epoch is not None:
            self._on_epoch(epoch)

    def __iter__(self) -> Iterator[int]:
        if self._seed is None:
            yield from range(self._process, self._n_samples, self._n_processes)
            return
        generator = torch.Generator().manual_seed((self._seed << 20) + self._epoch)
        order = torch.randperm(self._n_samples, generator=generator).tolist()
        for place in range(self._process, len(self) * self._n_processes, self._n_processes):
            yield order[place % self._n_samples]

    def __len__(self) -> int:
        if self._seed is None:
            return len(range(self._process, self._n_samples, self._n_processes))
        return -(-self._n_samples // self._n_processes)
