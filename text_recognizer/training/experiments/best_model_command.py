"""The command `python training/save_best_model.py`: flags to a choice, what was found printed."""

import logging
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from text_recognizer.bundle import read_manifest
from text_recognizer.errors import TextRecognizerError
from text_recognizer.training.experiments.best_model import (
    MAX,
    MIN,
    Choice,
    SavedRun,
    save_best_model,
)
from text_recognizer.training.experiments.checkpoint_record import CHARACTER, LINE, PARAGRAPH

_READERS = {
    LINE: "text-recognizer read --unit line --model ./{} FILE",
    CHARACTER: 'CharacterPredictor("{}").predict(FILE)',
    PARAGRAPH: "text-recognizer read --unit paragraph --model ./{} FILE",
}
"""By the task of the model; one for lines that writes label by label has that of paragraphs."""
_SHOWN = ("val_loss", "val_cer", "test_cer")


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; 0, or 1 after a sentence on what failed."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    choice = parse_choice(sys.argv[1:] if words is None else words)
    try:
        saved = save_best_model(choice)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped by Ctrl-C.\n")
        return 130
    except TextRecognizerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(render_saved(saved, choice))
    return 0


def parse_choice(words: Sequence[str]) -> Choice:
    """The choice of a command line.

    Raises:
        SystemExit: a flag is unknown, or help was asked for.
    """
    default = Choice("")
    parser = ArgumentParser(prog="training/save_best_model.py", allow_abbrev=False)
    parser.add_argument("--trained_data_class", required=True, metavar="NAME", dest="data_class")
    parser.add_argument(
        "--trained_model_class", default="", metavar="NAME", dest="model_class", help="default: any"
    )
    parser.add_argument("--metric", default=default.metric, help="val_loss, val_cer, val_acc, ...")
    parser.add_argument("--mode", choices=(MIN, MAX), help="default: max of accuracies, else min")
    parser.add_argument("--entity", default=default.entity, help="look for runs in W&B, too")
    parser.add_argument("--project", default=default.project)
    parser.add_argument("--logs", type=Path, default=default.logs, metavar="FOLDER")
    return Choice(**vars(parser.parse_args(words)))


def render_saved(saved: SavedRun, choice: Choice) -> str:
    """The best run, its figures, and how to read with it."""
    run, folder = saved.run, saved.artifact.folder.as_posix()
    n_runs = f"{saved.n_runs} run{'s' if saved.n_runs > 1 else ''}"
    rows = [f"Best of {n_runs} with {choice.data_class}: {run.name}, {run.tracker} run {run.id}"]
    for name in dict.fromkeys((choice.metric, *_SHOWN)):
        value = run.figures.get(name)
        rows.append(f"{name}: {'not recorded' if value is None else f'{value:.4f}'}")
    rows.append(f"Saved in {folder}.")
    if saved.artifact.has_bundle:
        task = read_manifest(saved.artifact.folder).task
        rows.append(f"Read with it: {_READERS[task].format(folder)}")
    return "\n".join(rows) + "\n"
