"""HandwritingPages: pieces of real and composed pages and the maps of their lines."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import lightning.pytorch as pl
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from text_recognizer.data.options import HandwritingPagesOptions
from text_recognizer.data.page_crops import PageCrop, PageMaterial, cut_crop
from text_recognizer.data.page_material import compose_material, read_material
from text_recognizer.errors import InputError
from text_recognizer.ground_truth import read_pages
from text_recognizer.models.line_finder_unet import CHANNELS
from text_recognizer.synthesis.arrays import GreyImage
from text_recognizer.synthesis.chance import add_noise
from text_recognizer.synthesis.pages import Hand

_LOG = logging.getLogger(__name__)


@dataclass  # not frozen: Lightning moves its tensors to the device
class PageBatch:
    """Pieces of pages.

    Attributes:
        images: normalised, uint8, of shape (N, 1, S, S), ink 255.
        maps: targets in the order of `CHANNELS`, float32, of shape (N, 5, S / 2, S / 2).
        on_ridge: 1 where the two heights say something, of shape (N, S / 2, S / 2).
        weight: 1 where the page is judged, of the same shape.
    """

    images: Tensor
    maps: Tensor
    on_ridge: Tensor
    weight: Tensor


class PageStream(IterableDataset[PageBatch]):
    """Batches of pieces without end.

    Args:
        pages: real pages.
        hands: lines to compose pages of.
        options: what to draw.
        seed: of all chance.
        start: makes a resumed run draw other pieces than the run it goes on from.
        rank: of this training process.

    Raises:
        InputError: there is no page.
    """

    def __init__(
        self,
        pages: Sequence[PageMaterial],
        hands: Sequence[Hand],
        options: HandwritingPagesOptions,
        *,
        seed: int,
        start: int = 0,
        rank: int = 0,
    ) -> None:
        if not pages:
            raise InputError("No training pages were found: none is of the split train.")
        self._pages, self._hands, self._options = pages, hands, options
        self._seed, self._start, self._rank = seed, start, rank

    def __iter__(self) -> Iterator[PageBatch]:
        cv2.setNumThreads(0)  # the training processes and workers share the cores
        worker = get_worker_info()
        n_workers, number = (worker.num_workers, worker.id) if worker else (1, 0)
        stream = self._rank * n_workers + number
        rng = np.random.default_rng([self._seed, self._start, stream])
        while True:
            yield collate([self.draw(rng) for _ in range(self._options.batch)])

    def draw(self, rng: np.random.Generator) -> PageCrop:
        """One piece."""
        options = self._options
        kind = rng.random()
        if kind < options.empty:
            page = _empty_page(options.size, rng)
        elif self._hands and kind < options.empty + options.composed * (1 - options.empty):
            page = compose_material(self._hands, rng, strength=options.strength)
        else:
            page = self._pages[int(rng.integers(len(self._pages)))]
        back = None
        if rng.random() < options.back:
            back = self._pages[int(rng.integers(len(self._pages)))].image
        return cut_crop(page, rng, size=options.size, strength=options.strength, back=back)


def collate(crops: Sequence[PageCrop]) -> PageBatch:
    """One batch of pieces of one size."""
    maps = np.stack([np.stack([getattr(crop.maps, name) for name in CHANNELS]) for crop in crops])
    return PageBatch(
        images=torch.from_numpy(np.stack([crop.image for crop in crops])[:, None]),
        maps=torch.from_numpy(maps),
        on_ridge=torch.from_numpy(np.stack([crop.maps.on_ridge for crop in crops])),
        weight=torch.from_numpy(np.stack([crop.weight for crop in crops])),
    )


class HandwritingPages(pl.LightningDataModule):
    """Training stream and validation pages.

    Args:
        options: what to draw.
        pages: folder of pages with PAGE XML.
        seed: of all drawing.
    """

    def __init__(self, options: HandwritingPagesOptions, pages: Path, *, seed: int) -> None:
        super().__init__()
        self.options = options
        self._folder, self._seed = pages, seed
        self._pages: list[PageMaterial] = []
        self._hands: list[Hand] = []
        self.sources: list[str] = []
        self.validation_pages: list[PageMaterial] = []

    def setup(self, stage: str) -> None:
        """Read the pages into memory."""
        if not self._pages:
            samples = read_pages(self._folder)
            train = [sample for sample in samples if sample.split == "train"]
            self.sources = sorted({sample.source for sample in train})
            self._pages, self._hands = read_material(train)
            validation = [sample for sample in samples if sample.split == "validation"]
            self.validation_pages, _ = read_material(validation)
            _LOG.info("%d pages to learn, %d to validate.", len(train), len(validation))

    def train_stream(self) -> PageStream:
        """The training batches of this process."""
        trainer = self.trainer  # None outside of a run
        return PageStream(
            self._pages,
            self._hands,
            self.options,
            seed=self._seed,
            start=trainer.global_step if trainer else 0,
            rank=trainer.global_rank if trainer else 0,
        )

    def train_dataloader(self) -> DataLoader[PageBatch]:
        """Endless loader of whole batches."""
        return DataLoader(
            self.train_stream(),
            batch_size=None,
            num_workers=self.options.workers,
            persistent_workers=self.options.workers > 0,
        )

    def val_dataloader(self) -> DataLoader[PageMaterial]:
        """Loader of this process's part of the validation pages, one after the other."""
        rank, n_ranks = (
            (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        )
        pages = self.validation_pages[rank::n_ranks]
        return DataLoader(pages, batch_size=None)  # type: ignore[arg-type]

    def transfer_batch_to_device(
        self, batch: Any, device: torch.device, dataloader_idx: int
    ) -> Any:
        """Training batches moved; whole pages stay, since they hold no tensors."""
        if isinstance(batch, PageMaterial):
            return batch
        return super().transfer_batch_to_device(batch, device, dataloader_idx)


def _empty_page(size: int, rng: np.random.Generator) -> PageMaterial:
    """A sheet or a desk with nothing on it."""
    image: GreyImage = np.full((size, size), rng.integers(30, 250), np.uint8)
    image = add_noise(image, rng.uniform(0.5, 12.0), rng)
    return PageMaterial(image, (), np.zeros_like(image))
