"""Door of 2019: `python text_recognizer/datasets/emnist_dataset.py` says what it holds."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from text_recognizer.data.base_data_module import run_as_script
from text_recognizer.data.emnist import EMNIST

if __name__ == "__main__":
    run_as_script(EMNIST)
