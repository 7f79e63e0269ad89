"""Texts that labels can say, runs of lines, and what keeps splits apart."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from text_recognizer.data.character_mapping import MAPPING_2021
from text_recognizer.data.label_text import LabelText, check_unknown
from text_recognizer.data.page_separation import WrittenTexts, separate_documents
from text_recognizer.errors import OptionError
from text_recognizer.ground_truth import PageSample
from text_recognizer.ground_truth.page_cuts import PageLayout
from text_recognizer.ground_truth.paragraph_pieces import UsablePage, cut_into_runs, training_runs

pytestmark = pytest.mark.train


def usable(*lengths: int) -> UsablePage:
    page = PageSample("p", "s", "d", "eng", "train", Path("p.png"), 9, 9, ())
    return UsablePage(PageLayout(page), {i: "x" * n for i, n in enumerate(lengths)})


def test_accents_are_stripped_and_what_has_no_letter_is_left_out() -> None:
    text = LabelText(MAPPING_2021)
    assert text.usable("\u00c9t\u00e9 \u00e0 No\u00ebl, \u0153uf") == "Ete a Noel, oeuf"
    assert text.usable("\u00ab Oui \u00bb") == '"Oui"'  # the text form does this
    assert text.usable("plain") == "plain"
    assert text.usable("5 \u00a3 > 4") is None
    assert text.notes() == [
        "1 lines lost accents that the mapping lacks.",
        "1 lines are left out for characters that the mapping lacks (> \u00a3).",
    ]


def test_lines_with_unknown_characters_can_be_skipped() -> None:
    text = LabelText(MAPPING_2021, "skip")
    assert text.usable("\u00e9t\u00e9") is None and text.usable("ete") == "ete"
    assert text.notes() == [
        "1 lines are left out for characters that the mapping lacks (\u00e9); --unknown=strip "
        "takes letters without accents."
    ]
    with pytest.raises(OptionError, match="unknown is strip or skip, not drop"):
        check_unknown("drop")


def test_a_long_page_is_cut_into_few_even_runs() -> None:
    page = usable(*[9] * 10)  # 99 characters with newlines
    runs = cut_into_runs(page, 50)
    assert runs == [(0, 1, 2, 3, 4), (5, 6, 7, 8, 9)]
    assert [len(page.text(run)) for run in runs] == [49, 49]
    assert cut_into_runs(page, 99) == [tuple(range(10))]
    assert len(cut_into_runs(page, 98)) == 2


@pytest.mark.parametrize("most", [9, 10, 19, 23, 40])
def test_every_line_is_in_one_run_that_fits(most: int) -> None:
    page = usable(3, 9, 1, 7, 7, 2, 9, 9, 4, 1)
    runs = cut_into_runs(page, most)
    assert [i for run in runs for i in run] == list(range(10))
    assert all(len(page.text(run)) <= most for run in runs)


def test_a_line_that_is_too_long_by_itself_is_in_no_run() -> None:
    assert cut_into_runs(usable(3, 30, 3), 10) == [(0, 2)]


def test_training_runs_are_pieces_and_the_page() -> None:
    page = usable(3, 3, 3, 3, 3)
    runs = training_runs(page, 100)
    assert runs == [(0, 1, 2, 3, 4), (0,), (1,), (2,), (3,), (4,), (0, 1), (2, 3), (0, 1, 2, 3)]
    assert all(len(page.text(run)) <= 8 for run in training_runs(page, 8))


@dataclass(frozen=True)
class Sample:
    split: str
    document: str
    source: str = "s"


def test_a_document_stays_in_the_split_that_needs_it_most() -> None:
    samples = [
        Sample("train", "a"), Sample("train", "b"), Sample("train", "c"), Sample("train", "d"),
        Sample("validation", "b"), Sample("validation", "c"), Sample("test", "c"),
    ]  # fmt: skip
    other = replace(samples[1], source="t")  # a document of the same name elsewhere
    kept, n_left_out = separate_documents([*samples, other])
    assert kept == [samples[0], samples[3], samples[4], samples[6], other]
    assert n_left_out == 3


def test_the_same_words_are_found_wherever_lines_break() -> None:
    texts = WrittenTexts([["The quick brown fox", "jumps over the lazy dog"], ["Dear Sir", "Yes"]])
    assert texts.hold("brown fox jumps over the hill")
    assert texts.hold("dear  SIR")
    assert not texts.hold("fox jumps over the hill")  # four words in a row
    assert not texts.hold("Yes")  # a single word is no text
    assert not texts.hold("lazy dog Dear Sir Yes")  # of two pages
