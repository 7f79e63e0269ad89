"""Options that several commands have, under one name and with one help text."""

from pathlib import Path
from typing import Annotated

import typer

LanguageModel = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|DIR|none",
        help="Language model, or none; by default the one that the model reads with.",
    ),
]
Threads = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Threads; by default all cores.")
]
Dataset = Annotated[
    Path, typer.Argument(metavar="DATASET", help="Lines with their text: folder or zip.")
]
LineModel = Annotated[
    str | None,
    typer.Option(metavar="NAME|DIR", help="Line model; by default the shipped one."),
]
ValidationData = Annotated[
    Path, typer.Option(metavar="DIR", help="Lines with their text, validation lines among.")
]
Without = Annotated[
    list[str] | None, typer.Option(metavar="SOURCE", help="Source of the data to leave out.")
]
Most = Annotated[int, typer.Option(min=1, metavar="N", help="Lines of one source at most.")]
