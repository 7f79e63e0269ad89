#!/usr/bin/env bash
# Renews the checksum of FSDL Handwriting's export, or says that there is nothing to do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python training/update_metadata.py data/raw/fsdl_handwriting/metadata.toml
