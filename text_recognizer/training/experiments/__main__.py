"""`python -m text_recognizer.training.experiments`: what `training/run_experiment.py` runs."""

import sys

from text_recognizer.training.experiments.command import main

if __name__ == "__main__":
    sys.exit(main())
