"""The commands `text-recognizer corrector ...`: what it learns from, how sure it must be."""

from pathlib import Path
from typing import Annotated

import typer

from text_recognizer.command_options import (
    Dataset,
    LanguageModel,
    LineModel,
    Most,
    Threads,
    ValidationData,
    Without,
)

correctors = typer.Typer(
    name="corrector", rich_markup_mode=None, add_completion=False, no_args_is_help=True
)


@correctors.callback()
def start() -> None:
    """Write what a corrector learns from, and find how sure it must be."""


@correctors.command("pairs")
def pairs(
    dataset: Dataset,
    output: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the two files.")] = Path(
        "dataset/typo"
    ),
    split: Annotated[
        str,
        typer.Option(metavar="train|validation|test", help="Lines that are read for the pairs."),
    ] = "validation",
    model: LineModel = None,
    language_model: LanguageModel = None,
    without: Without = None,
    threads: Threads = None,
) -> None:
    """Write what a corrector learns from: pairs of true and recognised text, and transcriptions.

    validating.json holds the pairs of the validation lines, text_train.txt the transcriptions of
    the training lines.
    """
    from text_recognizer.bundle import DEFAULT_LINE_MODEL, load_bundle
    from text_recognizer.evaluation.typo_pairs import write_pairs
    from text_recognizer.language.decoder import load_decoder
    from text_recognizer.line_reader import LineReader

    bundle = load_bundle(model or DEFAULT_LINE_MODEL, task="line")
    reader = LineReader(bundle, decoder=load_decoder(bundle, language_model), n_threads=threads)
    n_pairs, n_texts = write_pairs(
        dataset, output, reader=reader, split=split, without=without or ()
    )
    typer.echo(f"{n_pairs} pairs and {n_texts} transcriptions are in {output}.")


@correctors.command("tune")
def tune(
    corrector: Annotated[str, typer.Argument(metavar="NAME", help="Corrector, by name or folder.")],
    data: ValidationData,
    output: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the new corrector.")],
    model: LineModel = None,
    language_model: LanguageModel = None,
    without: Without = None,
    most: Most = 300,
    threads: Threads = None,
) -> None:
    """Find how sure a corrector must be, and write a copy of it that is.

    Weight and margin are chosen on validation lines, by the mean over sources of the error rate
    relative to that without the corrector.
    """
    from text_recognizer.evaluation.corrector_tuning import choose_correction

    tuned, bundle = choose_correction(
        corrector,
        data,
        output,
        model=model,
        language_model=language_model,
        without=without or (),
        most=most,
        n_threads=threads,
    )
    for source, before in tuned.before.items():
        typer.echo(f"{source}: {100 * before:.2f} % -> {100 * tuned.after[source]:.2f} %")
    if all(tuned.after[source] >= before for source, before in tuned.before.items()):
        typer.echo("It mends no source: read without it.")
    settings = tuned.settings
    typer.echo(
        f"Weight {settings.weight} and margin {settings.margin}: the corrector is in "
        f"{bundle.folder}."
    )
