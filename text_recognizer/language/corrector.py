"""A corrector: a network that knows texts, and what a reader mixes up, and proposes edits.

Knows nothing about scores: `mending` weighs the edits against them.
"""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from text_recognizer.bundle import Bundle, load_bundle
from text_recognizer.errors import BundleError
from text_recognizer.language.edit_tags import (
    EDIT_INPUT,
    START,
    EditSymbols,
    pad_symbols,
    padded_length,
)
from text_recognizer.language.mending import Edit, Proposal
from text_recognizer.manifest import CorrectionSettings
from text_recognizer.network_session import open_session

USUAL_SETTINGS = CorrectionSettings(weight=0.5, margin=2.0)  # of a corrector that was not tuned
LEAST_LOG_ODDS = -4.0  # of edits that are looked at
MOST_EDITS = 12  # single ones of a line that are looked at
_SIGNS = " .,;:!?'\"-"  # that may change beside letters; digits and other signs stay
_BATCH_PLACES = 8_192


class Corrector:
    """A corrector bundle, ready to propose edits.

    Args:
        bundle: of task corrector.
        n_threads: of the network; None lets onnxruntime choose.

    Raises:
        BundleError: the network does not open, or does not do what the manifest says.
    """

    def __init__(self, bundle: Bundle, *, n_threads: int | None = None) -> None:
        self.bundle = bundle
        self.settings = bundle.manifest.correction or USUAL_SETTINGS
        self._symbols = EditSymbols(bundle.manifest.symbols)
        self._session = open_session(
            bundle,
            task="corrector",
            normalisations=(EDIT_INPUT,),
            inputs={"symbols": (None, None)},
            outputs={"tags": (None, None, 2, self._symbols.n_tags)},
            n_threads=n_threads,
        )

    def propose(self, texts: Sequence[str]) -> list[list[Proposal]]:
        """Edits that may be worth making in each text, the likeliest first.

        Single characters changed, taken away or put in, and two of these side by side. Digits, and
        signs that prose has hardly any of, are left as they are.
        """
        return [
            _proposals(text, tags, self._symbols)
            for text, tags in zip(texts, self.tags(texts), strict=True)
        ]

    def tags(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Log-probabilities of shape (L, 2, n_tags) of each text's tags."""
        found: dict[int, NDArray[np.float32]] = {}
        by_length: dict[int, list[int]] = {}
        for index, text in enumerate(texts):
            by_length.setdefault(padded_length(len(text)), []).append(index)
        for length, indices in by_length.items():
            size = max(1, _BATCH_PLACES // length)
            for start in range(0, len(indices), size):
                batch = indices[start : start + size]
                found |= zip(batch, self._run([texts[i] for i in batch], length), strict=True)
        return [found[index] for index in range(len(texts))]

    def _run(self, texts: Sequence[str], length: int) -> NDArray[np.float32]:
        """Tags (N, L, 2, n_tags) of texts of one padded length."""
        symbols = [pad_symbols(self._symbols.encode(START + text), length) for text in texts]
        tags: NDArray[np.float32] = self._session.run(["tags"], {"symbols": np.stack(symbols)})[0]
        if not np.isfinite(tags.max(axis=3)).all():
            raise BundleError(
                f"{self.bundle.network_path} gives probabilities that are not numbers: its "
                "training failed, choose another corrector."
            )
        return tags


def load_corrector(corrector: str | Path, *, n_threads: int | None = None) -> Corrector:
    """Corrector of a name or folder.

    Raises:
        BundleError: it is missing, damaged or no corrector.
    """
    return Corrector(load_bundle(corrector, task="corrector"), n_threads=n_threads)


def _proposals(text: str, tags: NDArray[np.float32], symbols: EditSymbols) -> list[Proposal]:
    singles = _single_edits(text, tags, symbols)
    pairs = [
        Proposal((*one.edits, *other.edits), one.log_odds + other.log_odds)
        for one, other in combinations(singles, 2)
        if _are_neighbours(one.edits[0], other.edits[0])
        and one.log_odds + other.log_odds > LEAST_LOG_ODDS
    ]
    return sorted([*singles, *pairs], key=lambda proposal: -proposal.log_odds)[: 2 * MOST_EDITS]


def _may_change(character: str) -> bool:
    """Whether edits may take a character away or put it in."""
    return character.isalpha() or character in _SIGNS


def _are_neighbours(one: Edit, other: Edit) -> bool:
    """Whether the second, which does not begin earlier, may be made beside the first."""
    is_other_place = (one.start, one.end) != (other.start, other.end)
    return is_other_place and other.start <= one.end


def _single_edits(text: str, tags: NDArray[np.float32], symbols: EditSymbols) -> list[Proposal]:
    """The likeliest edits, in the order of their places."""
    n = len(text) + 1
    read = np.array(symbols.encode(START + text))
    is_known = read < symbols.n_tags
    now = np.stack([np.where(is_known, read, 0), np.zeros(n, np.int64)], axis=1)[:, :, None]
    log_odds = (tags[:n] - np.take_along_axis(tags[:n], now, axis=2)).astype(np.float64)
    np.put_along_axis(log_odds, now, -np.inf, axis=2)
    log_odds[0, 0] = -np.inf  # the start stays
    log_odds[~is_known, 0] = -np.inf  # and what the network does not know
    digits = [place for place in range(1, n - 1) if text[place - 1 : place + 1].isdecimal()]
    log_odds[digits, 1] = -np.inf  # nothing is put into a number
    stays = [place for place, own in enumerate(text, start=1) if not _may_change(own)]
    log_odds[stays, 0] = -np.inf
    unfit = [tag for tag, own in enumerate(symbols.characters, start=1) if not _may_change(own)]
    log_odds[:, :, unfit] = -np.inf
    likely = np.flatnonzero(log_odds > LEAST_LOG_ODDS)
    likely = likely[np.argsort(-log_odds.ravel()[likely], kind="stable")][:MOST_EDITS]
    found = []
    for place, is_gap, tag in zip(*np.unravel_index(np.sort(likely), log_odds.shape), strict=True):
        edit = Edit(int(place) - (not is_gap), int(place), symbols.decode(int(tag)))
        found.append(Proposal((edit,), float(log_odds[place, is_gap, tag])))
    return found
