"""Flags to an experiment: of the chosen data set, network and loss, and of the Trainer."""

from argparse import SUPPRESS, ArgumentParser
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from text_recognizer.data.option_flags import add_flags
from text_recognizer.errors import OptionError
from text_recognizer.training.experiments.experiment import PROJECT, Experiment
from text_recognizer.training.experiments.json_form import without_2019
from text_recognizer.training.experiments.options import ExperimentLossOptions
from text_recognizer.training.experiments.registry import data_classes, network_class
from text_recognizer.training.experiments.run_command import PROGRAM, command_line
from text_recognizer.training.experiments.trainer_flags import FLAGS, add_trainer_flags

DEFAULT_DATA, DEFAULT_MODEL = "MNIST", "MLP"

Options = TypeVar("Options")


class _Parser(ArgumentParser):
    """A parser whose errors are ours."""

    def error(self, message: str) -> NoReturn:
        raise OptionError(f"{message}. --help lists the flags of what is chosen.")


def parse_flags(words: Sequence[str]) -> Experiment:
    """The experiment of a command line.

    Raises:
        OptionError: a flag is unknown or its value not allowed.
        SystemExit: help was asked for and printed.
    """
    command = command_line(words)
    words = without_2019(words)
    chosen, _ = _chooser(add_help=False).parse_known_args(words)
    data_kinds = [kind.options_class for kind in data_classes(chosen.data_class)]
    network_kind = network_class(chosen.model_class).options
    parser = _chooser(add_help=True)
    known = {action.dest for action in parser._actions}
    for title, kinds in (
        ("data", data_kinds),
        ("network", [network_kind]),
        ("loss", [ExperimentLossOptions]),
    ):
        group = parser.add_argument_group(title)
        for kind in kinds:
            add_flags(group, kind, but=known)
            known |= {field.name for field in fields(kind)}
    add_trainer_flags(parser)
    values = {k: v for k, v in vars(parser.parse_args(words)).items() if v is not None}
    return Experiment(
        data_class=chosen.data_class,
        model_class=chosen.model_class,
        data=tuple(_options(kind, values) for kind in data_kinds),
        network=_options(network_kind, values),
        loss=_options(ExperimentLossOptions, values),
        trainer={name: str(values[name]) for name in FLAGS if name in values},
        load_checkpoint=values.get("load_checkpoint"),
        load_line_body=chosen.load_line_body,
        wandb=values.get("wandb", False) and not values.get("nowandb", False),
        entity=chosen.entity,
        project=chosen.project,
        group=chosen.experiment_group,
        saves=chosen.save,
        gpu=chosen.gpu,
        metrics_file=chosen.metrics_file,
        parent=chosen.parent,
        command=command,
    )


def _options(kind: type[Options], values: dict[str, Any]) -> Options:
    own = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in values.items() if name in own})


def _chooser(*, add_help: bool) -> _Parser:
    """What decides which other flags there are."""
    parser = _Parser(prog=PROGRAM, add_help=add_help, allow_abbrev=False)
    parser.add_argument("--data_class", default=DEFAULT_DATA, metavar="NAME", help="or A+B")
    parser.add_argument("--model_class", default=DEFAULT_MODEL, metavar="NAME")
    parser.add_argument(
        "--load_checkpoint", type=Path, metavar="FILE", help="start from its weights"
    )
    parser.add_argument(
        "--load_line_body", metavar="MODEL", help="start --line_body from a model for lines"
    )
    parser.add_argument("--experiment_group", default="", metavar="NAME")
    parser.add_argument("--save", action="store_true", help="keep the weights in ./artifacts")
    parser.add_argument(
        "--gpu", type=int, metavar="N", help="hold this GPU, -1: any free one; or take the CPU"
    )
    parser.add_argument(
        "--metrics_file", type=Path, metavar="FILE", help="add figures of each validation, as JSON"
    )
    parser.add_argument("--parent", type=int, metavar="PID", help="end with this process")
    parser.add_argument("--wandb", action="store_true", default=SUPPRESS, help="record in W&B")
    parser.add_argument("--nowandb", action="store_true", default=SUPPRESS, help="do not")
    parser.add_argument("--entity", default="", metavar="NAME", help="of W&B; yours without it")
    parser.add_argument("--project", default=PROJECT, metavar="NAME", help=f"default: {PROJECT}")
    return parser
