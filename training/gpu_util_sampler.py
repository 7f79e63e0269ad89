"""Door: `python training/gpu_util_sampler.py` says how busy GPUs are; runs do it by themselves."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from text_recognizer.training.experiments.gpu_use import GPUUtilizationSampler
from text_recognizer.training.gpus import render_use

__all__ = ["GPUUtilizationSampler"]

if __name__ == "__main__":
    sys.stdout.write(f"{render_use()}\n")
