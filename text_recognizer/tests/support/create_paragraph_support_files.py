"""Door: `python create_paragraph_support_files.py --fonts FOLDER` draws paragraphs beside it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tasks"))

from draw_support_images import main

if __name__ == "__main__":
    main("paragraphs")
