#!/usr/bin/env bash
# Trains the LSTM of 2019 on lines of EMNIST by CTC and keeps its weights in ./artifacts.
# Further arguments are flags of the experiment.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
exec python "$root/training/run_experiment.py" --save \
    '{"train_args": {"epochs": 16}, "dataset": "EmnistLinesDataset", "model": "LineModelCtc", "network": "line_lstm_ctc"}' "$@"
