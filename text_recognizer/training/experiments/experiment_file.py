"""Files of several experiments of 2019: `{"experiment_group": ..., "experiments": [...]}`."""

import json
import shlex
from pathlib import Path
from typing import Any

from text_recognizer.errors import InputError, OptionError
from text_recognizer.training.experiments.json_form import words_of_json

_KEYS = ("experiment_group", "experiments")
_COMMAND = ("python", "training/run_experiment.py", "--gpu=-1")


def commands_of(path: Path) -> list[str]:
    """One command for each experiment, the group merged in, quoted for a shell.

    Raises:
        InputError: the file cannot be read, or holds no experiments.
        OptionError: an experiment says nothing; the sentence names it by its place.
    """
    content = _parsed(path)
    group = content.get("experiment_group", "")
    commands = []
    for number, part in enumerate(content["experiments"], start=1):
        merged = {**part, "experiment_group": group} if group else part
        text = json.dumps(merged)
        try:
            words_of_json(text)
        except OptionError as error:
            raise OptionError(f"{path}, experiment {number}: {error}") from None
        commands.append(shlex.join([*_COMMAND, text]))
    return commands


def _parsed(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise InputError(f"{path} is no JSON: {error}.") from None
    parts = content.get("experiments") if isinstance(content, dict) else None
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise InputError(f'{path} holds no "experiments", a list of them.')
    unknown = sorted(content.keys() - set(_KEYS))
    if unknown:
        raise InputError(f"{path} has unknown keys: {', '.join(unknown)}; {_KEYS[0]} is known.")
    return dict(content)
