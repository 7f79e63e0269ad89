"""Transcriptions of IAM as text: entities undone, tokens joined as one writes them."""

import re
import unicodedata
from collections.abc import Sequence

_ENTITIES = {"quot": '"', "apos": "'", "amp": "&", "lt": "<", "gt": ">"}
_ENTITY = re.compile(f"&({'|'.join(_ENTITIES)});")
_CLOSING = frozenset(",.;:!?)")


def unescape(text: str) -> str:
    """Text without entities, in NFC, white space folded.

    IAM's XML escapes twice: the parser undoes one escape, this the other. It goes through the text
    once, so `&amp;quot;` becomes `&quot;` and no more.
    """
    plain = _ENTITY.sub(lambda match: _ENTITIES[match[1]], text)
    return " ".join(unicodedata.normalize("NFC", plain).split())


def join_tokens(tokens: Sequence[str]) -> str:
    """Text of tokens of which punctuation marks are some, as in IAM's ASCII files.

    Marks join the word before them, an opening parenthesis the one after it. A straight quotation
    mark opens and closes in turn; one at the end of a line closes. So a line that begins inside a
    quotation may have its first mark on the wrong side.
    """
    text, glued, is_open = "", True, False
    for place, token in enumerate(tokens):
        is_last = place == len(tokens) - 1
        closes = token == '"' and (is_open or is_last)
        joins_left = closes or token in _CLOSING
        text += token if glued or joins_left else f" {token}"
        if token == '"':
            is_open = not is_open
        glued = token == "(" or (token == '"' and not closes)
    return text
