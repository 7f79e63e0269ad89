"""The JSON of 2019 as flags: `{"dataset": ..., "model": ..., "network": ..., ...}`.

Sweeps of 2019 give its parts one by one, as flags: `dataset=NAME`, `train_args.epochs=5`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from text_recognizer.errors import OptionError
from text_recognizer.training.experiments.options import CTC

_NAMES = ("dataset", "model", "network")
_NESTED = ("dataset_args", "network_args", "train_args")
_KEYS = (*_NAMES, *_NESTED, "experiment_group")
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
    "EmnistDataset": ("EMNIST", {"mapping": 2019}),
    "EmnistLinesDataset": (
        "EMNISTLines",
        {"mapping": 2019, "max_length": 34, "num_test": 1000},
    ),
    "IamLinesDataset": ("IamLinesDataset", {}),
    "IamParagraphsDataset": ("IamParagraphsDataset", {}),
    "FsdlHandwritingDataset": ("FSDLHandwriting", {}),
}
_MODELS = {
    "CharacterModel": _Model("mlp"),
    "LineModel": _Model("line_cnn_all_conv"),
    "LineDetectorModel": _Model("fcn", {"optimizer": "Adam", "lr": 0.0005}),
    "LineModelCtc": _Model("line_lstm_ctc", {"loss": CTC, "window_width": 12, "window_stride": 5}),
}


def is_json(word: str) -> bool:
    """Whether a word of the command line is such JSON."""
    return word.lstrip().startswith("{")


def without_2019(words: Sequence[str]) -> list[str]:
    """Words with flags in place of what is said as in 2019; other flags go before those.

    Raises:
        OptionError: what should be JSON is not, or a key or name is unknown.
    """
    flags: list[str] = []
    parts: dict[str, Any] = {}
    given = []
    for word in words:
        key, dot, name = word.removeprefix("--").partition("=")[0].partition(".")
        if is_json(word):
            flags += words_of_json(word)
        elif word.startswith("--") and "=" in word and key in (_NESTED if dot else _NAMES):
            target = parts.setdefault(key, {}) if dot else parts
            target[name if dot else key] = word.partition("=")[2]
        else:
            given.append(word)
    return [*flags, *(words_of_parts(parts) if parts else ()), *given]


def words_of_json(text: str) -> list[str]:
    """Flags that say the same.

    Raises:
        OptionError: it is not JSON, or a key or name is unknown.
    """
    return words_of_parts(_parsed(text))


def words_of_parts(content: Values) -> list[str]:
    """Flags that say the same as the content of such JSON.

    Raises:
        OptionError: a name is unknown.
    """
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
    if not isinstance(name, str) or name not in known:
        raise OptionError(f"No {kind} is called {name!r}; there are {', '.join(known)}.")
    return known[name]
