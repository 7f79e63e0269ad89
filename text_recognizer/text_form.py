"""Text forms: how a transcription is written before it is learnt, scored or compared.

A form is named and versioned because a CER means nothing without it. It knows nothing about
alphabets or models.
"""

import re
import unicodedata
from collections.abc import Callable

from text_recognizer.errors import OptionError

DEFAULT_TEXT_FORM = "latin-ascii-1"

_TO_ASCII = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201a": "'",
        "\u201b": "'",
        "\u2032": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u201f": '"',
        "\u2033": '"',
        "\u00ab": '"',
        "\u00bb": '"',
        "\u2026": "...",
        "\u2010": "-",
        "\u2011": "-",
    }
)
_DASHES = re.compile(r"[\u2012-\u2015\u2212]|-{2,}")
_BLANK_INSIDE_GUILLEMETS = re.compile(r"(?<=\u00ab)\s+|\s+(?=\u00bb)")
_BLANK_BEFORE_PUNCTUATION = re.compile(r"\s+(?=[;:!?])")
_WHITE_SPACE = re.compile(r"\s+")


def _nfc(text: str) -> str:
    return _WHITE_SPACE.sub(" ", unicodedata.normalize("NFC", text)).strip()


def _latin_ascii_1(text: str) -> str:
    text = _BLANK_INSIDE_GUILLEMETS.sub("", unicodedata.normalize("NFC", text))
    text = _DASHES.sub("-", text.translate(_TO_ASCII))
    return _nfc(_BLANK_BEFORE_PUNCTUATION.sub("", text))


TEXT_FORMS: dict[str, Callable[[str], str]] = {
    "nfc-1": _nfc,
    "latin-ascii-1": _latin_ascii_1,
}


def apply_text_form(text: str, name: str = DEFAULT_TEXT_FORM) -> str:
    """Text in the named form.

    `nfc-1`: NFC, runs of white space folded, ends stripped. `latin-ascii-1`: that, and typographic
    quotes, guillemets, ellipses and dashes (also runs of hyphens) folded to ASCII, and no blank
    before `; : ! ?` or inside guillemets, where French typography puts one.

    Raises:
        OptionError: there is no form of that name.
    """
    if name not in TEXT_FORMS:
        raise OptionError(f"No text form is called {name!r}; there are {', '.join(TEXT_FORMS)}.")
    return TEXT_FORMS[name](text)
