"""The evaluate command: what is read how, a report as text, and as JSON."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from text_recognizer.bundle import DEFAULT_LINE_MODEL, Bundle, load_bundle
from text_recognizer.errors import OptionError
from text_recognizer.evaluation.confusion_table import render_confusions
from text_recognizer.evaluation.line_evaluation import ReadsLines, evaluate
from text_recognizer.evaluation.paragraph_evaluation import (
    evaluate_paragraphs,
    paragraph_report_to_json,
    render_paragraph_report,
)
from text_recognizer.evaluation.report import render_report, report_to_json
from text_recognizer.evaluation.stages import compare_stages
from text_recognizer.grey_image import GreyImage
from text_recognizer.language.decoder import load_decoder, load_decoders
from text_recognizer.line_reader import LineReader
from text_recognizer.page import Page
from text_recognizer.paragraph_reader import load_paragraph_reader
from text_recognizer.recognizer import Recognizer

PAGE_CHARACTERS = 680
"""Of a paragraph whose lines are found; a model of the published size reads as many as a whole."""

Show = Callable[[int, int], None] | None
"""Called with how many of how many are done."""
Progress = Callable[[], AbstractContextManager[Show]]
"""Gives what shows the progress while it is open."""


@dataclass(frozen=True)
class EvaluateArguments:
    """What the command line gives; see `text-recognizer evaluate --help`."""

    dataset: Path
    split: str = "test"
    unit: Literal["line", "page", "paragraph"] = "line"
    model: str | None = None
    language_model: str | None = None
    lexicon: Path | None = None
    corrector: str | None = None
    threads: int | None = None
    stages: bool = False
    confusions: int | None = None
    beam: int | None = None
    guard: bool = True


@dataclass(frozen=True)
class Answer:
    """What the command prints, and what it writes as JSON; None for what has no such form."""

    text: str
    json: dict[str, Any] | None = None


def run_evaluation(arguments: EvaluateArguments, progress: Progress) -> Answer:
    """Evaluate and report.

    Raises:
        BundleError: a model is missing, damaged or of another task.
        InputError: data cannot be read.
        OptionError: options contradict each other.
    """
    if arguments.unit != "line" and (arguments.stages or arguments.confusions is not None):
        raise OptionError("--stages and --confusions are for --unit line.")
    if arguments.unit != "paragraph" and (arguments.beam is not None or not arguments.guard):
        raise OptionError("--beam and --no-guard are for --unit paragraph.")
    if arguments.stages:
        return _stages(arguments, progress)
    return {"line": _lines, "page": _pages, "paragraph": _paragraphs}[arguments.unit](
        arguments, progress
    )


def _line_bundle(arguments: EvaluateArguments) -> Bundle:
    return load_bundle(arguments.model or DEFAULT_LINE_MODEL, task="line")


def _stages(arguments: EvaluateArguments, progress: Progress) -> Answer:
    bundle = _line_bundle(arguments)
    decoders = load_decoders(
        bundle,
        arguments.language_model,
        lexicon=arguments.lexicon,
        corrector=arguments.corrector,
    )
    reader = LineReader(bundle, n_threads=arguments.threads)
    with progress() as show:
        table = compare_stages(
            arguments.dataset,
            reader=reader,
            decoders=decoders,
            split=arguments.split,
            on_progress=show,
        )
    return Answer(f"{_title(bundle)}, {arguments.split} split\n{table}")


def _lines(arguments: EvaluateArguments, progress: Progress) -> Answer:
    bundle = _line_bundle(arguments)
    decoder = load_decoder(
        bundle,
        arguments.language_model,
        lexicon=arguments.lexicon,
        corrector=arguments.corrector,
        n_threads=arguments.threads,
    )
    reader = LineReader(bundle, decoder=decoder, n_threads=arguments.threads)
    with progress() as show:
        report = evaluate(
            arguments.dataset,
            reader=reader,
            text_form=bundle.manifest.text_form,
            split=arguments.split,
            on_progress=show,
        )
    parts = [f"{_title(bundle)}\n{render_report(report)}"]
    if arguments.confusions is not None:
        parts.append(render_confusions(report, arguments.confusions))
    return Answer("\n\n".join(parts), _named(bundle, report_to_json(report, with_lines=True)))


def _paragraphs(arguments: EvaluateArguments, progress: Progress) -> Answer:
    if any((arguments.language_model, arguments.lexicon, arguments.corrector)):
        raise OptionError(
            "Paragraphs are read without language model, lexicon and corrector: leave these out."
        )
    reader = load_paragraph_reader(
        arguments.model,
        beam=arguments.beam or 1,
        guarded=arguments.guard,
        n_threads=arguments.threads,
    )
    return _paragraph_answer(arguments, reader, reader.bundle, reader.n_characters, progress)


def _pages(arguments: EvaluateArguments, progress: Progress) -> Answer:
    recognizer = Recognizer(
        arguments.model,
        language_model=arguments.language_model,
        lexicon=arguments.lexicon,
        corrector=arguments.corrector,
        n_threads=arguments.threads,
    )
    assert recognizer.bundle is not None
    reader = _FoundLines(recognizer)
    return _paragraph_answer(arguments, reader, recognizer.bundle, PAGE_CHARACTERS, progress)


def _paragraph_answer(
    arguments: EvaluateArguments,
    reader: ReadsLines,
    bundle: Bundle,
    n_characters: int,
    progress: Progress,
) -> Answer:
    with progress() as show:
        report = evaluate_paragraphs(
            arguments.dataset,
            reader=reader,
            n_characters=n_characters,
            text_form=bundle.manifest.text_form,
            split=arguments.split,
            on_progress=show,
        )
    text = f"{_title(bundle)}\n{render_paragraph_report(report)}"
    return Answer(text, _named(bundle, paragraph_report_to_json(report)))


class _FoundLines:
    """A recogniser of pages as a reader of paragraphs.

    Args:
        recognizer: reads each paragraph as a page.
    """

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer

    def read(self, images: Sequence[GreyImage], /) -> list[Page]:
        """Pages in the order of the images."""
        return [page for image in images for page in self._recognizer.read(image)]


def _title(bundle: Bundle) -> str:
    return f"Model {bundle.manifest.name} {bundle.manifest.version}"


def _named(bundle: Bundle, content: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": {"name": bundle.manifest.name, "version": bundle.manifest.version},
        **content,
    }
