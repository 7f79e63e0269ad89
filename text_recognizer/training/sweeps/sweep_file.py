"""Sweep files of Weights & Biases: what is searched, how, and by which command.

Knows the format (https://docs.wandb.ai/guides/sweeps) and nothing about how trials are run. What
this program cannot do is refused in a sentence, so that a file means the same under both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from optuna.distributions import BaseDistribution, distribution_to_json

from text_recognizer.errors import InputError, OptionError
from text_recognizer.training.sweeps.search_space import first_values, grid_size, read_parameter

RANDOM, GRID, BAYES = "random", "grid", "bayes"
_METHODS = (RANDOM, GRID, BAYES)
_PROGRAM = "run_experiment.py"
_KEYS = ("program", "method", "metric", "parameters", "early_terminate", "command", "run_cap")
_FOR_READERS = ("name", "description", "project", "entity")
_LEADING = ("${env}", "/usr/bin/env", "${interpreter}", "python", "python3")
_ARGUMENTS = ("${args}", "${args_no_boolean_flags}")
_ACCOUNT = "--wandb"


@dataclass(frozen=True)
class Halving:
    """Trials that are behind are ended early.

    Attributes:
        first: validations of a trial before it is compared for the first time.
        eta: at each comparison one of so many trials goes on, and so many times later is the next.
    """

    first: int
    eta: int = 3

    def __post_init__(self) -> None:
        if self.first < 1 or self.eta < 2:
            raise OptionError(
                "early_terminate: min_iter is at least 1 and eta at least 2, not "
                f"{self.first} and {self.eta}."
            )


@dataclass(frozen=True)
class Sweep:
    """What a sweep file says.

    Attributes:
        method: `random`, `grid` or `bayes`.
        metric: name of the figure that chooses.
        maximises: whether the largest is the best.
        program: the path that the file gives, of `run_experiment.py`.
        words: flags that every trial has.
        values: parameters of one value.
        space: parameters that are searched.
        halving: when trials are ended early; None: never.
        n_trials: of the whole grid, or the file's `run_cap`; None if it does not say.
    """

    method: str
    metric: str
    maximises: bool
    program: str
    words: tuple[str, ...]
    values: Mapping[str, Any]
    space: Mapping[str, BaseDistribution]
    halving: Halving | None
    n_trials: int | None

    def flags(self, chosen: Mapping[str, Any] | None = None) -> list[str]:
        """Flags of a trial, as W&B gives them: `--name=value`; null leaves a flag out.

        Args:
            chosen: values of the parameters that are searched; None takes the first of each.
        """
        given = {**self.values, **(first_values(self.space) if chosen is None else chosen)}
        return [
            *self.words,
            *(f"--{name}={value}" for name, value in given.items() if value is not None),
        ]

    def identity(self) -> dict[str, Any]:
        """What must not change while a study goes on."""
        space = {name: distribution_to_json(kind) for name, kind in self.space.items()}
        return {
            "method": self.method,
            "metric": [self.metric, self.maximises],
            "flags": self.flags({}),
            "space": space,
        }


def read_sweep(path: Path) -> Sweep:
    """The sweep of a file.

    Raises:
        InputError: the file cannot be read or is no YAML.
        OptionError: it asks for something that there is not; the sentence names it.
    """
    content = _parsed(path)
    try:
        return _sweep(content)
    except OptionError as error:
        raise OptionError(f"{path}: {error}") from None


def _parsed(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        place = " ".join(str(error).split())
        raise InputError(f"{path} is no YAML: {place}.") from None
    if not isinstance(content, dict):
        raise InputError(f"{path} is no sweep: it holds no keys such as method and parameters.")
    return content


def _sweep(content: Mapping[str, Any]) -> Sweep:
    _check_keys("The sweep", content, (*_KEYS, *_FOR_READERS))
    method = content.get("method", RANDOM)
    if method not in _METHODS:
        raise OptionError(f"method is {', '.join(_METHODS)}, not {method!r}.")
    metric, maximises = _metric(content.get("metric"))
    values, space = _parameters(content.get("parameters"))
    n_points = grid_size(space) if method == GRID else None
    cap = content.get("run_cap")
    if cap is not None and (not isinstance(cap, int) or cap < 1):
        raise OptionError(f"run_cap is at least 1, not {cap!r}.")
    return Sweep(
        method=method,
        metric=metric,
        maximises=maximises,
        program=_program(content.get("program")),
        words=_words(content.get("command")),
        values=values,
        space=space,
        halving=_halving(content.get("early_terminate")),
        n_trials=min(cap, n_points) if cap and n_points else cap or n_points,
    )


def _check_keys(what: str, content: Mapping[str, Any], known: tuple[str, ...]) -> None:
    unknown = sorted(str(key) for key in content if key not in known)
    if unknown:
        raise OptionError(
            f"{what} has unknown keys: {', '.join(unknown)}; there are {_and(known)}."
        )


def _and(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _metric(content: Any) -> tuple[str, bool]:
    if not isinstance(content, dict) or not isinstance(content.get("name"), str):
        raise OptionError("metric needs a name, such as val_loss, and a goal.")
    _check_keys("metric", content, ("name", "goal"))
    name, goal = content["name"], content.get("goal", "minimize")
    if goal not in ("minimize", "maximize"):
        raise OptionError(f"metric.goal is minimize or maximize, not {goal!r}.")
    if name.startswith("test_"):
        raise OptionError(f"metric is {name}, and the test split chooses nothing: take val_loss.")
    return name, goal == "maximize"


def _parameters(content: Any) -> tuple[dict[str, Any], dict[str, BaseDistribution]]:
    if not isinstance(content, dict) or not content:
        raise OptionError("parameters names the flags to search, with their values.")
    values: dict[str, Any] = {}
    space: dict[str, BaseDistribution] = {}
    for name, part in content.items():
        read = read_parameter(str(name), part)
        if isinstance(read, BaseDistribution):
            space[str(name)] = read
        else:
            values[str(name)] = read
    return values, space


def _program(name: Any) -> str:
    if not isinstance(name, str) or PurePosixPath(name).name != _PROGRAM:
        raise OptionError(f"program is training/{_PROGRAM}, not {name!r}.")
    return name


def _words(command: Any) -> tuple[str, ...]:
    """Flags of the command; the interpreter, the program and `${args}` are known without it."""
    if command is None:
        return ()
    if not isinstance(command, list) or not all(isinstance(word, str | int) for word in command):
        raise OptionError("command is a list of words.")
    words = [str(word) for word in command]
    while words and words[0] in _LEADING:
        words.pop(0)
    if not words or words.pop(0) != "${program}" or not any(word in _ARGUMENTS for word in words):
        raise OptionError("command runs ${program} with Python and gives it ${args}.")
    flags = tuple(word for word in words if word not in (*_ARGUMENTS, _ACCOUNT))
    strange = [word for word in flags if not word.startswith("--") or "${" in word]
    if strange:
        raise OptionError(f"command: {strange[0]} is no flag of the form --name=value.")
    return flags


def _halving(content: Any) -> Halving | None:
    if content is None:
        return None
    if not isinstance(content, dict) or content.get("type") != "hyperband":
        raise OptionError("early_terminate: type is hyperband.")
    _check_keys("early_terminate", content, ("type", "min_iter", "max_iter", "s", "eta", "strict"))
    numbers = {key: content[key] for key in ("min_iter", "max_iter", "s", "eta") if key in content}
    if not all(isinstance(value, int) for value in numbers.values()):
        raise OptionError("early_terminate: min_iter, max_iter, s and eta are whole numbers.")
    eta = numbers.get("eta", 3)
    if "min_iter" in numbers:
        return Halving(numbers["min_iter"], eta)
    if "max_iter" in numbers and "s" in numbers:
        return Halving(int(numbers["max_iter"] / max(eta, 1) ** numbers["s"]), eta)
    raise OptionError("early_terminate needs min_iter, or max_iter and s.")
