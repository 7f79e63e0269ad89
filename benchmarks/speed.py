"""How long the user waits: first text from a cold start, and a page of 25 lines.

    python benchmarks/speed.py [--model NAME] [--threads 2]

Prints medians in seconds and, because machines differ, their ratio to a baseline of the same run:
for the cold start a Python process that imports numpy, OpenCV and onnxruntime and does nothing; for
the page one matrix product of the size of its network's input.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from text_recognizer import Recognizer

_EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
_N_LINES = 25


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--model", help="model by name or folder; by default the shipped one")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    cold_start(arguments.model, arguments.threads, arguments.runs)
    page(arguments.model, arguments.threads, arguments.runs)


def cold_start(model: str | None, n_threads: int, n_runs: int) -> None:
    """From the start of the command to its end with one line read."""
    program = "from text_recognizer.cli import main; main()"
    command = [sys.executable, "-c", program, "read", str(_EXAMPLES / "line.png"), "--quiet"]
    command += ["--threads", str(n_threads)] + (["--model", model] if model else [])
    baseline = [sys.executable, "-c", "import numpy, cv2, onnxruntime"]
    _report(
        "first text, cold",
        _median(lambda: _run(command), n_runs),
        _median(lambda: _run(baseline), n_runs),
    )


def page(model: str | None, n_threads: int, n_runs: int) -> None:
    """A page of 25 lines, from pixels to text, in a process that is warm."""
    image = page_of_lines(_EXAMPLES / "line.png", _N_LINES)
    recognizer = Recognizer(model, n_threads=n_threads)
    n_found = sum(len(page.lines) for page in recognizer.read(image))
    print(
        f"page of {image.shape[1]} x {image.shape[0]} pixels: {n_found} of {_N_LINES} lines found"
    )
    matrix = np.ones((1_500, 1_500), np.float32)
    _report(
        "page, warm",
        _median(lambda: list(recognizer.read(image)), n_runs),
        _median(lambda: matrix @ matrix, n_runs),
    )


def page_of_lines(path: Path, n_lines: int) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    """One line image set `n_lines` times below itself on a white page, about 2,000 px wide."""
    line = Image.open(path).convert("L")
    line = line.resize((1_700, round(line.height * 1_700 / line.width)))
    sheet = Image.new("L", (2_000, 300 + n_lines * (line.height + 10)), 245)
    for i in range(n_lines):
        sheet.paste(line, (150, 150 + i * (line.height + 10)))
    return np.asarray(sheet)


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _median(action: Callable[[], object], n_runs: int) -> float:
    action()  # caches are filled
    seconds = []
    for _ in range(n_runs):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def _report(name: str, seconds: float, baseline: float) -> None:
    print(f"{name}: {seconds:.2f} s, {seconds / baseline:.1f} times the baseline {baseline:.3f} s")


if __name__ == "__main__":
    main()
