"""Door: `python text_recognizer/datasets/iam_handwriting.py` says what it holds."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from text_recognizer.data.base_data_module import run_as_script
from text_recognizer.data.fsdl_handwriting import IamHandwritingDataset

if __name__ == "__main__":
    run_as_script(IamHandwritingDataset)
