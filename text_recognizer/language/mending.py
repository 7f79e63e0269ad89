"""Mends what was decoded: edits are proposed of the text, and the reader's own scores judge them.

Who proposes knows texts and not the line at hand; the scores know the line. An edit is made if the
proposer is surer of it than the reader of its text, by a margin. Knows nothing about networks or
lexicons.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from text_recognizer.alphabet import Alphabet
from text_recognizer.ctc import Decoded, LabelRun, align, find_runs
from text_recognizer.manifest import CorrectionSettings

JUDGED_BY_SCORES = CorrectionSettings(weight=0.0, margin=0.0)  # where the scores know it all

Points = tuple[tuple[float, float], ...]
Scores = Sequence[NDArray[np.float32]]


@dataclass(frozen=True, order=True)
class Edit:
    """One piece of a text replaced.

    Attributes:
        start: first character of the piece.
        end: character after it; `start` where nothing is taken away.
        text: what stands there then; empty where nothing is put in.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Proposal:
    """Edits that are made together, or not.

    Attributes:
        edits: of different pieces.
        log_odds: logarithm of how much likelier the text is with them than without.
    """

    edits: tuple[Edit, ...]
    log_odds: float = 0.0


class Proposes(Protocol):
    """What knows how texts may be mended, such as `Corrector`."""

    def propose(self, texts: Sequence[str]) -> list[list[Proposal]]:
        """Edits that may be worth making in each text."""


class ScoresTexts(Protocol):
    """A decoder that can say how likely other texts are, such as `LanguageDecoder`.

    Attributes:
        word_calibration: as `Manifest.word_calibration`, of what it reads.
    """

    word_calibration: Points | None

    def decode(self, scores: Scores, *, temperature: float) -> list[Decoded]:
        """What each line's scores (T, C) read as."""

    def score(
        self, scores: NDArray[np.float32], texts: Sequence[Sequence[int]]
    ) -> NDArray[np.float64]:
        """Scores of texts in a line, given as labels, of shape (n,)."""


@dataclass(frozen=True)
class JudgedProposal:
    """A proposal, and what the reader's score of the text loses by it."""

    proposal: Proposal
    loss: float


class MendingDecoder:
    """Decodes, and mends what was decoded.

    Args:
        decoder: whose texts are mended.
        proposer: proposes edits.
        alphabet: of the scores.
        settings: how much is given on the proposer.
    """

    def __init__(
        self,
        decoder: ScoresTexts,
        proposer: Proposes,
        alphabet: Alphabet,
        settings: CorrectionSettings,
    ) -> None:
        self._decoder, self._proposer = decoder, proposer
        self._alphabet, self._settings = alphabet, settings
        self.word_calibration = decoder.word_calibration

    def decode(self, scores: Scores, *, temperature: float) -> list[Decoded]:
        """The mended text of every line; the confidences of its labels are those of the scores.

        Args:
            scores: of each line, of shape (T, C), log-probabilities, label 0 the blank.
            temperature: as `decode_greedy` takes it.
        """
        decoded = self._decoder.decode(scores, temperature=temperature)
        texts = [self._alphabet.decode(run.label for run in line.runs) for line in decoded]
        proposals = self._proposer.propose(texts)
        return [
            self._mended(own, line, text, self.judge(own, text, proposed), temperature)
            for own, line, text, proposed in zip(scores, decoded, texts, proposals, strict=True)
        ]

    def score(
        self, scores: NDArray[np.float32], texts: Sequence[Sequence[int]]
    ) -> NDArray[np.float64]:
        """Scores of texts in a line, given as labels: those of the decoder."""
        return self._decoder.score(scores, texts)

    def judge(
        self, scores: NDArray[np.float32], text: str, proposals: Sequence[Proposal]
    ) -> list[JudgedProposal]:
        """Proposals that the alphabet can write and the frames suffice for."""
        texts = [apply_edits(text, proposal.edits) for proposal in proposals]
        places = [i for i, other in enumerate(texts) if not self._alphabet.unknown(other)]
        if not places:
            return []
        labels = [self._alphabet.encode(other) for other in (text, *(texts[i] for i in places))]
        now, *others = self._decoder.score(scores, labels).tolist()
        return [
            JudgedProposal(proposals[i], now - other)
            for i, other in zip(places, others, strict=True)
            if np.isfinite(other)
        ]

    def _mended(
        self,
        scores: NDArray[np.float32],
        line: Decoded,
        text: str,
        judged: Sequence[JudgedProposal],
        temperature: float,
    ) -> Decoded:
        chosen = choose_proposals(judged, self._settings)
        while chosen:
            labels = self._alphabet.encode(apply_edits(text, _edits_of(chosen)))
            score = float(self._decoder.score(scores, [labels])[0])
            if np.isfinite(score):
                return self._with_text(scores, line, labels, score, temperature)
            chosen.pop()  # too many letters for the frames together
        return line

    def _with_text(
        self,
        scores: NDArray[np.float32],
        line: Decoded,
        labels: list[int],
        score: float,
        temperature: float,
    ) -> Decoded:
        runs = self._runs(scores, labels, temperature)
        best = (tuple(labels), score)
        others = [candidate for candidate in line.candidates if candidate[0] != best[0]]
        return Decoded(runs, (best, *others)[: len(line.candidates)])

    @staticmethod
    def _runs(
        scores: NDArray[np.float32], labels: Sequence[int], temperature: float
    ) -> list[LabelRun]:
        firsts = [start for start, _ in align(scores, labels)]
        return find_runs(scores, labels, firsts, temperature=temperature)


def choose_proposals(
    judged: Iterable[JudgedProposal], settings: CorrectionSettings
) -> list[Proposal]:
    """The proposals that gain something, most first.

    A proposal gains its weighted log-odds, less the loss and the margin. Of proposals that touch
    each other, the one that gains most is taken.
    """
    gains = [
        (settings.weight * own.proposal.log_odds - own.loss - settings.margin, own.proposal)
        for own in judged
    ]
    chosen: list[Proposal] = []
    for gain, proposal in sorted(gains, key=lambda item: (-item[0], item[1].edits)):
        taken = _edits_of(chosen)
        if gain > 0 and not any(_touch(one, other) for one in proposal.edits for other in taken):
            chosen.append(proposal)
    return chosen


def choose_edits(judged: Iterable[JudgedProposal], settings: CorrectionSettings) -> list[Edit]:
    """The edits of the chosen proposals, in order."""
    return sorted(_edits_of(choose_proposals(judged, settings)))


def _edits_of(proposals: Iterable[Proposal]) -> list[Edit]:
    return [edit for proposal in proposals for edit in proposal.edits]


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with edits of different pieces made."""
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _touch(one: Edit, other: Edit) -> bool:
    return one.start <= other.end and other.start <= one.end
