"""What all data modules of images and labels share: loaders, sizes, a look at the data.

A subclass says what its splits are; how batches are made of them stands here. Images come as
float32 of shape (N, 1, H, W), 0 to 1 unless the module normalises them, ink bright on black;
labels as int64 of shape (N,) for characters, (N, L) for lines, filled up with `<P>`, and (N, H, W)
for masks, a class for each pixel.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import lightning.pytorch as pl
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader

from text_recognizer.cache_folder import default_data_folder
from text_recognizer.data.array_dataset import AS_THEY_ARE, Batch, Samples, collate, fetch
from text_recognizer.data.character_mapping import special_symbols
from text_recognizer.data.option_flags import parse_options
from text_recognizer.data.sample_order import SampleOrder
from text_recognizer.data.sample_sheet import draw_sheet
from text_recognizer.errors import InputError, OptionError, TextRecognizerError

SPLITS = ("train", "validation", "test")
_MAX_SHEET_PX = 1_000_000


@dataclass(frozen=True)
class DataModuleOptions:
    """What every data module can be told.

    Attributes:
        batch_size: samples of a batch.
        num_workers: loader processes; 0 loads in the training process.
        data_dir: folder of the data; None is `default_data_folder()`.
        seed: of all chance: splits, drawing, order of the training samples.
    """

    batch_size: int = 128
    num_workers: int = 0
    data_dir: Path | None = None
    seed: int = 42

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise OptionError(f"batch_size is at least 1, not {self.batch_size}.")
        if self.num_workers < 0:
            raise OptionError(f"num_workers is at least 0, not {self.num_workers}.")
        if self.seed < 0:
            raise OptionError(f"seed is at least 0, not {self.seed}.")

    @property
    def folder(self) -> Path:
        """Folder of the data."""
        return self.data_dir if self.data_dir is not None else default_data_folder()


class BaseDataModule(pl.LightningDataModule):
    """Training, validation and test samples of one data set.

    A subclass sets the attributes and writes `read_splits`, and `prepare_data` if something has to
    be fetched or made once per machine.

    Args:
        options: of the class in `options_class`; None takes its defaults.

    Attributes:
        input_dims: channels, rows and columns of an image.
        output_dims: shape of the labels of one sample: (1,) for a character, (L, 1) for a line,
            (H, W) for a mask.
        mapping: the symbol of each label.
        normalisation: mean and deviation that images are normalised by.
        splits: the samples by the names in `SPLITS`; empty before `setup`.
    """

    options_class: ClassVar[type[DataModuleOptions]] = DataModuleOptions
    options: DataModuleOptions
    input_dims: tuple[int, int, int]
    output_dims: tuple[int, ...]
    mapping: tuple[str, ...]
    normalisation: tuple[float, float] = AS_THEY_ARE

    def __init__(self, options: DataModuleOptions | None = None) -> None:
        super().__init__()
        self.options = options if options is not None else self.options_class()
        self.splits: dict[str, Samples] = {}

    @property
    def data_name(self) -> str:
        """What the data set is called."""
        return type(self).__name__

    def read_splits(self) -> dict[str, Samples]:
        """The samples by the names in `SPLITS`.

        Raises:
            InputError: the data are not there.
        """
        raise NotImplementedError

    def setup(self, stage: str | None = None) -> None:
        """Read the splits, once."""
        if not self.splits:
            self.splits = self.read_splits()

    @property
    def data_train(self) -> Samples:
        """Training samples, after `setup`."""
        return self.splits["train"]

    @property
    def data_val(self) -> Samples:
        """Validation samples, after `setup`; never augmented."""
        return self.splits["validation"]

    @property
    def data_test(self) -> Samples:
        """Test samples, after `setup`; never augmented."""
        return self.splits["test"]

    def train_dataloader(self) -> DataLoader[Batch]:
        """Training batches in an order that depends on the seed and the epoch only."""
        return self._loader(self.data_train, shuffle=True)

    def val_dataloader(self) -> DataLoader[Batch]:
        """Validation batches in a fixed order."""
        return self._loader(self.data_val)

    def test_dataloader(self) -> DataLoader[Batch]:
        """Test batches in a fixed order."""
        return self._loader(self.data_test)

    def describe(self) -> str:
        """Name, shapes, sizes, and figures of one batch, as text of several lines."""
        sizes = ", ".join(f"{name} {len(self.splits[name])}" for name in SPLITS)
        images, labels = self._first_batch()
        return "\n".join(
            (
                self.data_name,
                f"input {self.input_dims}, output {self.output_dims}, {len(self.mapping)} symbols",
                f"samples: {sizes}",
                f"images of a batch: {_figures(images)}",
                f"labels of a batch: {_figures(labels)}",
            )
        )

    def sample_sheet(self) -> Image.Image:
        """Training samples with their text below; special symbols are not shown."""
        images, labels = self._first_batch()
        n_images = max(1, _MAX_SHEET_PX // int(np.prod(self.input_dims)))
        mean, deviation = self.normalisation
        grey = (images[:n_images, 0] * deviation + mean).clamp(0, 1) * 255
        captions = [self.text_of(label) for label in labels[:n_images]]
        return draw_sheet(grey.round().to(torch.uint8).numpy(), captions)

    def text_of(self, labels: Tensor) -> str:
        """Text of the labels of one sample, special symbols left out."""
        symbols, special = self.mapping, special_symbols(self.mapping)
        named = (symbols[int(label)] for label in labels.reshape(-1))
        return "".join(symbol for symbol in named if symbol not in special)

    def _first_batch(self) -> Batch:
        chosen = np.random.default_rng(self.options.seed).permutation(len(self.data_train))
        return fetch(self.data_train, chosen[: self.options.batch_size])

    def _loader(self, samples: Samples, *, shuffle: bool = False) -> DataLoader[Batch]:
        trainer = self.trainer
        on_cuda = bool(trainer and trainer.strategy.root_device.type == "cuda")
        n_processes = trainer.world_size if trainer else 1
        order = SampleOrder(
            len(samples),
            seed=self.options.seed if shuffle else None,
            process=trainer.global_rank if trainer else 0,
            n_processes=n_processes,
            on_epoch=getattr(samples, "set_epoch", None),
        )
        return DataLoader(
            samples,  # type: ignore[arg-type]  # torch asks for its own class, and uses two methods
            batch_size=self.options.batch_size,
            sampler=order if shuffle or n_processes > 1 else None,
            num_workers=self.options.num_workers,
            persistent_workers=self.options.num_workers > 0,
            pin_memory=on_cuda,
            collate_fn=collate,
            generator=torch.Generator().manual_seed(self.options.seed),
        )


def run_as_script(module_class: type[BaseDataModule]) -> None:
    """Prepares a data set, prints what it is, and writes a sheet of samples; then ends the program.

    The flags are the fields of the module's options. Data that are missing end in one sentence on
    standard error and exit code 1.
    """
    name = module_class.__name__
    try:
        module = module_class(parse_options(module_class.options_class, sys.argv[1:], name))
        module.prepare_data()
        module.setup()
        path = Path(f"{name}.png")
        _save(module.sample_sheet(), path)
        sys.stdout.write(f"{module.describe()}\nA sheet of samples is in {path}.\n")
    except TextRecognizerError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)


def _save(sheet: Image.Image, path: Path) -> None:
    try:
        sheet.save(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error


def _figures(values: Tensor) -> str:
    as_float = values.to(torch.float32)
    return (
        f"shape {tuple(values.shape)}, {str(values.dtype).removeprefix('torch.')}, "
        f"min {as_float.min():.3g}, mean {as_float.mean():.3g}, max {as_float.max():.3g}"
    )
