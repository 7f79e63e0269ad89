"""Finds the words of training lines with a trained model, for `train --alignments FILE`.

    python tasks/align_lines.py MODEL --data DIR --output FILE.json

Reads the training split only, pen strokes in the frozen drawing among them. Says how many lines of
each source the model doubts.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from text_recognizer.bundle import load_bundle
from text_recognizer.ctc import decode_greedy
from text_recognizer.data.alignments import (
    LineAlignment,
    line_key,
    save_alignments,
    word_columns,
)
from text_recognizer.errors import AlphabetError, TextRecognizerError
from text_recognizer.evaluation.metrics import count_edits
from text_recognizer.ground_truth import read_lines
from text_recognizer.line_input import normalise
from text_recognizer.line_reader import LineReader
from text_recognizer.text_form import apply_text_form

_CHUNK = 256  # lines in memory at once


def main() -> int:
    """Run the program; returns the exit code."""
    parser = argparse.ArgumentParser(description="Find the words of training lines.")
    parser.add_argument("model", help="line model, by name or folder")
    parser.add_argument("--data", type=Path, required=True, help="lines with their text")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.json")
    parser.add_argument("--threads", type=int, help="threads of the network")
    options = parser.parse_args()
    try:
        align_lines(options.model, options.data, options.output, n_threads=options.threads)
    except TextRecognizerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def align_lines(model: str, data: Path, output: Path, *, n_threads: int | None = None) -> None:
    """Align all training lines of a data set and write the file.

    Raises:
        TextRecognizerError: model or data cannot be read.
    """
    bundle = load_bundle(model, task="line")
    reader = LineReader(bundle, n_threads=n_threads)
    samples = read_lines(data, split="train")
    found: dict[str, LineAlignment] = {}
    doubtful: Counter[str] = Counter()
    for start in range(0, len(samples), _CHUNK):
        chunk = samples[start : start + _CHUNK]
        images = [sample.read_image() for sample in chunk]
        for sample, image, scores in zip(chunk, images, reader.scores(images), strict=True):
            text = apply_text_form(sample.text, bundle.manifest.text_form)
            labels = [run.label for run in decode_greedy(scores[None])[0]]
            edits = count_edits(text, bundle.manifest.alphabet.decode(labels))
            line = normalise(
                image, bundle.manifest.line_height, bundle.manifest.input_normalisation
            )
            ink = cv2.resize(line.mean(axis=0, dtype=np.float32)[None], (image.shape[1], 1))[0]
            try:
                words = word_columns(
                    scores,
                    text,
                    bundle.manifest.alphabet,
                    ink=np.asarray(ink, dtype=np.float32),
                    columns_per_frame=bundle.manifest.frame_stride * len(ink) / line.shape[1],
                )
            except (AlphabetError, ValueError):
                continue  # no path: the line cannot be learnt either
            alignment = LineAlignment(round(edits / max(len(text), 1), 3), words)
            found[line_key(sample)] = alignment
            doubtful[sample.source] += alignment.is_doubtful(text)
    save_alignments(output, found, model=f"{bundle.manifest.name} {bundle.manifest.version}")
    for source, n_lines in sorted(Counter(sample.source for sample in samples).items()):
        print(f"{source}: {n_lines} lines, {doubtful[source]} of them doubtful")


if __name__ == "__main__":
    sys.exit(main())
