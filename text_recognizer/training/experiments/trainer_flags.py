"""The Trainer flags of 2021 in the terms of today's Lightning: mapped, or refused in a sentence.

Knows nothing about data sets, networks and losses.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import (
    Callback,
    ModelSummary,
    StochasticWeightAveraging,
    TQDMProgressBar,
)
from lightning.pytorch.utilities.exceptions import (  # type: ignore[attr-defined]
    MisconfigurationException,
)

from text_recognizer.errors import OptionError
from text_recognizer.training.checkpoint_files import WholeCheckpoints
from text_recognizer.training.experiments.gpu_use import GPUUtilizationSampler
from text_recognizer.training.experiments.trainer_callbacks import GradientNorm, StopOnNaN
from text_recognizer.training.options import parse_time

_STRATEGIES = ("ddp", "ddp_spawn", "ddp_find_unused_parameters_true", "fsdp", "deepspeed", "auto")
_DEVICES = ("cpu", "gpu", "cuda", "mps", "tpu")
_SUMMARIES = {"top": 1, "full": -1, "none": 0}


@dataclass
class TrainerSettings:
    """What flags come to.

    Attributes:
        arguments: of `pl.Trainer`.
        callbacks: that do what once were flags.
        checkpoint: a run to go on with, or None.
        samples_gpu: whether the GPU's use is sampled; None: if one is used.
        finds_rate: whether a learning rate is looked for before training.
        keeps_checkpoints: whether checkpoints are written.
        logs: whether a logger is used.
        notes: what a user should know of how flags were taken.
    """

    arguments: dict[str, Any] = field(default_factory=dict)
    callbacks: list[Callback] = field(default_factory=list)
    checkpoint: Path | None = None
    samples_gpu: bool | None = None
    finds_rate: bool = False
    keeps_checkpoints: bool = True
    logs: bool = True
    notes: list[str] = field(default_factory=list)


Apply = Callable[[TrainerSettings, Any], None]


@dataclass(frozen=True)
class Flag:
    """One flag.

    Attributes:
        convert: text to a value.
        apply: what a value does; None: the argument of the same name of `pl.Trainer` takes it.
        constant: value of the flag without one, as in `--deterministic`; None: it needs one.
        help: for `--help`.
    """

    convert: Callable[[str], Any]
    apply: Apply | None = None
    constant: str | None = None
    help: str = ""


def _yes_or_no(text: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if text.lower() not in known:
        raise ValueError(f"{text!r} is neither true nor false")
    return known[text.lower()]


def _count_or_share(text: str) -> int | float:
    """A whole number counts batches, one with a point is a share of them."""
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _run_or_steps(text: str) -> bool | int:
    return int(text) if text.isdigit() and int(text) > 1 else _yes_or_no(text)


def _precision(text: str) -> str:
    known = {"16": "16-mixed", "bf16": "bf16-mixed", "32": "32-true", "64": "64-true"}
    return known.get(text, text)


def _devices(text: str) -> list[int] | int:
    """`-1` and `2` count GPUs, `0,1` names them."""
    if "," in text:
        return [int(part) for part in text.split(",") if part.strip()]
    return int(text)


def _set(name: str) -> Apply:
    def apply(settings: TrainerSettings, value: Any) -> None:
        settings.arguments[name] = value

    return apply


def _gpus(settings: TrainerSettings, value: list[int] | int) -> None:
    if value == 0:
        settings.arguments |= {"accelerator": "cpu"}
    elif not torch.cuda.is_available():
        settings.arguments |= {"accelerator": "cpu"}
        settings.notes.append("There is no GPU here: the CPU is used.")
    else:
        settings.arguments |= {"accelerator": "cuda", "devices": value}


def _processes(settings: TrainerSettings, value: int) -> None:
    """Of the CPU, unless GPUs were asked for."""
    if value > 1:
        settings.arguments.setdefault("accelerator", "cpu")
    settings.arguments["devices"] = value


def _accelerator(settings: TrainerSettings, value: str) -> None:
    """In 2021 it named what is `strategy` today; both are taken."""
    if value in ("ddp_cpu", "ddp_spawn_cpu"):
        settings.arguments |= {"accelerator": "cpu", "strategy": value.removesuffix("_cpu")}
    elif value in _STRATEGIES:
        settings.arguments["strategy"] = value
    elif value in _DEVICES:
        settings.arguments["accelerator"] = value
    elif value in ("dp", "ddp2", "horovod"):
        raise OptionError(f"--accelerator={value} is gone from Lightning: give --accelerator=ddp.")
    else:
        known = ", ".join((*_DEVICES, *_STRATEGIES, "ddp_cpu"))
        raise OptionError(f"--accelerator is one of {known}, not {value!r}.")


def _stop_on_nan(settings: TrainerSettings, value: bool) -> None:
    if value:
        settings.callbacks.append(StopOnNaN())


def _average_weights(settings: TrainerSettings, value: bool) -> None:
    if value:
        settings.callbacks.append(StochasticWeightAveraging(swa_lrs=1e-2))


def _find_rate(settings: TrainerSettings, value: bool) -> None:
    settings.finds_rate = value


def _sample_gpu(settings: TrainerSettings, value: bool) -> None:
    settings.samples_gpu = value


def _track_norm(settings: TrainerSettings, value: float) -> None:
    if value > 0:
        settings.callbacks.append(GradientNorm(value))


def _resume(settings: TrainerSettings, value: Path) -> None:
    if not value.is_file():
        raise OptionError(f"--resume_from_checkpoint: {value} does not exist.")
    settings.checkpoint = value


def _keep_checkpoints(settings: TrainerSettings, value: bool) -> None:
    settings.keeps_checkpoints = value


def _log(settings: TrainerSettings, value: bool) -> None:
    settings.logs = value


def _refresh_bar(settings: TrainerSettings, value: int) -> None:
    if value == 0:
        settings.arguments["enable_progress_bar"] = False
    else:
        settings.callbacks.append(TQDMProgressBar(refresh_rate=value))


def _summarise(settings: TrainerSettings, value: str) -> None:
    if value.lower() not in _SUMMARIES:
        raise OptionError(f"--weights_summary is top, full or none, not {value!r}.")
    settings.arguments["enable_model_summary"] = False
    if value.lower() != "none":
        settings.callbacks.append(ModelSummary(max_depth=_SUMMARIES[value.lower()]))


def _reload(settings: TrainerSettings, value: bool) -> None:
    settings.arguments["reload_dataloaders_every_n_epochs"] = int(value)


def _time(text: str) -> timedelta:
    """`DD:HH:MM:SS`, as Lightning writes it, or `HH:MM:SS`."""
    days, _, rest = text.rpartition(":") if text.count(":") == 2 else text.partition(":")
    if text.count(":") == 3:
        return timedelta(days=int(days), seconds=parse_time(rest, name="--max_time"))
    return timedelta(seconds=parse_time(text, name="--max_time"))


def _nothing(note: str) -> Apply:
    def apply(settings: TrainerSettings, value: Any) -> None:
        settings.notes.append(note)

    return apply


def _refuse(sentence: str) -> Apply:
    def apply(settings: TrainerSettings, value: Any) -> None:
        raise OptionError(sentence)

    return apply


_SHARE_HELP = "a whole number of batches, or with a point a share of them"

FLAGS: Mapping[str, Flag] = {
    # as they are
    "max_epochs": Flag(int),
    "min_epochs": Flag(int),
    "max_steps": Flag(int),
    "min_steps": Flag(int),
    "max_time": Flag(_time, help="HH:MM:SS"),
    "devices": Flag(_devices),
    "strategy": Flag(str),
    "num_nodes": Flag(int),
    "accumulate_grad_batches": Flag(int),
    "gradient_clip_val": Flag(float, help="0: off"),
    "gradient_clip_algorithm": Flag(str),
    "check_val_every_n_epoch": Flag(int),
    "val_check_interval": Flag(_count_or_share, help=_SHARE_HELP),
    "limit_train_batches": Flag(_count_or_share, help=_SHARE_HELP),
    "limit_val_batches": Flag(_count_or_share, help=_SHARE_HELP),
    "limit_test_batches": Flag(_count_or_share, help=_SHARE_HELP),
    "limit_predict_batches": Flag(_count_or_share, help=_SHARE_HELP),
    "overfit_batches": Flag(_count_or_share, help=_SHARE_HELP),
    "num_sanity_val_steps": Flag(int),
    "log_every_n_steps": Flag(int),
    "default_root_dir": Flag(str),
    "profiler": Flag(str),
    "fast_dev_run": Flag(_run_or_steps, constant="true"),
    "benchmark": Flag(_yes_or_no, constant="true"),
    "deterministic": Flag(_yes_or_no, constant="true"),
    "sync_batchnorm": Flag(_yes_or_no, constant="true"),
    "detect_anomaly": Flag(_yes_or_no, constant="true"),
    # under another name or form
    "precision": Flag(_precision),
    "gpus": Flag(_devices, _gpus, help="-1: all; 0: none; 0,1: these"),
    "accelerator": Flag(str, _accelerator),
    "num_processes": Flag(int, _processes, help="processes on the CPU"),
    "reload_dataloaders_every_epoch": Flag(_yes_or_no, _reload, "true"),
    "progress_bar_refresh_rate": Flag(int, _refresh_bar),
    "weights_summary": Flag(str, _summarise),
    "checkpoint_callback": Flag(_yes_or_no, _keep_checkpoints, "true"),
    "logger": Flag(_yes_or_no, _log, "true"),
    "resume_from_checkpoint": Flag(Path, _resume),
    # callbacks
    "terminate_on_nan": Flag(_yes_or_no, _stop_on_nan, "true"),
    "stochastic_weight_avg": Flag(_yes_or_no, _average_weights, "true"),
    "gpu_util_sampler": Flag(_yes_or_no, _sample_gpu, "true", help="on where a GPU is used"),
    "auto_lr_find": Flag(_yes_or_no, _find_rate, "true"),
    "auto_scale_batch_size": Flag(
        str, _refuse("--auto_scale_batch_size: give --batch_size; --help shows it."), "power"
    ),
    "track_grad_norm": Flag(float, _track_norm),
    # what Lightning does by itself now
    "auto_select_gpus": Flag(
        _yes_or_no, _nothing("--auto_select_gpus: the first GPU is taken."), "true"
    ),
    "amp_backend": Flag(
        str, _nothing("--amp_backend: torch's own mixed precision is used (--precision=16).")
    ),
    "flush_logs_every_n_steps": Flag(
        int, _nothing("--flush_logs_every_n_steps: records are written as they come.")
    ),
    "move_metrics_to_cpu": Flag(
        _yes_or_no, _nothing("--move_metrics_to_cpu: metrics are counted on the CPU."), "true"
    ),
    "prepare_data_per_node": Flag(
        _yes_or_no, _nothing("--prepare_data_per_node: each data set knows it."), "true"
    ),
    "replace_sampler_ddp": Flag(
        _yes_or_no, _nothing("--replace_sampler_ddp: data sets share themselves out."), "true"
    ),
    # gone
    "amp_level": Flag(str, _refuse("--amp_level belongs to apex: give --precision=16.")),
    "tpu_cores": Flag(str, _refuse("--tpu_cores: TPUs are not supported; a CPU or GPU is.")),
    "plugins": Flag(str, _refuse("--plugins is gone from Lightning: give --strategy.")),
    "log_gpu_memory": Flag(
        str, _refuse("--log_gpu_memory is gone from Lightning: look with nvidia-smi.")
    ),
    "multiple_trainloader_mode": Flag(
        str, _refuse("--multiple_trainloader_mode: join data sets by --data_class=A+B.")
    ),
    "process_position": Flag(
        int, _refuse("--process_position is gone from Lightning: start runs in terminals apart.")
    ),
    "truncated_bptt_steps": Flag(
        int, _refuse("--truncated_bptt_steps is gone from Lightning: lines are short enough.")
    ),
    "weights_save_path": Flag(
        str, _refuse("--weights_save_path is gone from Lightning: give --default_root_dir.")
    ),
}


def add_trainer_flags(parser: ArgumentParser) -> None:
    """Add all flags; those that are not given are absent from what is parsed."""
    group = parser.add_argument_group("Trainer", "flags of Lightning, those of 2021 among them")
    for name, flag in FLAGS.items():
        group.add_argument(
            f"--{name}",
            nargs=None if flag.constant is None else "?",
            const=flag.constant,
            metavar="VALUE",
            help=flag.help or None,
        )


def trainer_settings(values: Namespace | Mapping[str, Any]) -> TrainerSettings:
    """What the flags that were given come to.

    Args:
        values: texts by the flags' names; None and names that are no Trainer flags are passed over.

    Raises:
        OptionError: a value is not allowed, or a flag cannot be honoured any more.
    """
    given = vars(values) if isinstance(values, Namespace) else values
    settings = TrainerSettings()
    for name, flag in FLAGS.items():
        text = given.get(name)
        if text is None:
            continue
        try:
            value = flag.convert(str(text))
        except ValueError as error:
            raise OptionError(f"--{name} does not take {text!r}: {error}.") from None
        (flag.apply or _set(name))(settings, value)
    _fit_precision(settings)
    return settings


def _fit_precision(settings: TrainerSettings) -> None:
    """Half precision of GPUs is bf16 on a CPU, which has the range of 32 bits."""
    is_cpu = settings.arguments.get("accelerator") == "cpu" or not torch.cuda.is_available()
    if settings.arguments.get("precision") == "16-mixed" and is_cpu:
        settings.arguments["precision"] = "bf16-mixed"
        settings.notes.append("--precision=16: the CPU computes in bf16.")


def make_trainer(settings: TrainerSettings, **arguments: Any) -> pl.Trainer:
    """Lightning's trainer; what the settings say goes before the arguments.

    Raises:
        OptionError: Lightning does not take a value.
    """
    callbacks = [*arguments.pop("callbacks", []), *settings.callbacks]
    if settings.samples_gpu is not False:
        callbacks.append(GPUUtilizationSampler(was_asked_for=settings.samples_gpu is True))
    own = {
        "callbacks": callbacks,
        "plugins": [WholeCheckpoints()],
        "use_distributed_sampler": False,  # the data modules know how processes share samples
    }
    try:
        return pl.Trainer(**{**arguments, **settings.arguments, **own})
    except (ValueError, TypeError, RuntimeError, MisconfigurationException) as error:
        raise OptionError(f"Lightning does not take these flags: {error}") from error
