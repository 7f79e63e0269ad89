"""What a reader mixes up, counted on lines of which the true text is known.

A confusion is a piece of the true text of up to three characters and what was read in its place:
`o` for `a`, `m` for `in`, nothing for a comma. Knows nothing about models or images.

Source: E. Brill and R. Moore, "An Improved Error Model for Noisy Channel Spelling Correction", ACL
2000 (pieces of several characters).
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from text_recognizer.bundle import Bundle
from text_recognizer.errors import BundleError
from text_recognizer.language.weighted_edits import UNIFORM, EditCosts, align_texts

CONFUSIONS_FILE = "confusions.json"
LONGEST = 3  # characters of a piece, on either side
_PRIOR = 0.5  # added to every count of characters, so that no edit is impossible
_MOST_SHARE = 0.9  # of a character's readings that count for one confusion
_CHEAPEST, _DEAREST = 0.25, 2.0  # costs, where the mean confusion that was seen costs 1


@dataclass(frozen=True)
class Confusions:
    """Counts of confusions.

    Attributes:
        pieces: how often a piece of the true text (first) was read as another (second); either may
            be empty, and they differ.
        written: how often each piece of up to `LONGEST` characters stands in the true texts; of the
            empty one, the places between characters.
    """

    pieces: Counter[tuple[str, str]]
    written: Counter[str]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Confusions":
        """Confusions of pairs of true text and text that was read."""
        pieces: Counter[tuple[str, str]] = Counter()
        written: Counter[str] = Counter()
        for true, read in pairs:
            pieces.update(find_confusions(true, read))
            written[""] += len(true) + 1
            for size in range(1, LONGEST + 1):
                written.update(true[i : i + size] for i in range(len(true) - size + 1))
        return cls(pieces, written)

    def to_json(self) -> str:
        """Content of `confusions.json`: single characters' counts, and all confusions."""
        pieces = [[true, read, count] for true, read, count in self.most_frequent()]
        written = {c: n for c, n in sorted(self.written.items()) if len(c) <= 1}
        return json.dumps({"confusions": pieces, "written": written}, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Confusions":
        """What `to_json` wrote; how often pieces of several characters stand there is left out.

        Raises:
            ValueError: the text is something else.
        """
        content = json.loads(text)
        try:
            pieces = Counter({(str(t), str(r)): int(n) for t, r, n in content["confusions"]})
            written = Counter({str(c): int(n) for c, n in content["written"].items()})
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"these are no confusions: {error}") from None
        if min([*pieces.values(), *written.values()], default=0) < 0:
            raise ValueError("a count is negative")
        return cls(pieces, written)

    def most_frequent(self, n: int | None = None) -> list[tuple[str, str, int]]:
        """Piece of the true text, what was read, and how often, the most frequent first.

        Args:
            n: confusions at most; None takes all.
        """
        ordered = sorted(self.pieces.items(), key=lambda item: (-item[1], item[0]))
        return [(true, read, count) for (true, read), count in ordered[:n]]

    def costs(self) -> EditCosts:
        """Costs of edits: the rarer a confusion, the dearer; the mean one that was seen costs 1.

        A cost is the logarithm of a confusion's probability, given the true character, scaled and
        kept between 0.25 and 2.
        """
        known = {c for c in self.written if len(c) == 1}
        known.update(*(true + read for true, read in self.pieces))
        characters = tuple(sorted(known))
        symbols = {character: i for i, character in enumerate(characters, start=1)}
        n = len(characters) + 1
        seen = np.zeros((n, n))  # row and column 0: nothing
        for (true, read), count in self.pieces.items():
            for one, other in align_texts(true, read):
                seen[symbols.get(one, 0), symbols.get(other, 0)] += count * (one != other)
        total = np.array([self.written[""], *(self.written[c] for c in characters)], float)
        share = (seen + _PRIOR) / (total + n * _PRIOR)[:, None]
        surprise = -np.log(share.clip(max=_MOST_SHARE))
        mean = float((surprise * seen).sum() / seen.sum()) if seen.sum() else 1.0
        scaled = (surprise / mean).clip(_CHEAPEST, _DEAREST)
        replaced = np.full((n, n), _DEAREST)  # and of characters that were never written
        replaced[1:, 1:] = scaled[1:, 1:]
        lost, added = np.append(_DEAREST, scaled[1:, 0]), np.append(_DEAREST, scaled[0, 1:])
        return EditCosts(characters, replaced, lost, added)


def load_confusions(bundle: Bundle) -> Confusions | None:
    """Confusions that a line model is known to make; None if its bundle does not say.

    Raises:
        BundleError: the file holds something else.
    """
    if CONFUSIONS_FILE not in bundle.manifest.files:
        return None
    path = bundle.folder / CONFUSIONS_FILE
    try:
        return Confusions.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, OverflowError, RecursionError) as error:
        raise BundleError(f"{path} holds no confusions: {error}.") from error


def find_confusions(true: str, read: str) -> list[tuple[str, str]]:
    """Pieces of a line that were read as something else, in order.

    Edits next to each other are one confusion while both sides have at most `LONGEST` characters;
    longer ones are taken apart into edits.
    """
    found: list[tuple[str, str]] = []
    for group in _groups(align_texts(true, read, UNIFORM)):
        one, other = ("".join(side) for side in zip(*group, strict=True))
        is_short = max(len(one), len(other)) <= LONGEST
        found += [(one, other)] if is_short else group
    return found


def _groups(pairs: Sequence[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Runs of pairs that differ."""
    groups: list[list[tuple[str, str]]] = []
    follows = False
    for true, read in pairs:
        if true != read:
            if follows:
                groups[-1].append((true, read))
            else:
                groups.append([(true, read)])
        follows = true != read
    return groups
