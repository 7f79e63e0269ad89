"""The command `text-recognizer`: parses, calls, prints.

Exit codes: 0 all was done, 1 something failed and is named on standard error, 2 wrong usage. What a
command needs is imported when it runs, so that the first text comes soon.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from text_recognizer.command_options import (
    Alignments,
    Beam,
    CorrectorName,
    Data,
    Dataset,
    Fonts,
    Guard,
    LanguageModel,
    LexiconFile,
    Pages,
    Recipe,
    Settings,
    Text,
    Threads,
)
from text_recognizer.errors import (
    InputError,
    MissingExtraError,
    OptionError,
    TextRecognizerError,
)
from text_recognizer.language.commands import language_models
from text_recognizer.language.corrector_commands import correctors
from text_recognizer.model_commands import models


class _Program(TyperGroup):
    """The commands; errors raised on purpose become one sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except TextRecognizerError as error:
            _tell(str(error))
            raise typer.Exit(error.exit_code) from error


app = typer.Typer(
    name="text-recognizer",
    cls=_Program,
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(models)
app.add_typer(language_models)
app.add_typer(correctors)

Model = Annotated[
    str | None,
    typer.Option(metavar="NAME|DIR", help="Model, by name or folder; by default the shipped one."),
]
Finder = Annotated[
    str | None,
    typer.Option(metavar="NAME|DIR", help="Line finder; by default the shipped one."),
]


def main() -> None:
    """Run the command of the process."""
    app()


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"text-recognizer {version('text-recognizer')}")
        except PackageNotFoundError:
            typer.echo("text-recognizer, run from its source without being installed")
        raise typer.Exit


@app.callback()
def start(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version."),
    ] = False,
) -> None:
    """Reads handwriting: a photo, scan or PDF goes in, text comes out."""


@app.command()
def read(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Images, PDFs, or folders of them.")
    ],
    format: Annotated[
        Literal["text", "json", "html", "page"],
        typer.Option(metavar="text|json|html|page", help="What to write; page is PAGE XML."),
    ] = "text",
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write a file for each input (html, page: for each page); by default, print.",
        ),
    ] = None,
    unit: Annotated[
        Literal["page", "line", "paragraph"],
        typer.Option(
            metavar="page|line|paragraph",
            help="What each image shows; a paragraph is read as a whole, by a model of its own.",
        ),
    ] = "page",
    model: Model = None,
    finder: Finder = None,
    language_model: LanguageModel = None,
    lexicon: LexiconFile = None,
    corrector: CorrectorName = None,
    beam: Beam = None,
    guard: Guard = True,
    n_best: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="With json: so many texts of each line."),
    ] = 1,
    threads: Threads = None,
    max_pixels: Annotated[
        int, typer.Option(min=1, metavar="N", help="Refuse larger pages.")
    ] = 200_000_000,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are in the output folder.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Read handwriting in images and PDFs.

    PNG, JPEG, TIFF with many pages, WebP, BMP and PDF are read, by content and not by name. What
    cannot be read is named on standard error, the rest is still read, and the exit code is 1.
    """
    from text_recognizer.loading import Limits
    from text_recognizer.reading_run import ReadingRun, ReadOptions
    from text_recognizer.recognizer import Recognizer

    if unit != "paragraph" and (beam is not None or not guard):
        raise OptionError("--beam and --no-guard are for --unit paragraph.")
    if n_best > 1 and format != "json":
        raise OptionError("--n-best needs --format json: the other formats hold one text.")
    limits = Limits(max_pixels=max_pixels)
    options = ReadOptions(format, output, overwrite, unit, limits)
    recognizer = Recognizer(
        model,
        finder=finder,
        language_model=language_model,
        lexicon=lexicon,
        corrector=corrector,
        n_best=n_best,
        beam=beam or 1,
        guard=guard,
        n_threads=threads,
        unit=unit,
    )
    run = ReadingRun(recognizer, options, on_failure=_tell)
    # On the screen that the text is printed to, a progress bar would be in its way.
    with _progress("Reading", hidden=quiet or (output is None and sys.stdout.isatty())) as show:
        run.read(paths, on_file=show)
    if run.n_failures:
        raise typer.Exit(1)


@app.command()
def demo(model: Model = None, threads: Threads = None) -> None:
    """Read the sample pages that come with the program."""
    from text_recognizer.loading import find_files
    from text_recognizer.recognizer import Recognizer

    recognizer = Recognizer(model, n_threads=threads)
    for file in find_files(_examples()):
        for page in recognizer.read(file):
            typer.echo(f"--- {file.name}, page {page.number}\n{page.text}\n")


@app.command()
def evaluate(
    dataset: Dataset,
    split: Annotated[
        Literal["train", "validation", "test"],
        typer.Option(metavar="train|validation|test", help="Part of the data set."),
    ] = "test",
    unit: Annotated[
        Literal["line", "page", "paragraph"],
        typer.Option(
            metavar="line|page|paragraph",
            help="What is read: lines that the data set cuts out; or paragraphs of pages, whose "
            "lines are found (page) or which are read as a whole.",
        ),
    ] = "line",
    model: Model = None,
    language_model: LanguageModel = None,
    lexicon: LexiconFile = None,
    corrector: CorrectorName = None,
    beam: Beam = None,
    guard: Guard = True,
    threads: Threads = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write figures and lines as JSON, too."),
    ] = None,
    stages: Annotated[
        bool, typer.Option("--stages", help="Compare what each stage of decoding adds.")
    ] = False,
    confusions: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Print what is mixed up most, too: N rows."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Measure a model's error rates on lines or paragraphs with known text, by source.

    Rates stand with their 95 % intervals. Of paragraphs, repeated and lost lines are counted, too.
    """
    from text_recognizer.evaluation import command

    if stages and (json_file is not None or confusions is not None):
        raise OptionError("--stages prints a table, and neither --json nor --confusions.")
    answer = command.run_evaluation(
        command.EvaluateArguments(
            dataset=dataset,
            split=split,
            unit=unit,
            model=model,
            language_model=language_model,
            lexicon=lexicon,
            corrector=corrector,
            threads=threads,
            stages=stages,
            confusions=confusions,
            beam=beam,
            guard=guard,
        ),
        partial(_progress, "Reading", hidden=quiet),
    )
    typer.echo(answer.text)
    if json_file is not None and answer.json is not None:
        _write_json(json_file, answer.json)


@app.command()
def train(
    recipe: Recipe,
    data: Data,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the run; by default runs/NAME.")
    ] = None,
    settings: Settings = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Go on with the run in this folder.")
    ] = None,
    base: Annotated[
        str | None, typer.Option(metavar="NAME|DIR", help="Start from the weights of a model.")
    ] = None,
    max_time: Annotated[
        str | None, typer.Option(metavar="HH:MM:SS", help="Length of this call.")
    ] = None,
    max_steps: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Steps of the run in all.")
    ] = None,
    cooldown: Annotated[
        bool, typer.Option("--cooldown", help="With --resume: let the rate fall to 0 and end.")
    ] = False,
    benchmark: Annotated[
        bool, typer.Option("--benchmark", help="Time loader and step apart, train nothing.")
    ] = False,
    fonts: Fonts = None,
    text: Text = None,
    pages: Pages = None,
    alignments: Alignments = None,
) -> None:
    """Train a model and export it to ./artifacts."""
    with _needs_training():
        from text_recognizer.training import command
    _log_progress()
    command.train(
        command.TrainArguments(
            recipe=recipe,
            data=data,
            output=output,
            settings=settings or [],
            resume=resume,
            base=base,
            max_time=max_time,
            max_steps=max_steps,
            cooldown=cooldown,
            benchmark=benchmark,
            fonts=fonts,
            text=text,
            pages=pages,
            alignments=alignments,
        )
    )


@app.command()
def sweep(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.yml", help="Sweep, as Weights & Biases writes it.")
    ],
    trials: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Trials of the study in all; by default 10 or a grid."
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, metavar="N", help="Trials at the same time.")] = 1,
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the study, by default under training/logs."),
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try trials that failed once more.")
    ] = False,
) -> None:
    """Search the flags of an experiment. A study that is there goes on."""
    with _needs_training():
        from text_recognizer.training.sweeps.report import render_outcome
        from text_recognizer.training.sweeps.run import SweepArguments, run_sweep
    _log_progress()
    outcome = run_sweep(SweepArguments(file, trials, jobs, output, retry_failed))
    typer.echo(render_outcome(outcome))
    if outcome.best is None:
        raise typer.Exit(1)


@app.command()
def export(
    checkpoint: Annotated[
        Path, typer.Argument(metavar="CHECKPOINT", help="Checkpoint of a training run.")
    ],
    output: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the new model.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a model in that folder.")
    ] = False,
) -> None:
    """Make a model of a checkpoint."""
    with _needs_training():
        from text_recognizer.training.export import export_checkpoint
    _log_progress()
    bundle = export_checkpoint(checkpoint, output, overwrite=overwrite)
    typer.echo(f"The model is in {bundle.folder}.")


@app.command()
def sheet(
    recipe: Recipe,
    data: Data,
    output: Annotated[Path, typer.Option(metavar="FILE.png", help="Image to write.")],
    settings: Settings = None,
    fonts: Fonts = None,
    text: Text = None,
    pages: Pages = None,
    alignments: Alignments = None,
) -> None:
    """Draw what the network sees in training beside real validation lines."""
    with _needs_training():
        from text_recognizer.data import DataPaths
        from text_recognizer.training.options import load_recipe
        from text_recognizer.training.sheet import make_sheet
        from text_recognizer.training.tasks import task_of
    options = load_recipe(recipe, settings or [])
    symbols = task_of(options).symbols(options, recipe.parent)
    make_sheet(options, DataPaths(data, fonts, text, pages, alignments), symbols).save(output)


def _tell(sentence: str) -> None:
    typer.echo(sentence, err=True)


@contextmanager
def _progress(label: str, *, hidden: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A function that shows how many of how many are done; None where no terminal would show it."""
    if hidden or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=None)

        def show(n_done: int, n_all: int) -> None:
            progress.update(task, completed=n_done, total=n_all)

        yield show


@contextmanager
def _needs_training() -> Iterator[None]:
    """Turns a missing package into the sentence that says how to get it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("text_recognizer"):
            raise
        raise MissingExtraError(
            f"This command needs {error.name}, which is not installed: "
            "pip install 'text-recognizer[train]'."
        ) from error


def _log_progress() -> None:
    import logging

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")


def _examples() -> Path:
    """Sample pages: inside the package when it was installed, beside it in a clone."""
    package = Path(__file__).parent
    for folder in (package / "examples", package.parent / "examples"):
        if folder.is_dir():
            return folder
    raise InputError("The sample pages are missing: install the program again.")


def _write_json(path: Path, content: dict[str, Any]) -> None:
    try:
        text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error


if __name__ == "__main__":
    main()
