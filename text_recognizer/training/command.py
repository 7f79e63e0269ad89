"""The train command: arguments to options, a run, a bundle at its end."""

import logging
import shlex
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from text_recognizer.bundle import load_bundle
from text_recognizer.data import DataPaths
from text_recognizer.errors import InputError, OptionError
from text_recognizer.manifest import Manifest
from text_recognizer.training.benchmark import run_benchmark
from text_recognizer.training.export import export_checkpoint, git_commit, read_base_weights
from text_recognizer.training.fit import COMMANDS_FILE, Start, fit, is_first_process
from text_recognizer.training.options import TrainingOptions, load_recipe
from text_recognizer.training.record import RunRecord
from text_recognizer.training.tasks import task_of

_LOG = logging.getLogger(__name__)
DEFAULT_RUNS = Path("runs")
DEFAULT_BUNDLES = Path("artifacts")
SOURCES_FILE = "sources.toml"


@dataclass(frozen=True)
class TrainArguments:
    """What the command line gives; see `text-recognizer train --help`."""

    recipe: Path
    data: Path
    output: Path | None = None
    settings: Sequence[str] = field(default_factory=tuple)
    resume: Path | None = None
    base: str | None = None
    max_time: str | None = None
    max_steps: int | None = None
    cooldown: bool = False
    benchmark: bool = False
    fonts: Path | None = None
    text: Path | None = None
    pages: Path | None = None
    alignments: Path | None = None


def train(arguments: TrainArguments) -> Path | None:
    """Run the command; the folder of the bundle, or None after a benchmark.

    Raises:
        InputError: recipe, data or checkpoint cannot be read.
        OptionError: options contradict each other.
    """
    options = _options(arguments)
    symbols = task_of(options).symbols(options, arguments.recipe.parent)
    if not arguments.data.exists():
        raise InputError(f"The data {arguments.data} does not exist; give a data set by --data.")
    paths = DataPaths(
        arguments.data,
        fonts=arguments.fonts,
        text=arguments.text,
        pages=arguments.pages,
        alignments=arguments.alignments,
    )
    if arguments.benchmark:
        run_benchmark(options, paths, symbols)
        return None
    start = _start(arguments, options, symbols)
    folder = arguments.output or arguments.resume or DEFAULT_RUNS / options.name
    licences = _licences(arguments.recipe.parent / SOURCES_FILE)
    run = fit(options, paths, _record(arguments, options, symbols), folder, start, licences)
    if not is_first_process():
        return None
    bundle = export_checkpoint(
        run.best_checkpoint(), DEFAULT_BUNDLES / options.name, overwrite=True
    )
    _LOG.info("The model is in %s; use it by: --model %s", bundle.folder, bundle.folder)
    return bundle.folder


def _start(arguments: TrainArguments, options: TrainingOptions, symbols: Sequence[str]) -> Start:
    of_used = arguments.cooldown and not arguments.max_time and not arguments.max_steps
    if not arguments.base:
        return Start(arguments.resume, arguments.cooldown, of_used)
    bundle = load_bundle(arguments.base, task=task_of(options).name)
    check_base(bundle.manifest, options, symbols)
    data = tuple(asdict(item) for item in bundle.manifest.training_data)
    return Start(arguments.resume, arguments.cooldown, of_used, read_base_weights(bundle), data)


def check_base(manifest: Manifest, options: TrainingOptions, symbols: Sequence[str]) -> None:
    """Refuse a base model that reads lines of another height or writes other labels.

    One made for another input normalisation is taken: it has to learn the new one, and does.

    Raises:
        OptionError: they differ; the message says in what.
    """
    wanted = {"symbols": tuple(symbols), **task_of(options).manifest_values(options)}
    normalisation = wanted.pop("input_normalisation")
    different = [
        name.replace("_", " ") for name, ours in wanted.items() if getattr(manifest, name) != ours
    ]
    if manifest.derived_from:
        different.append(f"weights rounded from {manifest.derived_from}")
    if manifest.input_normalisation != normalisation:
        _LOG.info(
            "%s was made for %s, and learns %s now.",
            manifest.name,
            manifest.input_normalisation,
            normalisation,
        )
    if different:
        raise OptionError(
            f"The base model {manifest.name} does not fit the recipe: {', '.join(different)}."
        )


def _options(arguments: TrainArguments) -> TrainingOptions:
    options = load_recipe(arguments.recipe, arguments.settings)
    if arguments.max_time and arguments.max_steps:
        raise OptionError("Give --max-time or --max-steps, not both.")
    if arguments.max_time:
        trainer = replace(options.trainer, max_time=arguments.max_time, max_steps=0)
    elif arguments.max_steps:
        trainer = replace(options.trainer, max_time="", max_steps=arguments.max_steps)
    else:
        trainer = options.trainer
    return replace(options, trainer=trainer)


def _record(
    arguments: TrainArguments, options: TrainingOptions, symbols: Sequence[str]
) -> RunRecord:
    earlier = ""
    if arguments.resume and (arguments.resume / COMMANDS_FILE).is_file():
        earlier = (arguments.resume / COMMANDS_FILE).read_text(encoding="utf-8")
    return RunRecord(
        options=options.to_dict(),
        symbols=symbols,
        commands=earlier + _command(arguments) + "\n",
        git_commit=git_commit(),
    )


def _command(arguments: TrainArguments) -> str:
    """The command line, with folders outside the checkout by their last names only."""
    words = ["text-recognizer", "train", f"recipes/{arguments.recipe.name}"]
    for flag, path in (
        ("--data", arguments.data),
        ("--fonts", arguments.fonts),
        ("--text", arguments.text),
        ("--pages", arguments.pages),
        ("--alignments", arguments.alignments),
        ("--resume", arguments.resume),
        ("--base", Path(arguments.base) if arguments.base else None),
    ):
        words += [flag, path.resolve().name] if path else []
    for flag, value in (("--max-time", arguments.max_time), ("--max-steps", arguments.max_steps)):
        words += [flag, str(value)] if value else []
    words += ["--cooldown"] if arguments.cooldown else []
    for setting in arguments.settings:
        words += ["--set", setting]
    return shlex.join(words)


def _licences(path: Path) -> dict[str, dict[str, str]]:
    """Name, licence and attribution by source; empty without the file."""
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
