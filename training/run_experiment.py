"""Door: `python training/run_experiment.py --data_class=NAME --model_class=NAME ...`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from text_recognizer.training.experiments.command import main

if __name__ == "__main__":
    sys.exit(main())
