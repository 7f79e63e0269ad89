"""What an experiment remembers in its checkpoints, so that one alone gives its network back.

Plain values only: checkpoints are read with `weights_only`, so nothing that a file holds is run.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from text_recognizer.data import BaseDataModule
from text_recognizer.errors import InputError, OptionError
from text_recognizer.training.experiments.experiment import Experiment
from text_recognizer.training.experiments.kinds import MASKS, kind_of_network
from text_recognizer.training.experiments.registry import network_class
from text_recognizer.training.export import git_commit

RECORD_KEY = "experiment"
LINE, PARAGRAPH, CHARACTER, PAGE = "line", "paragraph", "character", "page"
_PREFIX = "network."


@dataclass(frozen=True)
class CheckpointRecord:
    """An experiment, and what its network must know of the data.

    Attributes:
        config: options by the names of their flags.
        command: that made the run.
        network: options of the network.
        mapping: names of the classes.
        input_dims: channels, rows and columns of an image.
        output_length: labels of an image; 1 for a character, the rows of a mask.
        normalisation: mean and deviation that images were normalised by.
        git_commit: of the program; None if not known.
        figures: metrics of the validation before the checkpoint.
    """

    config: Mapping[str, Any]
    command: str
    network: Mapping[str, Any]
    mapping: tuple[str, ...]
    input_dims: tuple[int, int, int]
    output_length: int
    normalisation: tuple[float, float]
    git_commit: str | None = None
    figures: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, experiment: Experiment, data: BaseDataModule) -> Self:
        """Record of an experiment with its data."""
        return cls(
            config=experiment.config(),
            command=experiment.command,
            network=asdict(experiment.network),
            mapping=tuple(data.mapping),
            input_dims=data.input_dims,
            output_length=data.output_dims[0],
            normalisation=data.normalisation,
            git_commit=git_commit(),
        )

    @property
    def data_class(self) -> str:
        """Name of the data set."""
        return str(self.config["data_class"])

    @property
    def unit(self) -> str:
        """What the network looks at: a line, a paragraph, a character or the lines of a page."""
        if kind_of_network(network_class(str(self.config["model_class"])).network) == MASKS:
            return PAGE
        if self.output_length == 1:
            return CHARACTER
        return PARAGRAPH if "\n" in self.mapping else LINE

    def to_dict(self, figures: Mapping[str, float]) -> dict[str, Any]:
        """Plain values for a checkpoint, with the figures of the moment."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(replace(self, figures=figures))))
        return plain

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Record of a checkpoint."""
        channels, height, width = content["input_dims"]
        mean, deviation = content["normalisation"]
        own = {"mapping": tuple(content["mapping"]), "input_dims": (channels, height, width)}
        return cls(**{**content, **own, "normalisation": (mean, deviation)})


@dataclass(frozen=True)
class SavedNetwork:
    """The network of a checkpoint, in evaluation mode, and the record of its run."""

    network: nn.Module
    record: CheckpointRecord

    def weights(self) -> dict[str, Tensor]:
        """Copies of its weights by their names."""
        state = self.network.state_dict().items()
        return {n: value.clone(memory_format=torch.contiguous_format) for n, value in state}


def load_network(checkpoint: Path) -> SavedNetwork:
    """Network and record of a checkpoint.

    Raises:
        InputError: it cannot be read, or no experiment of this program wrote it.
    """
    try:
        content = torch.load(checkpoint, map_location="cpu", weights_only=True)
        record = CheckpointRecord.from_dict(content[RECORD_KEY])
        network = _make_network(record)
        weights = content["state_dict"].items()
        network.load_state_dict({name.removeprefix(_PREFIX): value for name, value in weights})
    except OSError as error:
        raise InputError(f"{checkpoint} cannot be read: {error.strerror or error}.") from error
    except OptionError as error:
        raise InputError(f"{checkpoint} holds a network that there is not: {error}") from error
    except Exception as error:  # what torch raises for foreign files has no base class
        raise InputError(f"{checkpoint} is no checkpoint of an experiment.") from error
    return SavedNetwork(network.eval(), record)


def saved_figures(checkpoint: Path) -> dict[str, float]:
    """Metrics of the validation before the checkpoint; none if it holds no record."""
    content = torch.load(checkpoint, map_location="cpu", weights_only=True)
    return dict(content.get(RECORD_KEY, {}).get("figures", {}))


def _make_network(record: CheckpointRecord) -> nn.Module:
    kind = network_class(str(record.config["model_class"]))
    return kind.network(
        kind.options(**record.network),
        input_dims=record.input_dims,
        n_classes=len(record.mapping),
        output_length=record.output_length,
    )
