#!/usr/bin/env bash
# Draws docs/reading.webp, the picture that opens the README: a page of the examples as
# `read --format html` writes it, shown by Chromium. Needs chromium and the installed package.
#
#     tasks/picture_of_reading.sh
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
text-recognizer read examples/letter.jpg --format html --output "$folder" --quiet
chromium --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
    --user-data-dir="$folder/profile" --hide-scrollbars --window-size=1400,960 \
    --screenshot="$folder/page.png" "file://$folder/letter.html" 2>/dev/null
python - "$folder/page.png" docs/reading.webp <<'PYTHON'
import sys

from PIL import Image

Image.open(sys.argv[1]).convert("RGB").save(sys.argv[2], quality=80, method=6)
PYTHON
