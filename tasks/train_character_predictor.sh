#!/usr/bin/env bash
# Trains the MLP of 2019 on EMNIST and keeps its weights in ./artifacts. Further arguments are flags of the experiment.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
exec python "$root/training/run_experiment.py" --save \
    '{"dataset": "EmnistDataset", "model": "CharacterModel", "network": "mlp", "train_args": {"batch_size": 256}}' "$@"
