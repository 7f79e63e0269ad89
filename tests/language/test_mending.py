"""Edits are made where the proposer is surer than the reader of its text, and nowhere else."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from text_recognizer.alphabet import Alphabet
from text_recognizer.beam_search import BeamOptions, NoLanguage
from text_recognizer.language.decoder import LanguageDecoder
from text_recognizer.language.mending import (
    Edit,
    JudgedProposal,
    MendingDecoder,
    Proposal,
    apply_edits,
    choose_edits,
)
from text_recognizer.manifest import CorrectionSettings

ALPHABET = Alphabet(tuple("abc "))


class Fixed:
    """Proposes the same for every text."""

    def __init__(self, *proposals: Proposal) -> None:
        self.proposals = list(proposals)

    def propose(self, texts: Sequence[str]) -> list[list[Proposal]]:
        return [self.proposals for _ in texts]


def scores_of(*frames: dict[str, float]) -> NDArray[np.float32]:
    """Log-probabilities of a line; what the frames do not name shares the rest."""
    rows = []
    for frame in frames:
        rest = (1 - sum(frame.values())) / (len(ALPHABET) - len(frame))
        row = np.full(len(ALPHABET), rest)
        for symbol, probability in frame.items():
            row[0 if symbol == "_" else ALPHABET.encode(symbol)[0]] = probability
        rows.append(row)
    return np.log(np.array(rows)).astype(np.float32)


LINE = scores_of({"a": 0.96}, {"_": 0.96}, {"b": 0.6, "c": 0.3}, {"_": 0.96}, {"a": 0.96})


def mended(
    *proposals: Proposal, weight: float = 1.0, margin: float = 0.0, n_best: int = 1
) -> tuple[str, list[tuple[str, float]]]:
    """What the line reads as, and its candidates."""
    decoder = MendingDecoder(
        LanguageDecoder(NoLanguage(), n_best=n_best, options=BeamOptions(sure_blank=2.0)),
        Fixed(*proposals),
        ALPHABET,
        CorrectionSettings(weight, margin),
    )
    (line,) = decoder.decode([LINE], temperature=1.0)
    candidates = [(ALPHABET.decode(labels), score) for labels, score in line.candidates]
    return ALPHABET.decode(run.label for run in line.runs), candidates


def test_the_surer_one_wins() -> None:
    """The reader holds `b` for twice as likely as `c`."""
    to_c = Edit(1, 2, "c")
    assert mended()[0] == "aba"
    assert mended(Proposal((to_c,), 0.5))[0] == "aba"
    assert mended(Proposal((to_c,), 1.0))[0] == "aca"
    assert mended(Proposal((to_c,), 1.0), margin=0.5)[0] == "aba"
    assert mended(Proposal((to_c,), 1.0), weight=0.5)[0] == "aba"


def test_the_image_cannot_be_overruled_easily() -> None:
    assert mended(Proposal((Edit(0, 1, "c"),), 4.0))[0] == "aba"


def test_what_the_model_cannot_write_is_not_proposed() -> None:
    assert mended(Proposal((Edit(1, 2, "z"),), 99.0))[0] == "aba"
    too_long = Edit(3, 3, "cacaca")
    assert mended(Proposal((too_long,), 99.0))[0] == "aba"


def test_runs_of_a_mended_text_stand_where_its_letters_are() -> None:
    decoder = MendingDecoder(
        LanguageDecoder(NoLanguage()),
        Fixed(Proposal((Edit(1, 2, "c"),), 5.0)),
        ALPHABET,
        CorrectionSettings(1.0, 0.0),
    )
    (line,) = decoder.decode([LINE], temperature=1.0)
    assert [(run.start, run.end) for run in line.runs] == [(0, 1), (2, 3), (4, 5)]
    assert line.runs[1].confidence == pytest.approx(0.3, abs=1e-3)


def test_the_mended_text_is_the_first_candidate() -> None:
    text, candidates = mended(Proposal((Edit(1, 2, "c"),), 2.0), n_best=3)
    _, before = mended(n_best=3)
    assert text == "aca"
    assert [own for own, _ in candidates][:2] == ["aca", "aba"]
    assert len(candidates) == len(before) == 3
    assert candidates[0][1] == pytest.approx(before[0][1] - np.log(2), abs=0.02)


def test_edits_that_the_frames_suffice_for_alone_and_not_together() -> None:
    line = scores_of({"a": 0.9}, {"_": 0.9})
    decoder = MendingDecoder(
        LanguageDecoder(NoLanguage(), options=BeamOptions(sure_blank=2.0)),
        Fixed(Proposal((Edit(0, 0, "b"),), 9.0), Proposal((Edit(1, 1, "c"),), 8.0)),
        ALPHABET,
        CorrectionSettings(1.0, -9.0),
    )
    (mended_line,) = decoder.decode([line], temperature=1.0)
    assert ALPHABET.decode(run.label for run in mended_line.runs) == "ac"


def test_of_edits_in_one_place_the_better_is_made() -> None:
    one, other, far = Edit(1, 2, "c"), Edit(2, 3, ""), Edit(5, 5, "b")
    judged = [
        JudgedProposal(Proposal((one,), 3.0), 1.0),
        JudgedProposal(Proposal((other,), 3.0), 0.5),
        JudgedProposal(Proposal((far,), 1.0), 0.5),
        JudgedProposal(Proposal((Edit(9, 10, "c"),), 1.0), 2.0),
    ]
    assert choose_edits(judged, CorrectionSettings(1.0, 0.25)) == [other, far]


@given(text=st.text("abc", min_size=1, max_size=8), data=st.data())
def test_edits_of_different_pieces_are_made_at_once(text: str, data: st.DataObject) -> None:
    """As if the text were taken apart at the edits' ends."""
    cuts = data.draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=6, unique=True))
    cuts.sort()
    edits = [Edit(a, b, "x" * a) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    expected, end = "", 0
    for edit in edits:
        expected += text[end : edit.start] + edit.text
        end = edit.end
    assert apply_edits(text, edits) == expected + text[end:]
