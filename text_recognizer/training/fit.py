"""One training run: from options and data to checkpoints. Read this file first."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import cv2
import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import (
    Callback,
    EMAWeightAveraging,
    ModelCheckpoint,
    TQDMProgressBar,
)

from text_recognizer.data import DataPaths
from text_recognizer.errors import InputError, OptionError, StoppedError
from text_recognizer.lit_models import BaseLitModel
from text_recognizer.training.callbacks import RunClock, Samples
from text_recognizer.training.checkpoint_files import WholeCheckpoints
from text_recognizer.training.options import TrainingOptions, parse_time
from text_recognizer.training.record import RunRecord, read_checkpoint
from text_recognizer.training.stops import stops_told
from text_recognizer.training.tasks import task_of
from text_recognizer.training.tracking import make_logger

_LOG = logging.getLogger(__name__)
OPTIONS_FILE = "options.json"
COMMANDS_FILE = "run_command.txt"
LAST_CHECKPOINT = "last.ckpt"


@dataclass(frozen=True)
class RunFolder:
    """Where a run writes: options, alphabet, checkpoints, samples, records."""

    path: Path

    @property
    def last_checkpoint(self) -> Path:
        """The checkpoint that a run resumes from."""
        return self.path / "checkpoints" / LAST_CHECKPOINT

    def best_checkpoint(self) -> Path:
        """The checkpoint of the best validation, or the last one without validation.

        Raises:
            InputError: there is no checkpoint.
        """
        best = sorted((self.path / "checkpoints").glob("best*.ckpt"), key=_modified)
        found = best or sorted((self.path / "checkpoints").glob("*.ckpt"), key=_modified)
        if not found:
            raise InputError(f"{self.path} holds no checkpoint of a training run.")
        return found[-1]


@dataclass(frozen=True)
class Start:
    """What a run starts from.

    Attributes:
        resume: folder of a run to go on with, or None.
        only_cooldown: with `resume`: let the rate fall to zero and end.
        cooldown_of_used: take a fifth of the time used for it, whatever the options say.
        base: weights of a bundle by their state-dict names, or None.
        base_training_data: what that bundle was trained on.
    """

    resume: Path | None = None
    only_cooldown: bool = False
    cooldown_of_used: bool = False
    base: dict[str, torch.Tensor] | None = field(default=None, repr=False)
    base_training_data: tuple[Mapping[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.only_cooldown and not self.resume:
            raise OptionError("--cooldown needs --resume DIR, the run to finish.")


def fit(
    options: TrainingOptions,
    paths: DataPaths,
    record: RunRecord,
    folder: Path,
    start: Start | None = None,
    licences: Mapping[str, Mapping[str, str]] | None = None,
) -> RunFolder:
    """Train, and return the folder with the checkpoints.

    Args:
        options: the resolved options.
        paths: where the data lies.
        record: what checkpoints remember of the run; its symbols are learnt.
        folder: the run's folder, created if missing.
        start: what to go on from; None starts anew.
        licences: name, licence and attribution of sources, for the record.

    Raises:
        InputError: data or checkpoints are missing.
        OptionError: the run to resume trains another network.
        StoppedError: the user or the machine ended it.
    """
    start = start or Start()
    pl.seed_everything(options.trainer.seed, verbose=False)
    cv2.setNumThreads(0)
    run = RunFolder(folder)
    if start.resume and not RunFolder(start.resume).last_checkpoint.is_file():
        raise InputError(f"{start.resume} holds no checkpoint to resume from.")
    if not start.resume and run.last_checkpoint.exists():
        raise InputError(
            f"{folder} holds a run already: go on with it by --resume {folder}, or give --output."
        )
    task = task_of(options)
    data = task.make_data(options, paths, record.symbols)
    data.setup("fit")
    model = make_model(options, record.symbols, data, start.base)
    earlier = _check_resumed(start.resume, record, model) if start.resume else None
    sources = [(licences or {}).get(name) for name in task.sources(data)]
    known = [licence for licence in sources if licence is not None]
    record = replace(record, training_data=_training_data(known, start, earlier))
    model.record = record
    trainer = make_trainer(options, run, start)
    if trainer.is_global_zero:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / OPTIONS_FILE).write_text(record.config_json(), encoding="utf-8")
        (folder / COMMANDS_FILE).write_text(record.commands, encoding="utf-8")
        if trainer.logger:
            trainer.logger.log_hyperparams(options.to_dict())
    checkpoint = RunFolder(start.resume).last_checkpoint if start.resume else None
    with _told_how_to_go_on(run):
        trainer.fit(model, data, ckpt_path=checkpoint, weights_only=True)
    return run


@contextmanager
def _told_how_to_go_on(run: RunFolder) -> Iterator[None]:
    """Turns an end before the time into a sentence.

    Raises:
        StoppedError: the user or the machine ended the run.
    """
    try:
        with stops_told(partial(_how_to_go_on, run)):
            yield
    except StoppedError as error:
        if not is_first_process():  # one of them tells
            raise SystemExit(error.exit_code) from None
        raise


def _how_to_go_on(run: RunFolder) -> str:
    if not run.last_checkpoint.is_file():
        return "No checkpoint was written yet."
    return f"Go on with the same command and --resume {run.path}."


def _check_resumed(folder: Path, record: RunRecord, model: BaseLitModel) -> RunRecord:
    """The record of the run to go on with.

    Raises:
        OptionError: that run trains another network, or other symbols.
    """
    content, earlier = read_checkpoint(RunFolder(folder).last_checkpoint)
    theirs = {name: value.shape for name, value in content["state_dict"].items()}
    if theirs != {name: value.shape for name, value in model.state_dict().items()}:
        raise OptionError(f"The run in {folder} trains a network of another shape than the recipe.")
    if list(earlier.symbols) != list(record.symbols):
        raise OptionError(f"The run in {folder} learns other symbols than the recipe's alphabet.")
    return earlier


def _training_data(
    known: list[Mapping[str, str]], start: Start, earlier: RunRecord | None
) -> list[Mapping[str, str]]:
    """What is known of the sources drawn now, earlier in the run, and for the base model."""
    found = list(known)
    for item in (*(earlier.training_data if earlier else ()), *start.base_training_data):
        found += [item] if item not in found else []
    return found


def make_model(
    options: TrainingOptions,
    symbols: Sequence[str],
    data: pl.LightningDataModule,
    base: dict[str, torch.Tensor] | None = None,
) -> BaseLitModel:
    """The network with its loss, new or with the weights of a bundle.

    Raises:
        OptionError: the weights do not fit the network.
    """
    task = task_of(options)
    network = task.make_network(options, symbols)
    if base is not None:
        load_base(network, base, optional=task.optional_heads)
    in_layout = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return task.make_model(in_layout, options, symbols, data)


def load_base(
    network: torch.nn.Module, base: dict[str, torch.Tensor], *, optional: tuple[str, ...] = ()
) -> None:
    """Load a bundle's weights; heads that only training uses stay new.

    Args:
        network: gets the weights.
        base: weights by their state-dict names.
        optional: how the names of weights begin that may be missing.

    Raises:
        OptionError: names or shapes differ otherwise.
    """
    own = network.state_dict()
    wrong = sorted(
        name for name, value in base.items() if name not in own or own[name].shape != value.shape
    )
    missing = sorted(
        name
        for name in own.keys() - base.keys()
        if not name.startswith(optional) and not name.endswith("num_batches_tracked")
    )
    if wrong or missing:
        names = ", ".join((wrong + missing)[:5])
        raise OptionError(f"The base model does not fit the recipe's network: {names}.")
    network.load_state_dict({**own, **{name: value.float() for name, value in base.items()}})


def make_trainer(options: TrainingOptions, run: RunFolder, start: Start) -> pl.Trainer:
    """Lightning's trainer for the machine at hand."""
    accelerator = _accelerator(options.trainer.accelerator)
    n_processes = options.trainer.processes or _devices(accelerator)
    if accelerator == "cpu" and n_processes > 1:
        torch.set_num_threads(1)  # two processes of one thread beat one of two: docs/training.md
    return pl.Trainer(
        accelerator=accelerator,
        devices=n_processes,
        strategy="ddp" if n_processes > 1 else "auto",
        precision=_precision(options.trainer.precision, accelerator),  # type: ignore[arg-type]
        max_epochs=-1,
        max_steps=-1,  # the clock stops the run
        val_check_interval=options.trainer.validate_every_steps,
        check_val_every_n_epoch=None,
        gradient_clip_val=options.loss.clip,
        num_sanity_val_steps=0,
        log_every_n_steps=options.tracking.log_every_steps,
        logger=make_logger(options, run.path) if is_first_process() else False,
        callbacks=_callbacks(options, run, start),
        enable_model_summary=False,
        use_distributed_sampler=False,
        plugins=[WholeCheckpoints()],
    )


def _callbacks(options: TrainingOptions, run: RunFolder, start: Start) -> list[Callback]:
    trainer, task = options.trainer, task_of(options)
    counts_steps = bool(trainer.max_steps) and not start.cooldown_of_used
    length = 0.0
    if not start.cooldown_of_used:
        length = trainer.max_steps or parse_time(trainer.max_time, name="trainer.max_time")
    clock = RunClock(
        peak_rate=options.loss.learning_rate,
        length=length,
        cooldown=trainer.cooldown,
        warm_up_steps=trainer.warm_up_steps,
        counts_steps=counts_steps,
        only_cooldown=start.only_cooldown,
        last_checkpoint=run.last_checkpoint,
    )
    checkpoints = run.path / "checkpoints"
    return [
        clock,
        EMAWeightAveraging(decay=options.loss.ema),
        ModelCheckpoint(
            checkpoints,
            "best-{step}",
            monitor=task.monitor,
            mode="min",
            enable_version_counter=False,
        ),
        ModelCheckpoint(
            checkpoints,
            "last",
            every_n_train_steps=100,
            save_on_train_epoch_end=True,
            enable_version_counter=False,
        ),
        Samples(run.path / "samples", task.draw_samples),
        TQDMProgressBar(refresh_rate=10),
    ]


def _accelerator(name: str) -> str:
    if name != "auto":
        return "cuda" if name == "gpu" else name
    return "cuda" if torch.cuda.is_available() else "cpu"


def _devices(accelerator: str) -> int:
    if accelerator == "cuda":
        return torch.cuda.device_count()
    if accelerator != "cpu":
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))  # the cores this process may use
    return os.cpu_count() or 1


def _precision(name: str, accelerator: str) -> str:
    if name != "auto":
        return name
    if accelerator == "cuda":
        return "bf16-mixed"
    has_bf16 = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bf16-mixed" if has_bf16 else "32-true"


def is_first_process() -> bool:
    """False in the processes that the first one starts to train with."""
    return pl.utilities.rank_zero_only.rank == 0  # type: ignore[attr-defined,no-any-return]


def _modified(path: Path) -> float:
    return path.stat().st_mtime
