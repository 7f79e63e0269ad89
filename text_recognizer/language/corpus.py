"""Text to train a language model on: read, brought to a text form, and a tenth of it held back.

Files are UTF-8, a paragraph a line, gzip or not. Of more text than is wanted, lines spread evenly
over all files are taken, so a large file does not have to fit into memory.
"""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from text_recognizer.errors import InputError
from text_recognizer.text_form import apply_text_form

_GZIP = b"\x1f\x8b"
_CUT = "unexpected end of data"  # Python's word for a character that lacks its last bytes
_LONGEST_LINE = 1 << 24  # bytes; a file without line ends is taken in pieces
_BLOCKS = 100  # of each file; every tenth is held back
_HELD_BACK = 10


@dataclass(frozen=True)
class Corpus:
    """Paragraphs in their text form.

    Attributes:
        train: to learn from.
        held_back: a tenth of every file, to measure with.
        n_characters: of all files, in bytes' worth of text as it stands there.
        n_taken: of them, those that were taken.
    """

    train: list[str]
    held_back: list[str]
    n_characters: int
    n_taken: int


def read_corpus(paths: Sequence[Path], text_form: str, *, most: int) -> Corpus:
    """Paragraphs of text files.

    Args:
        paths: the files.
        text_form: name of the form that every paragraph is brought to.
        most: characters taken at most, evenly from all files.

    Raises:
        InputError: a file cannot be read or is not UTF-8.
        OptionError: there is no such text form.
    """
    sizes = [sum(len(line) for line in _lines(path)) for path in paths]
    share = min(1.0, most / max(1, sum(sizes)))
    train: list[str] = []
    held_back: list[str] = []
    n_taken = 0
    for path, size in zip(paths, sizes, strict=True):
        seen, wanted = 0, 0.0
        for line in _lines(path):
            block = seen * _BLOCKS // max(1, size)
            seen += len(line)
            wanted += share * len(line)
            if wanted < len(line) / 2:
                continue
            wanted -= len(line)
            n_taken += len(line)
            text = apply_text_form(line, text_form)
            if text:
                (held_back if block % _HELD_BACK == _HELD_BACK - 1 else train).append(text)
    return Corpus(train, held_back, sum(sizes), n_taken)


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as raw:
            is_zipped = raw.read(2) == _GZIP
            raw.seek(0)
            file = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if is_zipped else raw
            yield from _decoded(file)
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: convert it first ({error.reason}).") from error
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path} cannot be read: {reason}.") from error


def _decoded(file: BinaryIO) -> Iterator[str]:
    rest = b""  # bytes of a character that a piece was cut in
    while line := file.readline(_LONGEST_LINE):
        line = rest + line
        rest = b""
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            if line.endswith(b"\n") or error.end < len(line) or error.reason != _CUT:
                raise
            text, rest = line[: error.start].decode(), line[error.start :]
        yield text.removeprefix("\ufeff")
    if rest:
        rest.decode()
