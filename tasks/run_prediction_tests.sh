#!/usr/bin/env bash
# The shipped models on images with known texts, offline and on the CPU. Further arguments go to pytest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec python -m pytest -s text_recognizer/tests "$@"
