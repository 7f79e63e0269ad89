"""What of a transcription a data set's labels can say: folded, accents stripped, or nothing.

Knows nothing about torch.
"""

import unicodedata
from collections import Counter
from dataclasses import dataclass, field

from text_recognizer.data.character_mapping import CharacterMapping
from text_recognizer.errors import OptionError
from text_recognizer.text_form import DEFAULT_TEXT_FORM, apply_text_form

STRIP, SKIP = "strip", "skip"
UNKNOWN_RULES = (STRIP, SKIP)
_WRITTEN_OUT = {
    "\u00e6": "ae", "\u00c6": "AE", "\u0153": "oe", "\u0152": "OE", "\u00df": "ss",
    "\u00f8": "o", "\u00d8": "O", "\u0142": "l", "\u0141": "L",
}  # fmt: skip


def check_unknown(rule: str) -> None:
    """Refuse rules that there are not.

    Raises:
        OptionError: it is none of `UNKNOWN_RULES`.
    """
    if rule not in UNKNOWN_RULES:
        raise OptionError(f"unknown is {STRIP} or {SKIP}, not {rule}.")


@dataclass
class LabelText:
    """Makes texts of characters that a mapping holds.

    Attributes:
        mapping: of the labels.
        unknown: `strip` takes letters without their accents, `skip` leaves such lines out.
        stripped: lines that lost an accent.
        skipped: lines left out, by the characters that the mapping lacks.
    """

    mapping: CharacterMapping
    unknown: str = STRIP
    stripped: int = 0
    skipped: int = 0
    lacking: Counter[str] = field(default_factory=Counter)

    def fold(self, text: str) -> str:
        """Text in the default text form, whatever its characters."""
        return apply_text_form(text, DEFAULT_TEXT_FORM)

    def usable(self, text: str) -> str | None:
        """The text as the labels say it, or None; counts what happens."""
        text = self.fold(text)
        unknown = self.mapping.unknown(text)
        if unknown and self.unknown == STRIP:
            text = "".join(_base(c) if c in unknown else c for c in text)
            still = self.mapping.unknown(text)
            self.stripped += not still
            unknown = still
        if unknown:
            self.skipped += 1
            self.lacking.update(unknown)
            return None
        return text or None

    def notes(self) -> list[str]:
        """What was done, a sentence each."""
        notes = []
        if self.stripped:
            notes.append(f"{self.stripped} lines lost accents that the mapping lacks.")
        if self.skipped:
            named = " ".join(sorted(self.lacking))
            hint = (
                "" if self.unknown == STRIP else "; --unknown=strip takes letters without accents"
            )
            notes.append(
                f"{self.skipped} lines are left out for characters that the mapping lacks "
                f"({named}){hint}."
            )
        return notes


def _base(character: str) -> str:
    """A letter without its accents, or written out; the character itself if it is none."""
    parts = unicodedata.normalize("NFD", character)
    base = "".join(part for part in parts if not unicodedata.combining(part))
    return _WRITTEN_OUT.get(base, base)
