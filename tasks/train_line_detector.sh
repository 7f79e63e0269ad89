#!/usr/bin/env bash
# Trains the line detector of 2019 on pages of IAM (Adam, rate 0.0005) and keeps its weights in ./artifacts.
# Further arguments are flags of the experiment.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
exec python "$root/training/run_experiment.py" --save \
    '{"dataset": "IamParagraphsDataset", "model": "LineDetectorModel", "network": "fcn", "train_args": {"batch_size": 16, "epochs": 32}}' "$@"
