"""`python -m text_recognizer.training RECIPE.toml --data DIR`: training without the runtime.

Needs torch, lightning, numpy, OpenCV, Pillow, safetensors and onnx only, so it runs on a bare
GPU machine; `text-recognizer train` takes the same arguments.
"""

import argparse
import logging
import sys
from pathlib import Path

from text_recognizer.errors import TextRecognizerError
from text_recognizer.training.command import TrainArguments, train


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m text_recognizer.training")
    parser.add_argument("recipe", type=Path, help="recipe, a TOML file")
    parser.add_argument("--data", type=Path, required=True, help="data set of lines or strokes")
    parser.add_argument("--output", type=Path, help="folder of the run (runs/NAME)")
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="override a key of the recipe, dotted: loss.learning_rate=0.001",
    )
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on with the run in DIR")
    parser.add_argument("--base", metavar="NAME|DIR", help="start from the weights of a bundle")
    parser.add_argument("--max-time", metavar="HH:MM:SS", help="length of this call")
    parser.add_argument("--max-steps", type=int, help="steps of the run in all")
    parser.add_argument(
        "--cooldown", action="store_true", help="with --resume: let the rate fall to 0 and end"
    )
    parser.add_argument(
        "--benchmark", action="store_true", help="time loader and step apart, train nothing"
    )
    parser.add_argument("--fonts", type=Path, metavar="DIR", help="folder of handwriting fonts")
    parser.add_argument("--text", type=Path, metavar="FILE", help="plain text to set in the fonts")
    parser.add_argument(
        "--pages", type=Path, metavar="DIR", help="pages with PAGE XML, for paper to draw on"
    )
    parser.add_argument(
        "--alignments", type=Path, metavar="FILE", help="what tasks/align_lines.py found"
    )
    return parser


def main() -> int:
    """Exit code of the command: 0, or 1 after a sentence on standard error."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        train(TrainArguments(**vars(_parser().parse_args())))
    except TextRecognizerError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
