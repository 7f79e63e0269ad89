"""Options of a training run: one small dataclass per part, read from a TOML recipe.

Unknown keys are errors, `key=value` settings override the file, and the resolved options are
saved with every model. Knows nothing about how the options are used.
"""

import dataclasses
import datetime
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from text_recognizer.data.options import (
    HandwritingLinesOptions,
    HandwritingPagesOptions,
    NoisyTextOptions,
)
from text_recognizer.errors import InputError, OptionError
from text_recognizer.models.edit_tagger import EditTaggerOptions
from text_recognizer.models.line_finder_unet import LineFinderUNetOptions
from text_recognizer.models.line_resnet_lstm import LineResnetLSTMOptions


@dataclass(frozen=True)
class OptimiserOptions:
    """The optimiser (AdamW).

    Attributes:
        learning_rate: peak rate.
        weight_decay: of weights; norms and biases have none.
        betas: of AdamW.
        clip: largest norm of the gradient.
        ema: decay of the weights' moving average, which is what is validated and exported.
    """

    learning_rate: float = 1.5e-3
    weight_decay: float = 0.02
    betas: tuple[float, float] = (0.9, 0.99)
    clip: float = 1.0
    ema: float = 0.998

    def __post_init__(self) -> None:
        if not 0 < self.learning_rate < 1:
            raise OptionError(f"loss.learning_rate is between 0 and 1, not {self.learning_rate}.")
        if not 0 <= self.ema < 1:
            raise OptionError(f"loss.ema is at least 0 and below 1, not {self.ema}.")


@dataclass(frozen=True)
class CTCLossOptions(OptimiserOptions):
    """Loss of a line network, and its optimiser.

    Attributes:
        shortcut_weight: weight of the shortcut head's loss.
    """

    shortcut_weight: float = 0.1


@dataclass(frozen=True)
class FinderLossOptions(OptimiserOptions):
    """Loss of a line finder, and its optimiser.

    Attributes:
        ends_weight: weight of the map of line ends.
        height_weight: weight of the two maps of heights.
    """

    learning_rate: float = 2e-3
    ends_weight: float = 0.5
    height_weight: float = 0.5


@dataclass(frozen=True)
class CorrectorLossOptions(OptimiserOptions):
    """Loss of a corrector, and its optimiser.

    Attributes:
        language_weight: weight of the loss of the characters that both directions foretell.
    """

    learning_rate: float = 2e-3
    language_weight: float = 1.0


@dataclass(frozen=True)
class TrainerOptions:
    """Length, schedule and machine of a run.

    Attributes:
        max_time: length of this call, `HH:MM:SS`; empty if `max_steps` bounds it.
        max_steps: optimiser steps in all; 0 if `max_time` bounds it.
        warm_up_steps: steps until the rate has risen to its peak.
        cooldown: share of the time (or steps) used in all over which the rate falls to zero at
            the end; 0 keeps it constant, for a run that goes on later.
        validate_every_steps: optimiser steps between validations; the end is validated always.
        validation_lines: lines validated at most.
        accelerator: as Lightning names it.
        processes: processes that train together, gradients averaged; 0: one per CPU core, or one
            per GPU.
        precision: `auto` (bf16 where the hardware computes it), `32-true`, `bf16-mixed`.
        seed: of everything random.
    """

    max_time: str = "02:30:00"
    max_steps: int = 0
    warm_up_steps: int = 300
    cooldown: float = 0.2
    validate_every_steps: int = 600
    validation_lines: int = 600
    accelerator: str = "auto"
    processes: int = 0
    precision: str = "auto"
    seed: int = 42

    def __post_init__(self) -> None:
        if not self.max_time and not self.max_steps:
            raise OptionError("Give trainer.max_time or trainer.max_steps; both are empty.")
        if self.max_time:
            parse_time(self.max_time, name="trainer.max_time")
        if self.validate_every_steps < 1:
            raise OptionError("trainer.validate_every_steps is at least 1.")
        if not 0 <= self.cooldown <= 1:
            raise OptionError(f"trainer.cooldown is between 0 and 1, not {self.cooldown}.")


@dataclass(frozen=True)
class TrackingOptions:
    """Where a run is recorded.

    Attributes:
        logger: `auto` (MLflow if it is installed, else CSV), `mlflow`, `csv` or `none`.
        experiment: name under which runs are grouped.
        log_every_steps: steps between two records of the loss.
    """

    logger: str = "auto"
    experiment: str = "text-recognizer"
    log_every_steps: int = 50

    def __post_init__(self) -> None:
        if self.logger not in ("auto", "mlflow", "csv", "none"):
            raise OptionError(f"tracking.logger is auto, mlflow, csv or none, not {self.logger!r}.")


@dataclass(frozen=True)
class TrainingOptions:
    """Options of any run; a kind of network has `data`, `network` and a `loss` of its own."""

    name: str
    trainer: TrainerOptions = field(default_factory=TrainerOptions)
    tracking: TrackingOptions = field(default_factory=TrackingOptions)
    network_class: str = ""
    loss: OptimiserOptions = field(default_factory=OptimiserOptions)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as saved beside checkpoints and in bundles."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class LineTrainingOptions(TrainingOptions):
    """All options of the training of a line network."""

    network_class: str = "LineResnetLSTM"
    data: HandwritingLinesOptions = field(default_factory=HandwritingLinesOptions)
    network: LineResnetLSTMOptions = field(default_factory=LineResnetLSTMOptions)
    loss: CTCLossOptions = field(default_factory=CTCLossOptions)


@dataclass(frozen=True)
class FinderTrainingOptions(TrainingOptions):
    """All options of the training of a line finder."""

    network_class: str = "LineFinderUNet"
    data: HandwritingPagesOptions = field(default_factory=HandwritingPagesOptions)
    network: LineFinderUNetOptions = field(default_factory=LineFinderUNetOptions)
    loss: FinderLossOptions = field(default_factory=FinderLossOptions)


@dataclass(frozen=True)
class CorrectorTrainingOptions(TrainingOptions):
    """All options of the training of a corrector."""

    network_class: str = "EditTagger"
    data: NoisyTextOptions = field(default_factory=NoisyTextOptions)
    network: EditTaggerOptions = field(default_factory=EditTaggerOptions)
    loss: CorrectorLossOptions = field(default_factory=CorrectorLossOptions)


OPTIONS: dict[str, type[TrainingOptions]] = {
    "LineResnetLSTM": LineTrainingOptions,
    "LineFinderUNet": FinderTrainingOptions,
    "EditTagger": CorrectorTrainingOptions,
}


def load_recipe(path: Path, settings: Sequence[str] = ()) -> TrainingOptions:
    """Options of a TOML recipe with `key=value` settings applied.

    A setting's key is dotted (`loss.learning_rate`); its value is read as TOML, or taken as a
    string if it is not TOML.

    Raises:
        InputError: the file is missing or not TOML.
        OptionError: a key is unknown or a value not allowed; the message names it.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The recipe {path} cannot be read: {error.strerror}.") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"The recipe {path} is not TOML: {error}.") from error
    for setting in settings:
        _apply_setting(content, setting)
    return options_from_dict({"name": path.stem, **content})


def options_from_dict(content: Mapping[str, Any]) -> TrainingOptions:
    """Options of nested plain values, as `TrainingOptions.to_dict` writes them.

    Raises:
        OptionError: a key is unknown or a value not allowed.
    """
    class_name = content.get("network_class", "LineResnetLSTM")
    if class_name not in OPTIONS:
        raise OptionError(f"No network is called {class_name!r}; there are {', '.join(OPTIONS)}.")
    options: TrainingOptions = _build(OPTIONS[class_name], content, "")
    return options


def parse_time(text: str, *, name: str) -> float:
    """Seconds of `HH:MM:SS`.

    Raises:
        OptionError: the text has another form.
    """
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        raise OptionError(f"{name} is a time as HH:MM:SS, not {text!r}.")
    hours, minutes, seconds = map(int, parts)
    return float(3600 * hours + 60 * minutes + seconds)


def _apply_setting(content: dict[str, Any], setting: str) -> None:
    key, equals, value = setting.partition("=")
    if not equals:
        raise OptionError(f"A setting is written key=value, not {setting!r}.")
    try:
        parsed: Any = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value
    if isinstance(parsed, datetime.time):  # TOML has times of day, the options have durations
        parsed = value
    *parents, last = key.strip().split(".")
    for parent in parents:
        content = content.setdefault(parent, {})
        if not isinstance(content, dict):
            raise OptionError(f"The setting {key!r} goes into {parent!r}, which holds no keys.")
    content[last] = parsed


def _build(kind: type, content: Mapping[str, Any], prefix: str) -> Any:
    """An options dataclass of plain values, nested ones included."""
    hints = typing.get_type_hints(kind)
    known = {f.name for f in dataclasses.fields(kind)}
    unknown = sorted(set(content) - known)
    if unknown:
        names = ", ".join(prefix + key for key in unknown)
        raise OptionError(f"Unknown option {names}; known are {', '.join(sorted(known))}.")
    values = {}
    for key, value in content.items():
        hint = hints[key]
        if dataclasses.is_dataclass(hint):
            values[key] = _build(typing.cast(type, hint), value, f"{prefix}{key}.")
        else:
            values[key] = _convert(value, hint, prefix + key)
    return kind(**values)


def _convert(value: Any, hint: Any, name: str) -> Any:
    """Value as its type hint says: lists become tuples, whole numbers become floats."""
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin is types.UnionType or origin is typing.Union:
        inner = [a for a in arguments if a is not type(None)]
        return None if value is None else _convert(value, inner[0], name)
    if origin is tuple and isinstance(value, list | tuple):
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_convert(item, arguments[0], name) for item in value)
        if len(arguments) == len(value):
            pairs = zip(value, arguments, strict=True)
            return tuple(_convert(item, argument, name) for item, argument in pairs)
    elif origin is dict and isinstance(value, Mapping):
        return {str(key): _convert(item, arguments[1], name) for key, item in value.items()}
    elif hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    elif origin is None and isinstance(value, hint) and isinstance(value, bool) == (hint is bool):
        return value
    wanted = getattr(hint, "__name__", str(hint))
    raise OptionError(f"Option {name} takes a value of type {wanted}, not {value!r}.")
