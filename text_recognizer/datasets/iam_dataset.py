"""Door of 2019: `python text_recognizer/datasets/iam_dataset.py` says what IAM holds."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from text_recognizer.data.iam import main

if __name__ == "__main__":
    main()
