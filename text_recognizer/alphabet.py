"""The ordered symbols that a model can emit, and the way between text and labels.

Label 0 is the CTC blank and has no symbol. Knows nothing about text forms or images.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from text_recognizer.errors import AlphabetError, InputError

BLANK = 0


@dataclass(frozen=True)
class Alphabet:
    """Symbols of labels 1, 2, ...; label 0 is the blank.

    Raises:
        AlphabetError: a symbol is not one code point, or occurs twice.
    """

    symbols: tuple[str, ...]
    _labels: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        wrong = [symbol for symbol in self.symbols if len(symbol) != 1]
        if wrong:
            raise AlphabetError(f"Symbols must be single code points, not {wrong[:5]!r}.")
        labels = {symbol: label for label, symbol in enumerate(self.symbols, start=1)}
        if len(labels) != len(self.symbols):
            twice = sorted({s for s in self.symbols if self.symbols.count(s) > 1})
            raise AlphabetError(f"Symbols occur twice in the alphabet: {twice!r}.")
        object.__setattr__(self, "_labels", labels)

    def __len__(self) -> int:
        """Number of labels, the blank included."""
        return len(self.symbols) + 1

    def unknown(self, text: str) -> list[str]:
        """Characters of `text` that the alphabet does not hold, sorted, each once."""
        return sorted(set(text) - self._labels.keys())

    def encode(self, text: str) -> list[int]:
        """Labels of `text`, one a code point.

        Raises:
            AlphabetError: characters are unknown; the message lists them.
        """
        try:
            return [self._labels[symbol] for symbol in text]
        except KeyError:
            listed = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in self.unknown(text))
            raise AlphabetError(f"The alphabet does not hold {listed} of {text!r}.") from None

    def decode(self, labels: Sequence[int] | Iterable[int]) -> str:
        """Text of labels, blanks left out.

        Raises:
            AlphabetError: a label is out of range.
        """
        kept = [int(label) for label in labels if label != BLANK]
        outside = [label for label in kept if not 0 < label <= len(self.symbols)]
        if outside:
            raise AlphabetError(f"Labels {outside[:5]} are outside 1 to {len(self.symbols)}.")
        return "".join(self.symbols[label - 1] for label in kept)

    @classmethod
    def load(cls, path: Path) -> "Alphabet":
        """Alphabet of a JSON file with the key `symbols`, a list of characters in label order.

        Raises:
            InputError: the file is missing or not such JSON.
        """
        try:
            symbols = json.loads(path.read_text(encoding="utf-8"))["symbols"]
            return cls(tuple(symbols))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path} is not an alphabet file: {error}.") from error

    def save(self, path: Path) -> None:
        """Write the JSON file that `load` reads."""
        content = {"blank": BLANK, "symbols": list(self.symbols)}
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
