"""The program's folder in the user's cache."""

import os
import sys
from pathlib import Path


def default_data_folder() -> Path:
    """The program's folder in the user's cache, for downloads and what is made of them.

    `%LOCALAPPDATA%` on Windows, `~/Library/Caches` on macOS, else `$XDG_CACHE_HOME` or
    `~/.cache`; in it, `text-recognizer`.
    """
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "text-recognizer"
