"""Pairs of what is written and what a reader makes of it, for a corrector to learn from."""

from collections.abc import Callable, Collection
from pathlib import Path

from text_recognizer.evaluation.line_evaluation import evaluate
from text_recognizer.ground_truth import find_sources_without, read_lines
from text_recognizer.language.typo_files import write_typo_files
from text_recognizer.line_reader import LineReader
from text_recognizer.text_form import apply_text_form


def write_pairs(
    dataset: Path,
    folder: Path,
    *,
    reader: LineReader,
    split: str = "validation",
    without: Collection[str] = (),
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[int, int]:
    """Write `validating.json` and `text_train.txt`; how many pairs and how many texts there are.

    Args:
        dataset: file or folder in a layout of `ground_truth`.
        folder: where the files go.
        reader: whose mistakes are learnt.
        split: lines that it reads; the texts are those of the training split.
        without: sources that are left out.
        on_progress: called with the lines done and the lines in all.

    Raises:
        InputError: the data set or an image cannot be read, or the split has no lines.
        OptionError: there is no such split, or no such source as one to leave out.
    """
    sources = find_sources_without(dataset, without)
    form = reader.bundle.manifest.text_form
    report = evaluate(
        dataset,
        reader=reader,
        text_form=form,
        split=split,
        sources=sources,
        on_progress=on_progress,
    )
    pairs = [(line.reference, line.hypothesis) for line in report.lines]
    samples = read_lines(dataset, split="train", sources=sources)
    texts = [text for sample in samples if (text := apply_text_form(sample.text, form))]
    write_typo_files(folder, pairs, texts)
    return len(pairs), len(texts)
