"""How far characters reach from the baseline and how wide they run, counted in x-heights.

A written sample is known by its outline only; these figures say which part of that outline is
x-height. They are rough by nature: hands differ by a quarter either way.
"""

_ABOVE = {
    **dict.fromkeys("bdfhklß", 1.8),
    **dict.fromkeys("ij", 1.55),
    "t": 1.5,
    **dict.fromkeys(".,_", 0.2),
    **dict.fromkeys(":;<>", 0.9),
    **dict.fromkeys("-~=+", 0.65),
    **dict.fromkeys("acegmnopqrsuvwxyz*«»", 1.0),
}
_BELOW = {
    **dict.fromkeys("gjpqyJQ", 0.7),
    **dict.fromkeys(",;", 0.4),
    **dict.fromkeys("()[]{}/|$@", 0.35),
    **dict.fromkeys("-~=+", -0.45),
    **dict.fromkeys("'\"*^`", -1.1),
}
_WIDE = {
    **dict.fromkeys("iljt", 0.55),
    **dict.fromkeys("frs1()[]!", 0.8),
    **dict.fromkeys(".,:;'\"|", 0.35),
    **dict.fromkeys("mwMW", 1.7),
}
_MAY_GO_LOW = frozenset("fgjpqyzJQfßç,;()[]{}/|$@")
_TALL = 1.8  # capitals, digits, marked letters and whatever else is unknown


def letter_extent(text: str) -> tuple[float, float]:
    """Reach of `text` above and below its baseline in x-heights.

    Below counts downwards: 0.7 for `p`, negative for a hyphen, which floats. A text without visible
    characters counts as letters of x-height.
    """
    letters = [character for character in text if not character.isspace()]
    if not letters:
        return 1.0, 0.0
    above = max(_ABOVE.get(character, _TALL) for character in letters)
    below = max(_BELOW.get(character, 0.0) for character in letters)
    return above, below


def letter_widths(text: str) -> float:
    """Width of `text` in x-heights as a plain hand writes it, at least 0.2."""
    widths = (_WIDE.get(c, 1.3 if c.isupper() else 1.0) for c in text)
    return max(sum(widths), 0.2)


def low_letter_share(text: str) -> float:
    """Share of the visible characters that some hands write below the baseline, 0 to 1."""
    letters = "".join(text.split())
    return sum(c in _MAY_GO_LOW for c in letters) / max(len(letters), 1)
