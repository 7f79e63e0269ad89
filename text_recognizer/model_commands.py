"""The commands `text-recognizer models ...`: lists, shows, checks and rounds models on disk."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from text_recognizer.bundle import Bundle, FoundBundle
    from text_recognizer.evaluation import ReportRow
    from text_recognizer.manifest import Manifest, MeasuredCer

models = typer.Typer(name="models", rich_markup_mode=None, add_completion=False)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Model, by name or folder.")]


@models.callback(invoke_without_command=True)
def start(context: typer.Context) -> None:
    """List, show, check or round models; without a command, list them."""
    if context.invoked_subcommand is None:
        list_models()


@models.command("list")
def list_models() -> None:
    """List the models that --model takes by name."""
    from text_recognizer.bundle import list_bundles

    found = list_bundles()
    if not found:
        typer.echo("There are no models.")
    rows = [_row(bundle) for bundle in found]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


@models.command("show")
def show_model(name: Name) -> None:
    """Show what a model reads, what it was trained on and what it was measured on."""
    from text_recognizer.bundle import find_bundle, read_manifest

    folder = find_bundle(name)
    manifest = read_manifest(folder)
    for label, value in _facts(manifest, folder):
        typer.echo(f"{label + ':':<19} {value}")


@models.command("verify")
def verify_model(name: Name) -> None:
    """Check that every file of a model is as its manifest says."""
    from text_recognizer.bundle import load_bundle

    bundle = load_bundle(name)
    typer.echo(f"{bundle.folder} is whole: {len(bundle.manifest.files)} files agree.")


@models.command("quantise")
def quantise_model(
    name: Name,
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the twin; by default among your models."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a twin that is there.")
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Data set: measure both models on its validation split."),
    ] = None,
) -> None:
    """Write an int8 twin of a model for lines or paragraphs, NAME-int8: smaller, a little worse."""
    from text_recognizer.bundle import load_bundle
    from text_recognizer.quantisation import quantise_bundle

    bundle = load_bundle(name)
    report = quantise_bundle(bundle, output, overwrite=overwrite)
    before, after = report.n_bytes_before / 1e6, report.n_bytes_after / 1e6
    typer.echo(f"The twin is in {report.bundle.folder}.")
    typer.echo(f"Size: {before:.1f} MB, twin {after:.1f} MB.")
    before, after = 1000 * report.seconds_before, 1000 * report.seconds_after
    typer.echo(f"Time for {report.probe}: {before:.1f} ms, twin {after:.1f} ms.")
    if data is None:
        typer.echo("Its error rate is not known: give --data DIR to measure both models.")
        return
    for row, twin_row in zip(
        _validation_rows(bundle, data), _validation_rows(report.bundle, data), strict=True
    ):
        if row.cer is not None and twin_row.cer is not None:
            rates = f"{100 * row.cer:.2f} %, twin {100 * twin_row.cer:.2f} %"
            typer.echo(f"CER on validation, {row.name}: {rates}.")


def _validation_rows(bundle: "Bundle", data: Path) -> "tuple[ReportRow, ...]":
    from text_recognizer.evaluation import evaluate
    from text_recognizer.evaluation.paragraph_evaluation import evaluate_paragraphs
    from text_recognizer.line_reader import LineReader
    from text_recognizer.paragraph_reader import ParagraphReader

    form = bundle.manifest.text_form
    if bundle.manifest.task == "line":
        return evaluate(data, reader=LineReader(bundle), text_form=form, split="validation").rows
    reader = ParagraphReader(bundle)
    report = evaluate_paragraphs(
        data,
        reader=reader,
        n_characters=reader.n_characters,
        text_form=form,
        split="validation",
    )
    return report.texts.rows


def _row(found: "FoundBundle") -> tuple[str, ...]:
    if found.manifest is None:
        return found.name, "", "", "", found.problem or ""
    manifest = found.manifest
    return found.name, manifest.version, manifest.task, manifest.licence, str(found.folder)


def _facts(manifest: "Manifest", folder: Path) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = [
        ("name", manifest.name),
        ("version", manifest.version),
        ("folder", folder),
        ("task", manifest.task),
        ("licence", manifest.licence or "not stated"),
        ("created", manifest.created or "unknown"),
        ("commit", manifest.git_commit or "unknown"),
        ("derived from", manifest.derived_from or "nothing, trained"),
        ("characters", "".join(manifest.symbols).replace("\n", "\u21b5") or "none"),
        ("text form", manifest.text_form or "none"),
        ("line height", manifest.line_height or "any"),
    ]
    facts += [(f"CER {cer.data}", _rate(cer)) for cer in manifest.cer]
    for data in manifest.training_data:
        facts.append(("trained on", ", ".join(filter(None, (data.name, data.licence)))))
        if data.attribution:
            facts.append(("", data.attribution))
    return facts


def _rate(cer: "MeasuredCer") -> str:
    interval = ""
    if cer.low is not None and cer.high is not None:
        interval = f" (95 %: {100 * cer.low:.1f} to {100 * cer.high:.1f})"
    note = f", {cer.note}" if cer.note else ""
    return f"{100 * cer.cer:.2f} %{interval}, {cer.split}{note}"
