"""Predictors on data modules: what the doors in `evaluation/` run, figures printed."""

import sys
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from text_recognizer.character_predictor import CharacterPredictor
from text_recognizer.data.array_dataset import fetch
from text_recognizer.data.base_data_module import SPLITS, BaseDataModule
from text_recognizer.data.option_flags import add_flags
from text_recognizer.errors import OptionError, TextRecognizerError
from text_recognizer.line_predictor import LinePredictor
from text_recognizer.training.experiments.kinds import kind_of_data
from text_recognizer.training.experiments.registry import DATA_CLASSES, data_classes

Pair = tuple[NDArray[np.uint8], str]
Figures = dict[str, float]
_CHUNK = 256
_DATA_SPLIT = "--data_split"
_DEFAULTS = {"characters": "EMNIST", "lines": "EMNISTLines"}


def evaluate_character_predictor(words: Sequence[str] | None = None) -> int:
    """The command `python evaluation/evaluate_character_predictor.py`; its exit code."""
    return _main("evaluate_character_predictor.py", "characters", _character_figures, words)


def evaluate_line_predictor(words: Sequence[str] | None = None) -> int:
    """The command `python evaluation/evaluate_line_predictor.py`; its exit code."""
    return _main("evaluate_line_predictor.py", "lines", _line_figures, words)


def written_pairs(data: BaseDataModule, split: str) -> Iterator[Pair]:
    """Images (H, W), ink bright on black, each with the text that is written there.

    Args:
        data: after `setup`.
        split: one of `SPLITS`.
    """
    samples = data.splits[split]
    mean, deviation = data.normalisation
    for start in range(0, len(samples), _CHUNK):
        chosen = np.arange(start, min(start + _CHUNK, len(samples)))
        images, labels = fetch(samples, chosen)
        grey = ((images[:, 0] * deviation + mean).clamp(0, 1) * 255).round().to(torch.uint8)
        yield from zip(grey.numpy(), map(data.text_of, labels), strict=True)


def _character_figures(model: str | None, data: BaseDataModule, split: str) -> Figures:
    report = CharacterPredictor(model).evaluate(written_pairs(data, split))
    return {
        "characters": report.n_characters,
        "accuracy": report.accuracy or 0.0,
        "accuracy_folded": report.accuracy_folded or 0.0,
    }


def _line_figures(model: str | None, data: BaseDataModule, split: str) -> Figures:
    row = LinePredictor(model).evaluate(written_pairs(data, split)).rows[-1]
    cer, wer = row.cer or 0.0, row.wer or 0.0
    return {"lines": row.n_lines, "accuracy": 1 - cer, "cer": cer, "wer": wer}


def _main(
    program: str,
    wanted: str,
    figures_of: Callable[[str | None, BaseDataModule, str], Figures],
    words: Sequence[str] | None,
) -> int:
    """Evaluate, print, and compare with what is asked for."""
    words = sys.argv[1:] if words is None else words
    try:
        options, data = _parse(program, _DEFAULTS[wanted], words)
        _check_kind(data, wanted)
        data.prepare_data()
        data.setup()
        figures = figures_of(options["model"], data, options["split"])
    except KeyboardInterrupt:
        sys.stderr.write("Stopped by Ctrl-C.\n")
        return 130
    except TextRecognizerError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    for name, value in figures.items():
        sys.stdout.write(f"{name}: {value:{'d' if isinstance(value, int) else '.4f'}}\n")
    least: float = options["min_accuracy"]
    if figures["accuracy"] < least:
        sys.stderr.write(f"The accuracy is under {least}.\n")
        return 1
    return 0


def _check_kind(data: BaseDataModule, wanted: str) -> None:
    held = kind_of_data(data).removeprefix("single ")
    if held != wanted:
        raise OptionError(f"{data.data_name} holds {held}: give a --data_class of {wanted}.")


def _parse(
    program: str, data_class: str, words: Sequence[str]
) -> tuple[dict[str, Any], BaseDataModule]:
    """What is asked for, and the data module, not prepared.

    Raises:
        OptionError: a value is not allowed.
    """
    chosen, _ = _chooser(program, data_class, add_help=False).parse_known_args(words)
    if chosen.data_class not in DATA_CLASSES:
        data_classes(chosen.data_class)
        raise OptionError("--data_class: give one data set, not several joined by +.")
    kind = DATA_CLASSES[chosen.data_class]
    parser = _chooser(program, data_class, add_help=True)
    own = {field.name for field in fields(kind.options_class)}
    group = parser.add_argument_group("data")
    add_flags(group, kind.options_class, but=("split",))
    if "split" in own:  # the program's own flag says which part is read
        group.add_argument(_DATA_SPLIT, dest="data_split", default=SUPPRESS, metavar="NAME")
    values = vars(parser.parse_args(words))
    of_data = {**values, "split": values.get("data_split")}
    return values, kind(
        kind.options_class(**{k: v for k, v in of_data.items() if k in own and v is not None})
    )


def _chooser(program: str, data_class: str, *, add_help: bool) -> ArgumentParser:
    parser = ArgumentParser(prog=program, add_help=add_help, allow_abbrev=False)
    parser.add_argument("--data_class", default=data_class, metavar="NAME")
    parser.add_argument("--split", default=SPLITS[-1], choices=SPLITS)
    parser.add_argument("--model", metavar="NAME", help="or folder; the one of the package")
    parser.add_argument(
        "--min_accuracy", type=float, default=0.0, help="exit code 1 if it is lower"
    )
    return parser
