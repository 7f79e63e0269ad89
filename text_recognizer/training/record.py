"""What a run remembers in its checkpoints beside weights, so that one alone can be exported.

Plain values only: checkpoints are read with `weights_only`.
"""

import dataclasses
import json
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import torch

from text_recognizer.errors import InputError

RECORD_KEY = "text_recognizer"
_NOT_A_CHECKPOINT = (
    OSError,
    RuntimeError,
    LookupError,
    ValueError,
    TypeError,
    EOFError,
    pickle.UnpicklingError,
)


@dataclass(frozen=True)
class RunRecord:
    """Options, alphabet, data and commands of a run.

    Attributes:
        options: resolved options, plain values.
        symbols: of labels 1, 2, ...
        commands: the commands that made the run, one a line, without absolute paths.
        training_data: name, licence and attribution of each source.
        figures: metrics at the time of the checkpoint.
        git_commit: of the program at the start of the last call; None if not known.
    """

    options: Mapping[str, Any]
    symbols: Sequence[str]
    commands: str = ""
    training_data: Sequence[Mapping[str, str]] = field(default_factory=list)
    figures: Mapping[str, float] = field(default_factory=dict)
    git_commit: str | None = None

    def to_dict(self, figures: Mapping[str, float]) -> dict[str, Any]:
        """Plain values for a checkpoint, with the figures of the moment."""
        record = dataclasses.replace(self, figures=dict(figures), symbols=list(self.symbols))
        plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(record)))
        return plain

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Record of a checkpoint."""
        return cls(**content)

    def config_json(self) -> str:
        """The resolved options as saved with a model."""
        return json.dumps(self.options, ensure_ascii=False, indent=1) + "\n"


def read_checkpoint(path: Path) -> tuple[dict[str, Any], RunRecord]:
    """The content of a checkpoint and its record.

    Raises:
        InputError: the file cannot be read, or was not written by this program.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        return content, RunRecord.from_dict(content[RECORD_KEY])
    except _NOT_A_CHECKPOINT as error:
        raise InputError(f"{path} is not a checkpoint of a training run: {error}.") from error
