"""Files of the second seed's text denoiser: what was read beside what is written.

    validating.json     a JSON list of pairs [true text, recognised text]
    text_train.txt      one transcription a line, UTF-8

There the pairs came from the test lines; here they come from validation lines, since what learns
from them is measured on test.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from text_recognizer.errors import InputError

PAIRS_FILE = "validating.json"
TEXT_FILE = "text_train.txt"
_MAX_BYTES = 1 << 28

Pair = tuple[str, str]


def write_typo_files(folder: Path, pairs: Sequence[Pair], texts: Iterable[str]) -> None:
    """Write both files.

    Raises:
        InputError: they cannot be written.
    """
    content = json.dumps([list(pair) for pair in pairs], ensure_ascii=False, indent=0)
    lines = "".join(f"{' '.join(text.split())}\n" for text in texts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / PAIRS_FILE).write_text(content + "\n", encoding="utf-8")
        (folder / TEXT_FILE).write_text(lines, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder} cannot be written to: {error.strerror}.") from error


def read_pairs(folder: Path) -> list[Pair]:
    """Pairs of true and recognised text.

    Raises:
        InputError: the file is missing, or holds something else.
    """
    path = folder / PAIRS_FILE
    try:
        content = json.loads(_read(path))
        if not isinstance(content, list):
            raise TypeError("it is no list")
        pairs = [(true, read) for true, read in content]
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(f"{path} is not a JSON list of pairs of texts: {error}.") from error
    if not all(isinstance(text, str) for pair in pairs for text in pair):
        raise InputError(f"{path} is not a JSON list of pairs of texts: a text is none.")
    return pairs


def read_texts(folder: Path) -> list[str]:
    """Transcriptions, without empty lines.

    Raises:
        InputError: the file is missing or is not UTF-8.
    """
    return [line for line in _read(folder / TEXT_FILE).splitlines() if line.strip()]


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{path} is over {_MAX_BYTES} bytes: give less.")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}. 'text-recognizer corrector pairs' writes it."
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: convert it first.") from error
