"""Door: `python training/gpu_manager.py` says which GPUs are free."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from text_recognizer.training.gpus import render_gpus

if __name__ == "__main__":
    sys.stdout.write(f"{render_gpus()}\n")
