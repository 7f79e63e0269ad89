"""Door: `python evaluation/evaluate_line_detector.py --checkpoint=FILE PAGES`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from text_recognizer.training.experiments.line_detector_evaluation import evaluate_line_detector

if __name__ == "__main__":
    sys.exit(evaluate_line_detector())
