"""What an experiment is made of, and the parts made of its options."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from text_recognizer.bundle import load_bundle
from text_recognizer.data import BaseDataModule, CombinedData, DataModuleOptions
from text_recognizer.data.character_mapping import PADDING
from text_recognizer.errors import InputError, OptionError
from text_recognizer.lit_models.experiment import ExperimentLitModel
from text_recognizer.lit_models.experiment_ctc import ExperimentCTCLitModel
from text_recognizer.lit_models.experiment_segmentation import ExperimentSegmentationLitModel
from text_recognizer.lit_models.experiment_transformer import (
    ExperimentTransformerLitModel,
    check_tokens,
)
from text_recognizer.models.decoder_network import DecoderNetwork
from text_recognizer.models.line_network import LineNetwork, check_output_length
from text_recognizer.models.line_resnet_lstm import LineBody
from text_recognizer.models.resnet_transformer import ResnetTransformer
from text_recognizer.models.seed_networks import SEED_NETWORKS
from text_recognizer.training.experiments.kinds import (
    CHARACTERS,
    LINES,
    MASKS,
    kind_of_data,
    kind_of_network,
)
from text_recognizer.training.experiments.options import CTC, TRANSFORMER, ExperimentLossOptions
from text_recognizer.training.experiments.registry import data_classes, network_class
from text_recognizer.training.experiments.run_command import relative_path
from text_recognizer.training.export import read_base_weights

PROJECT = "text-recognizer-experiments"
_N_LOOKED_AT = 16  # validation samples
_USES = {CHARACTERS: "reads single characters", LINES: "reads lines", MASKS: "draws masks of lines"}


@dataclass(frozen=True)
class Experiment:
    """All options of an experiment.

    Attributes:
        data_class: name of a data set, or several joined by `+`.
        model_class: name of a network.
        data: options of each data set.
        network: of the network, a dataclass of its own.
        loss: loss and optimiser.
        trainer: texts by the names of the Trainer's flags.
        load_checkpoint: weights to start from, or None.
        load_line_body: name or folder of a model for lines whose convolutions the body of a network
            with `line_body` starts from, or None.
        wandb: whether W&B is asked for.
        entity: whose account of W&B; empty for that of the machine.
        project: under which records are kept.
        group: of experiments that belong together; empty without one.
        saves: whether the best weights are kept under a name of their own.
        gpu: number of the GPU to hold, -1 for any free one; None leaves it to the Trainer's flags.
        metrics_file: where the figures of each validation go as well, or None.
        parent: the process that the run belongs to and ends with, or None.
        command: that asked for it.
    """

    data_class: str
    model_class: str
    data: tuple[DataModuleOptions, ...]
    network: Any
    loss: ExperimentLossOptions
    trainer: Mapping[str, str] = field(default_factory=dict)
    load_checkpoint: Path | None = None
    load_line_body: str | None = None
    wandb: bool = False
    entity: str = ""
    project: str = PROJECT
    group: str = ""
    saves: bool = False
    gpu: int | None = None
    metrics_file: Path | None = None
    parent: int | None = None
    command: str = ""

    @property
    def seed(self) -> int:
        """Of all chance."""
        return self.data[0].seed

    @property
    def name(self) -> str:
        """What the run is called in records."""
        return f"{self.data_class}-{self.model_class}"

    def config(self) -> dict[str, Any]:
        """All options by the names of their flags, plain values, None where nothing was chosen.

        What further data sets have otherwise than the first stands under `NAME.option`.
        """
        first, *others = (asdict(options) for options in self.data)
        config = {"data_class": self.data_class, "model_class": self.model_class, **first}
        for name, own in zip(self.data_class.split("+")[1:], others, strict=True):
            different = own.items() - first.items()
            config |= {f"{name}.{option}": value for option, value in sorted(different)}
        config |= asdict(self.network) | asdict(self.loss)
        config |= {name: _plain_text(text) for name, text in self.trainer.items()}
        config["load_checkpoint"] = self.load_checkpoint
        config["load_line_body"] = self.load_line_body
        config["experiment_group"] = self.group or None
        return {
            name: relative_path(value) if isinstance(value, Path) else value
            for name, value in config.items()
        }


def _plain_text(text: str) -> Any:
    """The number or truth value that a text stands for, or the text."""
    try:
        value = json.loads(text.lower())
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float) else text


def make_data(experiment: Experiment) -> BaseDataModule:
    """The data module, prepared and set up.

    Raises:
        InputError: the data are not there.
        OptionError: data sets that are joined do not fit together.
    """
    classes = data_classes(experiment.data_class)
    parts = [kind(options) for kind, options in zip(classes, experiment.data, strict=True)]
    data = parts[0] if len(parts) == 1 else CombinedData(parts)
    data.prepare_data()
    data.setup()
    if not len(data.data_val):
        raise InputError(
            f"{experiment.data_class} has no validation samples, and validation chooses the best "
            "checkpoint: give it some."
        )
    return data


def make_network(experiment: Experiment, data: BaseDataModule) -> nn.Module:
    """The network for the data's images and classes.

    Raises:
        OptionError: it does not fit them; the sentence says how they differ.
    """
    kind = network_class(experiment.model_class)
    length = data.output_dims[0]
    held, wanted = kind_of_data(data), kind_of_network(kind.network)
    if held != wanted:
        raise OptionError(
            f"{experiment.model_class} {_USES[wanted]}, and {experiment.data_class} holds {held}: "
            "choose another of the two."
        )
    _check_decoder(experiment, issubclass(kind.network, DecoderNetwork), data)
    network = kind.network(
        experiment.network,
        input_dims=data.input_dims,
        n_classes=len(data.mapping),
        output_length=length,
    )
    if held == LINES and experiment.loss.loss != TRANSFORMER:
        n_steps = cast(LineNetwork, network).count_steps(data.input_dims[2])
        if experiment.loss.loss == CTC:
            _check_ctc(experiment, n_steps, data)
        else:
            check_output_length(n_steps, length)
    return network


def _check_ctc(experiment: Experiment, n_steps: int, data: BaseDataModule) -> None:
    """CTC learns nothing of a text that has more labels than the network gives steps.

    Raises:
        OptionError: most texts of the first validation samples have.
    """
    padding = data.mapping.index(PADDING) if PADDING in data.mapping else -1
    texts = [data.data_val[i][1] for i in range(min(_N_LOOKED_AT, len(data.data_val)))]
    lengths = sorted(int((labels != padding).sum()) for labels in texts)
    length = lengths[len(lengths) // 2]
    if length > n_steps:
        raise OptionError(
            f"{experiment.model_class} gives {n_steps} steps for an image, and half of the texts "
            f"of {experiment.data_class} have {length} labels or more, which CTC "
            "cannot learn: choose smaller windows, wider images, or a network with a decoder by "
            f"--loss={TRANSFORMER}."
        )


def _check_decoder(experiment: Experiment, has_decoder: bool, data: BaseDataModule) -> None:
    """Networks with a decoder are trained by a loss of their own, on labels with start and end.

    Raises:
        OptionError: network, loss and data are not of one kind.
    """
    name, loss = experiment.model_class, experiment.loss.loss
    if has_decoder and loss != TRANSFORMER:
        raise OptionError(
            f"{name} has a decoder, which --loss={loss} does not train: give --loss={TRANSFORMER}."
        )
    if not has_decoder and loss == TRANSFORMER:
        known = [
            own for own, kind in SEED_NETWORKS.items() if issubclass(kind.network, DecoderNetwork)
        ]
        raise OptionError(
            f"--loss={TRANSFORMER} trains networks with a decoder, and {name} has none: give "
            f"--model_class={' or '.join(known)}, or --loss={CTC}."
        )
    if has_decoder:
        _, labels = data.data_val[0]
        check_tokens(labels, data.mapping, experiment.data_class)


def make_model(experiment: Experiment, data: BaseDataModule) -> ExperimentLitModel:
    """The network with its loss, with the weights of a checkpoint if one is given.

    Raises:
        InputError: the checkpoint cannot be read, or is of another network.
        OptionError: network, data and loss do not fit together.
    """
    network = make_network(experiment, data)
    if experiment.load_line_body is not None:
        load_line_body(network, experiment.load_line_body)
    model: ExperimentLitModel
    if kind_of_data(data) == MASKS:
        model = ExperimentSegmentationLitModel(network, experiment.loss, mapping=data.mapping)
    elif experiment.loss.loss == CTC:
        model = ExperimentCTCLitModel(network, experiment.loss, mapping=data.mapping)
    elif isinstance(network, DecoderNetwork):
        model = ExperimentTransformerLitModel(network, experiment.loss, mapping=data.mapping)
    else:
        is_line = kind_of_data(data) == LINES
        model = ExperimentLitModel(network, experiment.loss, mapping=data.mapping, is_line=is_line)
    if experiment.load_checkpoint is not None:
        weights = read_checkpoint(model, experiment.load_checkpoint, flag="--load_checkpoint")
        model.load_state_dict(weights)
    return model


def load_line_body(network: nn.Module, name: str) -> None:
    """Start the convolutions of a network with `line_body` from those of a model for lines.

    Args:
        network: a `ResnetTransformer`.
        name: of the model, or its folder.

    Raises:
        OptionError: the network has no such body, or one of another shape.
        BundleError: there is no such model.
    """
    body = network.resnet if isinstance(network, ResnetTransformer) else None
    if not isinstance(body, LineBody):
        raise OptionError("--load_line_body goes with --model_class=ResnetTransformer --line_body.")
    own = body.state_dict()
    given = read_base_weights(load_bundle(name, task="line"))
    found = {key: value for key, value in given.items() if key in own}
    shapes = {key: value.shape for key, value in own.items() if value.ndim}
    if {key: value.shape for key, value in found.items()} != shapes:
        raise OptionError(f"--load_line_body: the convolutions of {name} have another shape.")
    body.load_state_dict({**own, **found})


def read_checkpoint(model: ExperimentLitModel, path: Path, *, flag: str) -> dict[str, Any]:
    """Weights of a checkpoint by their names; nothing that it holds is run.

    Raises:
        InputError: it cannot be read, or is of another network.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        weights: dict[str, Any] = content["state_dict"]
        shapes = {name: value.shape for name, value in weights.items()}
    except OSError as error:
        raise InputError(f"{flag}: {path} cannot be read: {error.strerror}.") from error
    except Exception as error:  # what torch raises for foreign files has no base class
        raise InputError(f"{flag}: {path} is no checkpoint of an experiment.") from error
    if shapes != {name: value.shape for name, value in model.state_dict().items()}:
        raise InputError(f"{flag}: {path} is no checkpoint of this network.")
    return weights
