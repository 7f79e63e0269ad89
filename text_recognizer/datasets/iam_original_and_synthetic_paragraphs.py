"""Door: says what IAMOriginalAndSyntheticParagraphs holds, as a program."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from text_recognizer.data.base_data_module import run_as_script
from text_recognizer.data.iam_original_and_synthetic_paragraphs import (
    IAMOriginalAndSyntheticParagraphs,
)

if __name__ == "__main__":
    run_as_script(IAMOriginalAndSyntheticParagraphs)
