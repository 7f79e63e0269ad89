"""`python training/update_metadata.py data/raw/NAME/metadata.toml`: renews checksums."""

import sys
from pathlib import Path

from text_recognizer.data.raw_data import update_metadata
from text_recognizer.errors import TextRecognizerError

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python training/update_metadata.py data/raw/NAME/metadata.toml")
    try:
        sys.stdout.write(update_metadata(Path(sys.argv[1])) + "\n")
    except TextRecognizerError as error:
        sys.exit(str(error))
