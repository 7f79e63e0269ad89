"""How fast experiments train LineCNNLSTM, beside a plain program that trains the same network.

    python benchmarks/experiment_training.py [--lines 192] [--batch-size 32] [--runs 2]

The plain program keeps tensors in torch's default layout and the settings of the C library, takes
new memory for each ReLU, puts batches together sample by sample in the training process, and reads
validation lines one by one. Both train and validate on the same drawn noise of the size of
EMNISTLines, 28 x 896, with a validation line for every five training lines, in fp32, on one thread;
each runs in a process of its own, by turns. Prints training lines a second of the best run of each.
"""

import argparse
import logging
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from text_recognizer.data import MAPPING_2021, BaseDataModule
from text_recognizer.data.array_dataset import ArrayDataset, Batch, Samples
from text_recognizer.data.base_data_module import SPLITS, DataModuleOptions
from text_recognizer.lit_models.experiment_ctc import ExperimentCTCLitModel
from text_recognizer.models import LineCNNLSTM, LineCNNLSTMOptions
from text_recognizer.training.allocator import keep_freed_memory
from text_recognizer.training.experiments.options import CTC, ExperimentLossOptions

_DIMS, _LENGTH = (1, 28, 896), 32
_TRAIN_TO_VALIDATION = 5
_PROGRAMS = ("experiment", "plain")


class Noise(BaseDataModule):
    """Lines of noise with random labels; what they show does not change the speed."""

    input_dims = _DIMS
    output_dims = (_LENGTH, 1)
    mapping = MAPPING_2021.symbols

    def __init__(self, n_lines: int, options: DataModuleOptions) -> None:
        super().__init__(options)
        self.n_lines = n_lines

    def read_splits(self) -> dict[str, Samples]:
        """Draw them."""
        rng = np.random.default_rng(0)
        n_validation = max(1, self.n_lines // _TRAIN_TO_VALIDATION)
        splits: dict[str, Samples] = {}
        for split, n_lines in zip(SPLITS, (self.n_lines, n_validation, 1), strict=True):
            images = rng.integers(0, 256, (n_lines, *_DIMS[1:]), np.uint8)
            labels = rng.integers(4, len(self.mapping), (n_lines, _LENGTH))
            labels[:, 24:] = self.mapping.index("<P>")
            splits[split] = ArrayDataset(images, labels)
        return splits


class OneByOne:
    """Samples that can only be had one at a time."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Batch:
        return self.samples[index]


class PlainNoise(Noise):
    """The same lines, put together sample by sample."""

    def _loader(self, samples: Samples, *, shuffle: bool = False) -> "DataLoader[Batch]":
        batch_size = self.options.batch_size
        return DataLoader(OneByOne(samples), batch_size=batch_size, shuffle=shuffle)  # type: ignore[arg-type]


class PlainModel(ExperimentCTCLitModel):
    """The network in the default layout; lines are decoded one by one."""

    def __init__(self, network: nn.Module, options: ExperimentLossOptions) -> None:
        for module in network.modules():
            if isinstance(module, nn.ReLU):
                module.inplace = False
        super().__init__(network, options, mapping=MAPPING_2021.symbols)
        self.network = self.network.to(memory_format=torch.contiguous_format)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of images (N, 1, H, W)."""
        logits: Tensor = self.network(images)
        return logits

    def decode(self, logits: Tensor) -> list[list[int]]:
        """Labels of each line."""
        read = []
        for scores in logits:
            best = [int(scores[:, step].argmax()) for step in range(scores.shape[1])]
            read.append([label for label, _ in groupby(best) if label])
        return read


class Clock(pl.Callback):
    """Times an epoch with its validation; the first epoch warms up."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start anew."""
        self._start = time.perf_counter()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop."""
        self.seconds = time.perf_counter() - self._start


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, default=192, help="training lines of an epoch")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--runs", type=int, default=2, help="of each program")
    parser.add_argument("--program", choices=_PROGRAMS, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.program:
        print(time_epoch(options.program, options.lines, options.batch_size))
        return 0
    speeds = dict.fromkeys(_PROGRAMS, 0.0)
    for _ in range(options.runs):
        for program in _PROGRAMS:
            seconds = _in_own_process(program, options.lines, options.batch_size)
            speeds[program] = max(speeds[program], options.lines / seconds)
    print("| program | training lines/s | of plain |\n| --- | ---: | ---: |")
    for program in _PROGRAMS:
        print(f"| {program} | {speeds[program]:.1f} | {speeds[program] / speeds['plain']:.2f} |")
    return 0


def time_epoch(program: str, n_lines: int, batch_size: int) -> float:
    """Seconds of the second epoch, validation included."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    torch.set_num_threads(1)
    pl.seed_everything(0, verbose=False)
    is_plain = program == "plain"
    if not is_plain:
        keep_freed_memory()
    n_workers = 0 if is_plain else 1
    kind = PlainNoise if is_plain else Noise
    data = kind(n_lines, DataModuleOptions(batch_size=batch_size, num_workers=n_workers))
    n_classes = len(MAPPING_2021)
    network = LineCNNLSTM(LineCNNLSTMOptions(), input_dims=_DIMS, n_classes=n_classes)
    loss = ExperimentLossOptions(loss=CTC)
    model = (
        PlainModel(network, loss)
        if is_plain
        else ExperimentCTCLitModel(network, loss, mapping=MAPPING_2021.symbols)
    )
    clock = Clock()
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=2,
        logger=False,
        callbacks=[clock],
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(model, datamodule=data)
    return clock.seconds


def _in_own_process(program: str, n_lines: int, batch_size: int) -> float:
    """Seconds of an epoch of one program."""
    command = [sys.executable, str(Path(__file__)), "--program", program]
    command += ["--lines", str(n_lines), "--batch-size", str(batch_size)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(ran.stdout.splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main())
