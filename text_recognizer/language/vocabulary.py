"""The words of a language model: those of the text that it was trained on, but for rare ones.

N-grams end after a few characters, and do not know where a long word is whole; its words do. They
are kept beside the n-grams as `words.txt.gz`: UTF-8, a word a line, in order.
"""

import gzip
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence

from text_recognizer.bundle import Bundle
from text_recognizer.errors import BundleError
from text_recognizer.language.lexicon import find_words

WORDS_FILE = "words.txt.gz"
_LEAST = 2  # times that a word must occur
_MOST_BYTES = 1 << 26


def collect_words(texts: Iterable[str], *, least: int = _LEAST) -> list[str]:
    """Words without digits that occur often enough, in order."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(find_words(text))
    return sorted(without_numbers(word for word, count in counts.items() if count >= least))


def without_numbers(words: Iterable[str]) -> list[str]:
    """The words that hold no digit: numbers are left to the line model."""
    return [word for word in words if word.isalpha() or not any(map(str.isdigit, word))]


def words_to_bytes(words: Sequence[str]) -> bytes:
    """Content of the file."""
    return gzip.compress("".join(f"{word}\n" for word in words).encode(), mtime=0)


def load_words(bundle: Bundle) -> list[str]:
    """The words of a language model; empty if it has none.

    Raises:
        BundleError: the file is damaged.
    """
    if WORDS_FILE not in bundle.manifest.files:
        return []
    path = bundle.folder / WORDS_FILE
    try:
        with gzip.open(path) as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise BundleError(f"{path} holds over {_MOST_BYTES} bytes of words: it is damaged.")
        return content.decode().split()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise BundleError(f"{path} holds no words that can be read: {error}.") from error
