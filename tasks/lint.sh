#!/usr/bin/env bash
# Formatting, lint and types, by the tools of the environment that is active; `make check` runs it in its own.
# Further arguments go to `ruff check`, such as --fix.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python -m ruff format --check .
python -m ruff check . "$@"
python -m mypy
