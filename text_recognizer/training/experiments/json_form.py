"""The JSON of 2019 as flags: `{"dataset": ..., "model": ..., "network": ..., ...}`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from text_recognizer.errors import OptionError
from text_recognizer.training.experiments.options import CTC

_KEYS = (
    "dataset",
    "dataset_args",
    "model",
    "network",
    "network_args",
    "train_args",
    "experiment_group",
)
_TRAIN_ARGS = {"batch_size": "batch_size", "epochs": "max_epochs"}
_TRAIN_DEFAULTS = {"batch_size": 64, "max_epochs": 16}
_OPTIMIZER = {"optimizer": "RMSprop"}

Values = Mapping[str, Any]


@dataclass(frozen=True)
class _Model:
    """A model of 2019: its network by default, its loss, and what it changes of the network."""

    network: str
    flags: Values = field(default_factory=dict)


_DATA_SETS: Mapping[str, tuple[str, Values]] = {
    "EmnistDataset": ("EMNIST", {}),
    "EmnistLinesDataset": ("EMNISTLines", {"max_length": 34, "num_test": 1000}),
}
_MODELS = {
    "CharacterModel": _Model("mlp"),
    "LineModel": _Model("line_cnn_all_conv"),
    "LineModelCtc": _Model("line_lstm_ctc", {"loss": CTC, "window_width": 12, "window_stride": 5}),
}
_NOT_YET = ("IamLinesDataset", "IamDataset", "IamParagraphsDataset", "FsdlHandwritingDataset")


def is_json(word: str) -> bool:
    """Whether a word of the command line is such JSON."""
    return word.lstrip().startswith("{")


def words_of_json(text: str) -> list[str]:
    """Flags that say the same.

    Raises:
        OptionError: it is not JSON, or a key or name is unknown.
    """
    content = _parsed(text)
    data_class, data_flags = _named(_DATA_SETS, content.get("dataset", "EmnistDataset"), "dataset")
    model = _named(_MODELS, content.get("model", "CharacterModel"), "model")
    train = _parts(content, "train_args")
    unknown = sorted(train.keys() - _TRAIN_ARGS.keys())
    if unknown:
        raise OptionError(f"train_args: {', '.join(unknown)} unknown; batch_size and epochs are.")
    values = {
        "data_class": data_class,
        "model_class": content.get("network", model.network),
        **_OPTIMIZER,
        **_TRAIN_DEFAULTS,
        **data_flags,
        **model.flags,
        **_parts(content, "dataset_args"),
        **_parts(content, "network_args"),
        **{_TRAIN_ARGS[name]: value for name, value in train.items()},
    }
    if content.get("experiment_group"):
        values["experiment_group"] = content["experiment_group"]
    return [f"--{name}={value}" for name, value in values.items()]


def _parsed(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise OptionError(f"The experiment is not JSON: {error}.") from None
    unknown = sorted(content.keys() - set(_KEYS))
    if unknown:
        known = ", ".join(_KEYS)
        raise OptionError(f"The experiment has unknown keys: {', '.join(unknown)}; known: {known}.")
    return dict(content)


def _parts(content: Values, key: str) -> dict[str, Any]:
    value = content.get(key) or {}
    if not isinstance(value, dict):
        raise OptionError(f"{key} holds names and values, not {value!r}.")
    return value


def _named(known: Mapping[str, Any], name: object, kind: str) -> Any:
    if name in _NOT_YET:
        raise OptionError(f"The {kind} {name} is not there yet; there are {', '.join(known)}.")
    if not isinstance(name, str) or name not in known:
        raise OptionError(f"No {kind} is called {name!r}; there are {', '.join(known)}.")
    return known[name]
