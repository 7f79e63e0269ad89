"""The commands `text-recognizer language-model ...`: train language models and fit them in."""

from pathlib import Path
from typing import Annotated

import typer

from text_recognizer.command_options import LineModel, Most, Threads, ValidationData, Without

language_models = typer.Typer(
    name="language-model", rich_markup_mode=None, add_completion=False, no_args_is_help=True
)

Output = Annotated[Path, typer.Option(metavar="DIR", help="Folder of the new model.")]


@language_models.callback()
def start() -> None:
    """Train language models, and fit how much a line model gives on one."""


@language_models.command("train")
def train(
    texts: Annotated[
        list[Path],
        typer.Argument(metavar="TEXT", help="UTF-8 text, a paragraph a line, gzip or not."),
    ],
    output: Output,
    order: Annotated[int, typer.Option(metavar="N", help="Characters of the longest n-grams.")] = 7,
    max_size: Annotated[
        float, typer.Option(metavar="MB", help="Size of the model at most, in millions of bytes.")
    ] = 3.0,
    text_form: Annotated[
        str, typer.Option(metavar="NAME", help="Form that the text is brought to.")
    ] = "latin-ascii-1",
    max_characters: Annotated[
        int, typer.Option(metavar="N", help="Of more text, take so much, evenly spread.")
    ] = 20_000_000,
    version: Annotated[str, typer.Option(metavar="V", help="Version of the model.")] = "1",
    licence: Annotated[str, typer.Option(metavar="SPDX", help="Licence of the model.")] = "",
) -> None:
    """Learn which characters follow each other in any text, such as letters of the same archive.

    A tenth of every file is held back, and the perplexity per character on it is printed.
    """
    import shlex

    from text_recognizer.language.training import NgramOptions, train_language_model

    options = NgramOptions(order, max_size, text_form, max_characters, version, licence)
    names = [path.name for path in texts]
    command = shlex.join(
        ["text-recognizer", "language-model", "train", *names, "--output", output.name,
         "--order", str(order), "--max-size", f"{max_size:g}", "--text-form", text_form]
    )  # fmt: skip
    made = train_language_model(texts, output, options, command=command)
    if made.perplexity is not None:
        typer.echo(
            f"Perplexity {made.perplexity:.3f} per character on {made.n_held_back} characters "
            "held back."
        )
    typer.echo(
        f"The model with {made.n_grams} n-grams and {made.n_words} words is in "
        f"{made.bundle.folder}."
    )


@language_models.command("tune")
def tune(
    language_model: Annotated[
        str, typer.Argument(metavar="NAME", help="Language model, by name or folder.")
    ],
    data: ValidationData,
    output: Output,
    model: LineModel = None,
    without: Without = None,
    most: Most = 300,
    threads: Threads = None,
) -> None:
    """Find how much a line model should give on a language model, and write a copy that does.

    Weight and bonuses are chosen on validation lines, by the mean over sources of the error rate
    relative to that without the language model.
    """
    from text_recognizer.evaluation.language_tuning import choose_language

    tuned, bundle = choose_language(
        language_model,
        data,
        output,
        model=model,
        without=without or (),
        most=most,
        n_threads=threads,
        tell=typer.echo,
    )
    for source, before in tuned.before.items():
        typer.echo(f"{source}: {100 * before:.2f} % -> {100 * tuned.after[source]:.2f} %")
    if not tuned.helps_everywhere:
        typer.echo("Some sources read worse with the language model.")
    typer.echo(
        f"Weight {tuned.settings.weight}, bonus {tuned.settings.bonus} and word bonus "
        f"{tuned.settings.word_bonus}: the line model that reads with {tuned.settings.name} is in "
        f"{bundle.folder}."
    )
