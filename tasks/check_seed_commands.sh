#!/usr/bin/env bash
# Runs the commands that the lessons show, each on tiny data that it makes, and says of each whether it does what
# it should; the exit code is 1 if one does not. Arguments are numbers of rows, to run these only.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if ! python -c 'import text_recognizer, torch' 2>/dev/null; then
    echo "The environment is missing or not active: make pip-tools, then . .venv/bin/activate" >&2
    exit 1
fi
exec python "$root/tasks/check_seed_commands.py" "$@"
