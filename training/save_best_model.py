"""Door: `python training/save_best_model.py --trained_data_class=NAME [--metric=NAME] ...`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from text_recognizer.training.experiments.best_model_command import main

if __name__ == "__main__":
    sys.exit(main())
