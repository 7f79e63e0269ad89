"""Reads the same test lines with this package, tesseract and rapidocr, side by side in one run.

    python benchmarks/peers.py --data DIR --rapidocr-python VENV/bin/python

Peers are not dependencies. tesseract is the program on the PATH (`apt-get install tesseract-ocr`);
rapidocr lives in an environment of its own (`pip install rapidocr==3.10.0 onnxruntime`). What is
not installed is left out with a note.

Every program gets the same grey line images and only recognises: no search for lines. The texts of
all go through the text form of our model, as the references do. Times: ours and rapidocr's leave
out starting, loading the model and decoding image files; tesseract's includes them, spread over all
lines, as one process a thread reads a whole list of files. Compare speeds within one run only.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from text_recognizer.bundle import DEFAULT_LINE_MODEL, load_bundle
from text_recognizer.errors import InputError, TextRecognizerError
from text_recognizer.evaluation.line_evaluation import compare_line
from text_recognizer.evaluation.report import ReportRow, make_rows
from text_recognizer.ground_truth import LineSample, read_lines, read_unseen_ids
from text_recognizer.ground_truth.samples import SPLITS
from text_recognizer.language.decoder import load_decoder
from text_recognizer.line_reader import LineReader

_PAGE_END = "\f"  # what tesseract writes between the texts of the images of a list
_WARM_UP_LINES = 3
_RAPIDOCR_BATCHES = (6, 1)  # its default, and without padding, which is faster on few threads

_RAPIDOCR_PROGRAM = """
import json, sys, time
import cv2
from rapidocr import RapidOCR
from rapidocr.ch_ppocr_rec.typings import TextRecInput

list_file, n_threads, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
engine = RapidOCR(params={
    "Global.log_level": "critical",
    "EngineConfig.onnxruntime.intra_op_num_threads": n_threads,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    "Rec.rec_batch_num": batch,
})
with open(list_file, encoding="utf-8") as lines:
    images = [cv2.imread(line.rstrip("\\n")) for line in lines]
engine(images[0], use_det=False, use_cls=False, use_rec=True)  # loads the recogniser
engine.text_rec(TextRecInput(img=images[:3]))
start = time.perf_counter()
texts = engine.text_rec(TextRecInput(img=images)).txts
seconds = time.perf_counter() - start
json.dump({"texts": list(texts), "seconds": seconds}, sys.stdout)
"""


@dataclass(frozen=True)
class PeerResult:
    """What one program read: a text a line, in order, and the seconds that it took."""

    name: str
    texts: list[str]
    seconds: float


class PeerError(Exception):
    """A peer is not installed or failed; the message says which and why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison, print it, and return the exit code."""
    options = _parse(arguments)
    try:
        samples = take_evenly(
            read_lines(options.data, split=options.split, sources=options.source), options.limit
        )
        if not samples:
            raise InputError(f"{options.data} has no {options.split} lines.")
        results, text_form, notes = _read_with_all(samples, options)
        unseen = read_unseen_ids(options.data)
    except TextRecognizerError as error:
        print(error, file=sys.stderr)
        return 1
    rows = {result.name: score(samples, result, text_form, unseen) for result in results}
    print(f"{options.split} split, text form {text_form}, {options.threads} threads\n")
    print(render_table(rows))
    print()
    print(render_speeds(results, len(samples)))
    for note in notes:
        print(note)
    if options.json is not None:
        content = _as_json(options, text_form, rows, results, len(samples))
        options.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 0


def take_evenly(samples: Sequence[LineSample], limit: int | None) -> list[LineSample]:
    """At most `limit` samples of each source, spread evenly over its order."""
    kept = []
    for source in sorted({sample.source for sample in samples}):
        own = [sample for sample in samples if sample.source == source]
        n_kept = min(limit or len(own), len(own))
        kept += [own[index * len(own) // n_kept] for index in range(n_kept)]
    return kept


def read_with_tesseract(
    files: Sequence[Path], *, program: str, languages: str, n_threads: int
) -> PeerResult:
    """Texts by the LSTM engine of tesseract, one line an image (`--psm 7`).

    Raises:
        PeerError: tesseract is not installed, or fails.
    """
    if shutil.which(program) is None:
        raise PeerError(f"tesseract is left out: there is no program {program}.")
    parts = [files[index::n_threads] for index in range(min(n_threads, len(files)))]
    command = [program, "stdin", "stdout", "--psm", "7", "--dpi", "300", "-l", languages]
    start = time.perf_counter()
    with ThreadPoolExecutor(len(parts)) as pool:
        read = list(pool.map(lambda part: _run_tesseract(command, part), parts))
    seconds = time.perf_counter() - start
    texts = [""] * len(files)
    for index, part in enumerate(read):
        texts[index::n_threads] = part
    return PeerResult("tesseract", texts, seconds)


def read_with_rapidocr(
    files: Sequence[Path], *, python: str, n_threads: int, batch: int
) -> PeerResult:
    """Texts by rapidocr's recogniser, given all lines at once; it sorts and batches them itself.

    Raises:
        PeerError: rapidocr is not installed for that interpreter, or fails.
    """
    if shutil.which(python) is None:
        raise PeerError(f"rapidocr is left out: there is no interpreter {python}.")
    with tempfile.TemporaryDirectory() as folder:
        list_file = Path(folder) / "files.txt"
        list_file.write_text("".join(f"{file}\n" for file in files), encoding="utf-8")
        command = [python, "-c", _RAPIDOCR_PROGRAM, str(list_file), str(n_threads), str(batch)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise PeerError(f"rapidocr is left out: {reason}")
    answer = json.loads(done.stdout)
    return PeerResult(f"rapidocr, batch {batch}", answer["texts"], answer["seconds"])


def read_with_ours(images: Sequence[NDArray[np.uint8]], reader: LineReader) -> PeerResult:
    """Texts by this package, given all lines at once; it batches them itself."""
    reader.read(images[:_WARM_UP_LINES])
    start = time.perf_counter()
    texts = [reading.text for reading in reader.read(images)]
    return PeerResult("ours", texts, time.perf_counter() - start)


def score(
    samples: Sequence[LineSample], result: PeerResult, text_form: str, unseen: frozenset[str]
) -> tuple[ReportRow, ...]:
    """Error rates of one program by source."""
    pairs = zip(samples, result.texts, strict=True)
    return make_rows([compare_line(sample, text, text_form) for sample, text in pairs], unseen)


def render_table(rows: dict[str, tuple[ReportRow, ...]]) -> str:
    """CER in per cent with its interval, a row a source and a column a program."""
    first = next(iter(rows.values()))
    table = [["CER, %", "lines", "characters", *rows]]
    for index, row in enumerate(first):
        cells = [_rate(own[index]) for own in rows.values()]
        table.append([row.name, str(row.n_lines), str(row.n_characters), *cells])
    return _align(table)


def render_speeds(results: Sequence[PeerResult], n_lines: int) -> str:
    """Lines a second of each program, and how many times those of the others ours are."""
    table = [["program", "lines/s", "ours is faster by"]]
    for result in results:
        factor = f"{result.seconds / results[0].seconds:.2f} x"
        table.append([result.name, f"{n_lines / result.seconds:.1f}", factor])
    return _align(table)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="data set, as for evaluate")
    parser.add_argument("--split", default="test", choices=SPLITS)
    parser.add_argument("--source", action="append", help="only this source; may be repeated")
    parser.add_argument("--limit", type=int, help="at most so many lines of each source")
    parser.add_argument("--model", default=DEFAULT_LINE_MODEL, help="our line model")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tesseract", default="tesseract", help="the program")
    parser.add_argument("--tesseract-languages", default="eng", help="for example eng+fra")
    parser.add_argument(
        "--rapidocr-python", default=sys.executable, help="interpreter that has rapidocr"
    )
    parser.add_argument("--json", type=Path, help="write the result to this file")
    return parser.parse_args(arguments)


def _read_with_all(
    samples: Sequence[LineSample], options: argparse.Namespace
) -> tuple[list[PeerResult], str, list[str]]:
    """Results, ours first; the text form of our model; notes on programs that are left out."""
    bundle = load_bundle(options.model, task="line")
    images = [sample.read_image() for sample in samples]
    reader = LineReader(bundle, decoder=load_decoder(bundle), n_threads=options.threads)
    results = [read_with_ours(images, reader)]
    notes = []
    with tempfile.TemporaryDirectory() as folder:
        files = _write_images(images, Path(folder))
        tesseract = partial(
            read_with_tesseract,
            files,
            program=options.tesseract,
            languages=options.tesseract_languages,
            n_threads=options.threads,
        )
        rapidocr = partial(
            read_with_rapidocr, files, python=options.rapidocr_python, n_threads=options.threads
        )
        batched = [partial(rapidocr, batch=batch) for batch in _RAPIDOCR_BATCHES]
        for read in (tesseract, *batched):
            try:
                results.append(read())
            except PeerError as error:
                notes += [] if str(error) in notes else [str(error)]
    return results, bundle.manifest.text_form, notes


def _write_images(images: Sequence[NDArray[np.uint8]], folder: Path) -> list[Path]:
    files = [folder / f"{index:06d}.png" for index in range(len(images))]
    for file, image in zip(files, images, strict=True):
        cv2.imwrite(str(file), image)
    return files


def _run_tesseract(command: Sequence[str], files: Sequence[Path]) -> list[str]:
    """Texts of the images of one list, read by one process with one thread."""
    done = subprocess.run(
        command,
        input="".join(f"{file}\n" for file in files),
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    texts = done.stdout.split(_PAGE_END)
    if len(texts) == len(files) + 1 and not texts[-1].strip():
        texts.pop()  # some versions write the separator behind the last image, too
    if done.returncode or len(texts) != len(files):
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise PeerError(
            f"tesseract is left out: it read {len(texts)} of {len(files)} lines: {reason}"
        )
    return [" ".join(text.split()) for text in texts]


def _rate(row: ReportRow) -> str:
    if row.cer is None:
        return "-"
    if row.cer_interval is None:
        return f"{100 * row.cer:.1f}"
    low, high = row.cer_interval
    return f"{100 * row.cer:.1f} ({100 * low:.1f}-{100 * high:.1f})"


def _align(table: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in table
    )


def _as_json(
    options: argparse.Namespace,
    text_form: str,
    rows: dict[str, tuple[ReportRow, ...]],
    results: Sequence[PeerResult],
    n_lines: int,
) -> dict[str, Any]:
    return {
        "split": options.split,
        "text_form": text_form,
        "threads": options.threads,
        "lines_per_second": {r.name: n_lines / r.seconds for r in results},
        "cer": {name: {row.name: row.cer for row in own} for name, own in rows.items()},
        "n_characters": {row.name: row.n_characters for row in next(iter(rows.values()))},
    }


if __name__ == "__main__":
    sys.exit(main())
