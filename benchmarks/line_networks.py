"""Networks for lines on the same handwriting, trained for the same time: error rates and speed.

    python benchmarks/line_networks.py DATA [--minutes 20] [--threads 1] [--batch_size 16]
        [--networks NAME,...] [--output DIR]

Trains each network on the lines of DATA (`--data_class=OpenLines`), one after the other, by AdamW
at a rate that rises and falls once, and tests the best checkpoint. The length of the rise and fall
is counted in steps, so the time of a step is measured first: of the processor, so that other
programs on the machine change little. Prints a table: parameters, epochs, error rates of characters
on validation and test, and validation lines read in a second of the processor by torch.
The records of the runs lie in the output folder, where `mlflow ui` shows their curves.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import lightning.pytorch as pl
import torch
from torch import Tensor

from text_recognizer.data import BaseDataModule
from text_recognizer.data.array_dataset import Batch
from text_recognizer.lit_models.experiment import ExperimentLitModel
from text_recognizer.models import DecoderNetwork
from text_recognizer.training.allocator import keep_freed_memory
from text_recognizer.training.experiments.experiment import (
    Experiment,
    make_data,
    make_model,
    read_checkpoint,
)
from text_recognizer.training.experiments.flags import parse_flags
from text_recognizer.training.experiments.run import run_experiment

NETWORKS = {
    "LineResnetLSTM": ("--loss=ctc", "--one_cycle_max_lr=0.002"),
    "CNNBiLSTM": ("--loss=ctc", "--one_cycle_max_lr=0.001"),
    "LineCNNTransformer": (
        "--loss=transformer",
        "--with_start_end_tokens",
        "--one_cycle_max_lr=0.0005",
        "--tf_dropout=0.1",
    ),
}
_COMMON = (
    "--data_class=OpenLines",
    "--optimizer=AdamW",
    "--weight_decay=0.01",
    "--gradient_clip_val=1",
    "--progress_bar_refresh_rate=0",
)
_WARM_UP, _TIMED = 2, 6  # training steps
_READ_BATCHES = 8


@dataclass(frozen=True)
class Row:
    """What came of a network.

    Attributes:
        name: of the network.
        n_parameters: that are trained.
        n_epochs: it was trained for; under 1 if there was no time for a whole one.
        cer: on validation.
        test_cer: on test.
        speed: validation lines read in a second.
    """

    name: str
    n_parameters: int
    n_epochs: float
    cer: float
    test_cer: float
    speed: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Train all and print the table; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="lines with their text, split by writer")
    parser.add_argument("--minutes", type=float, default=20.0, help="of training, for each network")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch_size", type=int, default=16)
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--output", type=Path, default=Path("runs") / "line-networks")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    keep_freed_memory()
    print("| network | parameters | epochs | CER validation | CER test | lines/s |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name in options.networks.split(","):
        row = train(name, options)
        print(
            f"| {row.name} | {row.n_parameters / 1e6:.1f} M | {row.n_epochs:.1f} | "
            f"{row.cer:.1%} | {row.test_cer:.1%} | {row.speed:.1f} |",
            flush=True,
        )
    return 0


def train(name: str, options: argparse.Namespace) -> Row:
    """One network from its first step to its row."""
    words = [*_COMMON, *NETWORKS[name], f"--model_class={name}"]
    words += [f"--data_dir={options.data}", f"--batch_size={options.batch_size}"]
    words.append(f"--default_root_dir={options.output / name}")
    experiment = parse_flags(words)
    pl.seed_everything(experiment.seed, verbose=False)
    data = make_data(experiment)
    n_steps = max(1, int(60 * options.minutes / step_seconds(experiment, data)))
    n_batches = len(data.train_dataloader())
    n_epochs = max(1, n_steps // n_batches)  # whole ones, since each ends with a validation
    a_epoch = min(n_batches, n_steps)
    timed = replace(
        experiment,
        loss=replace(experiment.loss, one_cycle_total_steps=n_epochs * a_epoch),
        trainer={
            **experiment.trainer,
            "max_epochs": str(n_epochs),
            "limit_train_batches": str(a_epoch),
        },
    )
    outcome = run_experiment(timed)
    assert outcome.checkpoint is not None
    model = make_model(experiment, data)
    weights = read_checkpoint(model, outcome.checkpoint, flag="--load_checkpoint")
    model.load_state_dict(weights)
    return Row(
        name,
        sum(own.numel() for own in model.parameters() if own.requires_grad),
        n_epochs * a_epoch / n_batches,
        outcome.figures["val_cer"],
        outcome.figures["test_cer"],
        read_speed(model, data),
    )


def step_seconds(experiment: Experiment, data: BaseDataModule) -> float:
    """Processor time of a training step by a thread, loading included."""
    model = make_model(experiment, data).train()
    optimizer = torch.optim.AdamW(model.parameters())
    batches = _repeated(data)
    start = 0.0
    for number, batch in enumerate(islice(batches, _WARM_UP + _TIMED)):
        if number == _WARM_UP:
            start = time.process_time()
        optimizer.zero_grad()
        loss = model.loss(*model.predict_places(batch))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return (time.process_time() - start) / _TIMED / torch.get_num_threads()


def read_speed(model: ExperimentLitModel, data: BaseDataModule) -> float:
    """Validation lines read in a second of the processor, images at hand."""
    model.eval()
    batches = list(islice(data.val_dataloader(), _READ_BATCHES))
    with torch.inference_mode():
        read_batch(model, batches[0][0])
        start = time.process_time()
        for images, _ in batches:
            read_batch(model, images)
    return sum(len(images) for images, _ in batches) / (time.process_time() - start)


def read_batch(model: ExperimentLitModel, images: Tensor) -> list[list[int]]:
    """Labels of lines; a network with a decoder writes them without being told any."""
    has_decoder = isinstance(model.network, DecoderNetwork)
    return model.read(images, images if has_decoder else model(images))


def _repeated(data: BaseDataModule) -> Iterator[Batch]:
    while True:
        yield from data.train_dataloader()


if __name__ == "__main__":
    sys.exit(main())
