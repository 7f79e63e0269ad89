"""Characters that look alike once their size and place on the line are gone.

A character cut out and scaled to a box of its own no longer shows whether it was a capital, or a
comma and no apostrophe. Folding such characters on both sides of a comparison leaves what the image
can tell.
"""

_GROUPS = ("cC", "kK", "mM", "oO0", "pP", "sS", "uU", "vV", "wW", "xX", "zZ", "1Il|", ".,'-_")
_FOLDED = str.maketrans({symbol: group[0] for group in _GROUPS for symbol in group})


def fold_look_alikes(text: str) -> str:
    """The text with the first of its group in the place of each character that has look-alikes."""
    return text.translate(_FOLDED)
