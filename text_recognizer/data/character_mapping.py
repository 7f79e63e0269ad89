"""Mappings from characters to labels of 2019 and 2021, with their special symbols.

These serve the data modules that keep the old label numbers; the alphabets of the line models
are `text_recognizer.alphabet`.
"""

import json
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from text_recognizer.errors import AlphabetError, InputError

BLANK, START, END, PADDING = "<B>", "<S>", "<E>", "<P>"
SPECIAL_SYMBOLS = (BLANK, START, END, PADDING)
PADDING_2019 = "_"
EMNIST_CHARACTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
"""The 62 classes of EMNIST ByClass in their order."""
_MARKS = " !\"#&'()*+,-./:;?"


@dataclass(frozen=True)
class CharacterMapping:
    """Symbols in label order: characters, and special symbols that stand for none.

    Attributes:
        symbols: the symbol of label 0, 1, ...
        special: symbols without a character, which decoding leaves out; the last is the padding.

    Raises:
        AlphabetError: a symbol occurs twice.
    """

    symbols: tuple[str, ...]
    special: tuple[str, ...] = SPECIAL_SYMBOLS
    _labels: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        labels = {symbol: label for label, symbol in enumerate(self.symbols)}
        if len(labels) != len(self.symbols):
            twice = sorted({s for s in self.symbols if self.symbols.count(s) > 1})
            raise AlphabetError(f"Symbols occur twice in the mapping: {twice!r}.")
        object.__setattr__(self, "_labels", labels)

    def __len__(self) -> int:
        return len(self.symbols)

    @property
    def characters(self) -> str:
        """What a text may consist of."""
        return "".join(symbol for symbol in self.symbols if symbol not in self.special)

    def label(self, symbol: str) -> int:
        """Label of a symbol, special or not.

        Raises:
            AlphabetError: the mapping has no such symbol.
        """
        if symbol not in self._labels:
            raise AlphabetError(f"The mapping does not hold {symbol!r}.")
        return self._labels[symbol]

    def unknown(self, text: str) -> list[str]:
        """Characters of `text` that the mapping does not hold, sorted, each once."""
        return sorted(c for c in set(text) if c not in self._labels or c in self.special)

    def encode(self, text: str) -> list[int]:
        """Labels of `text`, one a character.

        Raises:
            AlphabetError: characters are unknown; the message lists them.
        """
        unknown = self.unknown(text)
        if unknown:
            listed = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in unknown)
            raise AlphabetError(f"The mapping does not hold {listed} of {text!r}.")
        return [self._labels[character] for character in text]

    def encode_line(self, text: str, length: int, *, with_tokens: bool) -> NDArray[np.int64]:
        """Labels of a line, of shape (length,): `[<S>] characters [<E>]` and padding.

        Raises:
            AlphabetError: characters are unknown, or the line is longer than `length`.
        """
        labels = self.encode(text)
        if with_tokens:
            labels = [self.label(START), *labels, self.label(END)]
        if len(labels) > length:
            raise AlphabetError(f"{text!r} needs {len(labels)} labels, but a line has {length}.")
        line = np.full(length, self.label(self.special[-1]), np.int64)
        line[: len(labels)] = labels
        return line

    def decode(self, labels: Iterable[int]) -> str:
        """Text of labels; special symbols are left out.

        Raises:
            AlphabetError: a label is out of range.
        """
        numbers = [int(label) for label in labels]
        outside = [label for label in numbers if not 0 <= label < len(self.symbols)]
        if outside:
            raise AlphabetError(f"Labels {outside[:5]} are outside 0 to {len(self.symbols) - 1}.")
        return "".join(self.symbols[n] for n in numbers if self.symbols[n] not in self.special)


MAPPING_2021 = CharacterMapping((*SPECIAL_SYMBOLS, *EMNIST_CHARACTERS, *_MARKS))
"""83 symbols: special ones first, label 0 the CTC blank."""

PARAGRAPH_MAPPING_2021 = CharacterMapping((*MAPPING_2021.symbols, "\n"))
"""The same with a newline as label 83."""

MAPPING_2019 = CharacterMapping(
    (*EMNIST_CHARACTERS, *_MARKS, PADDING_2019), special=(PADDING_2019,)
)
"""80 symbols: the padding is last, and the CTC blank as well."""

MAPPINGS = {2019: MAPPING_2019, 2021: MAPPING_2021}
"""Mappings by their year."""


def special_symbols(symbols: Sequence[str]) -> tuple[str, ...]:
    """Which symbols of a data set stand for no character; the last is the padding.

    The padding of 2019 is a character elsewhere.
    """
    return MAPPING_2019.special if tuple(symbols) == MAPPING_2019.symbols else SPECIAL_SYMBOLS


def padding_label(symbols: Sequence[str]) -> int | None:
    """Label of the padding of a data set; None if it has none."""
    padding = special_symbols(symbols)[-1]
    return symbols.index(padding) if padding in symbols else None


@dataclass(frozen=True)
class Essentials:
    """What a network must know of a data set before the data are there.

    Attributes:
        characters: the symbols in label order.
        input_shape: rows and columns of an image.
    """

    characters: tuple[str, ...]
    input_shape: tuple[int, ...]


def write_essentials(path: Path, essentials: Essentials) -> None:
    """Write the JSON file with the keys `characters` and `input_shape` and no others."""
    content = {
        "characters": list(essentials.characters),
        "input_shape": list(essentials.input_shape),
    }
    path.write_text(json.dumps(content) + "\n", encoding="utf-8")


def read_essentials(path: Path) -> Essentials:
    """Essentials of a JSON file.

    Raises:
        InputError: the file cannot be read, or is not such JSON.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        characters = tuple(str(symbol) for symbol in content["characters"])
        return Essentials(characters, tuple(int(n) for n in content["input_shape"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not an essentials file: {error}.") from error
