"""Door: `python evaluation/evaluate_line_predictor.py --data_class=NAME --data_dir=DIR`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from text_recognizer.training.experiments.predictor_evaluation import evaluate_line_predictor

if __name__ == "__main__":
    sys.exit(evaluate_line_predictor())
