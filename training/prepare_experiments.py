"""Door: `python training/prepare_experiments.py FILE.json | parallel -j2`: a command a line."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from text_recognizer.errors import TextRecognizerError
from text_recognizer.training.experiments.experiment_file import commands_of

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python training/prepare_experiments.py FILE.json")
    try:
        sys.stdout.write("".join(f"{line}\n" for line in commands_of(Path(sys.argv[1]))))
    except TextRecognizerError as error:
        sys.exit(str(error))
