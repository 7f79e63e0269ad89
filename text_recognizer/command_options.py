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
LexiconFile = Annotated[
    Path | None,
    typer.Option(
        "--lexicon", metavar="FILE", help="Words that the text is likely to hold, such as names."
    ),
]
CorrectorName = Annotated[
    str | None,
    typer.Option(
        "--corrector", metavar="NAME|DIR", help="Mend what was read with this; by default nothing."
    ),
]
MOST_BEAM = 32  # a text of 682 labels takes 10 MB or more of memory
Beam = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=MOST_BEAM,
        metavar="N",
        help="With --unit paragraph: texts that are followed at a time; by default the likeliest.",
    ),
]
Guard = Annotated[
    bool,
    typer.Option(
        "--guard/--no-guard", help="With --unit paragraph: read repeated lines another way."
    ),
]
Recipe = Annotated[Path, typer.Argument(metavar="RECIPE.toml", help="What to train, and how.")]
Data = Annotated[
    Path,
    typer.Option(
        metavar="DIR", help="Data set: lines with text, pen strokes, or a folder of them."
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key of the recipe, dotted."),
]
Fonts = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Handwriting fonts to draw lines in.")
]
Text = Annotated[Path | None, typer.Option(metavar="FILE", help="Plain text to set in the fonts.")]
Pages = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Pages with PAGE XML, for paper to draw on.")
]
Alignments = Annotated[
    Path | None, typer.Option(metavar="FILE", help="What tasks/align_lines.py found.")
]
