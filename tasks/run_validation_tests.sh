#!/usr/bin/env bash
# The predictors on the test splits of EMNIST and of lines of EMNIST: fails if an accuracy is under 0.6.
# Further arguments go to both programs, such as --data_dir.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python "$root/evaluation/evaluate_character_predictor.py" --min_accuracy=0.6 "$@"
python "$root/evaluation/evaluate_line_predictor.py" --min_accuracy=0.6 "$@"
