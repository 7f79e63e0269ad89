"""Door: `python evaluation/evaluate_character_predictor.py --data_class=NAME --data_dir=DIR`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from text_recognizer.training.experiments.predictor_evaluation import evaluate_character_predictor

if __name__ == "__main__":
    sys.exit(evaluate_character_predictor())
