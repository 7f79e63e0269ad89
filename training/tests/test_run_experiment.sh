#!/usr/bin/env bash
# Trains CNN for four epochs on images that it makes up: whether training works, in seconds and without data.
# Further arguments go to the experiment; nothing is left behind.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python "$root/training/run_experiment.py" --data_class=FakeImageData --learnable --model_class=CNN --conv_dim=16 \
    --batch_size=16 --lr=0.003 --max_epochs=4 --gpus=0 --progress_bar_refresh_rate=0 --weights_summary=none "$@"
