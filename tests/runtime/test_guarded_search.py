"""Texts that do not repeat themselves: what counts as a repetition, and what is read instead."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from text_recognizer.errors import OptionError
from text_recognizer.guarded_search import search_without_repeats
from text_recognizer.repeat_guard import RepeatGuard, Repetition
from text_recognizer.sequence_search import SearchOptions, SpecialLabels, search_texts


class Page:
    """A decoder that knows the page but, after some lines, jumps back to an earlier one.

    Args:
        lines: of the page, each with a first character of its own.
        jumps: by the number of a line, the line that it goes to next, in place of the next one.
    """

    def __init__(self, lines: Sequence[str], jumps: dict[int, int]) -> None:
        self.lines, self.jumps = lines, jumps
        self._written: list[str] = []

    def begin(self, images: NDArray[np.int64]) -> "Page":
        self._written = [""] * len(images)
        return self

    def step(
        self, labels: NDArray[np.int64], parents: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        written = [self._written[parent] for parent in parents]
        self._written = [
            text + chr(label) if label else text
            for text, label in zip(written, labels, strict=True)
        ]
        scores = np.full((len(labels), 128), np.log(1e-4), np.float32)
        scores[:, SPECIAL.end] = np.log(1e-7)
        for row, text in enumerate(self._written):
            for label, share in self.next(text).items():
                scores[row, ord(label)] = np.log(share)
        return scores, np.ones((len(labels), 1), np.float32)

    def next(self, text: str) -> dict[str, float]:
        *done, line = text.split("\n")
        numbers = [i for i, own in enumerate(self.lines) if line and own.startswith(line[0])]
        if line and not numbers:
            return {"\n": 0.9}
        if line:
            rest = self.lines[numbers[0]][len(line) :]
            last = numbers[0] == len(self.lines) - 1
            return {rest[0] if rest else "\x01" if last else "\n": 0.9}
        before = [i for i, own in enumerate(self.lines) if done and own == done[-1]]
        right = before[0] + 1 if before else 0
        wrong = self.jumps.get(right - 1, right) if before else right
        return {self.lines[right][0]: 0.3} | {self.lines[wrong][0]: 0.6}


LINES = ["the first line of the page", "a second line", "in short", "only now the end of it all"]
SPECIAL = SpecialLabels(start=0, end=1)
GUARD = RepeatGuard(ord("\n"), frozenset(map(ord, "abcdefghijklmnopqrstuvwxyz")))


def read(page: Page, guard: RepeatGuard | None, *, beam: int = 1, retries: int = 8) -> str:
    options = SearchOptions(beam, max_length=200, length_weight=1.0)
    if guard is None:
        ((found, *_),) = search_texts(page.begin(np.arange(1)), 1, SPECIAL, options)
    else:
        (found,) = search_without_repeats(
            page.begin, 1, SPECIAL, options, guard, max_retries=retries
        )
    return "".join(map(chr, found.labels)) + ("" if found.is_complete else "...")


@pytest.mark.parametrize("beam", [1, 4])
@pytest.mark.parametrize("jumps", [{1: 0}, {2: 1}, {2: 2}, {0: 0, 1: 1, 2: 0}])
def test_repeated_lines_are_read_another_way(beam: int, jumps: dict[int, int]) -> None:
    lines = read(Page(LINES, jumps), None).split("\n")
    assert len(set(lines)) < len(lines)
    assert read(Page(LINES, jumps), GUARD, beam=beam) == "\n".join(LINES)


def test_a_page_without_repetitions_is_read_as_it_is() -> None:
    assert read(Page(LINES, {}), GUARD) == read(Page(LINES, {}), None) == "\n".join(LINES)


def test_without_retries_the_text_ends_where_it_repeats_itself() -> None:
    found = read(Page(LINES, {1: 0}), GUARD, retries=0)
    assert found == "\n".join([*LINES[:2], "..."])


class Song(Page):
    """A decoder that reads what is there, sure of all it writes: a song whose refrain comes again.

    Its lines are the page's numbers of lines, in order.
    """

    order = (0, 1, 2, 1, 3, 1)

    def next(self, text: str) -> dict[str, float]:
        *done, line = text.split("\n")
        rest = self.lines[self.order[len(done)]][len(line) :]
        is_last = len(done) == len(self.order) - 1
        return {rest[0] if rest else "\x01" if is_last else "\n": 0.995}


@pytest.mark.parametrize("beam", [1, 3])
def test_a_refrain_stays(beam: int) -> None:
    text = "\n".join(LINES[number] for number in Song.order)
    assert read(Song(LINES, {}), GUARD, beam=beam) == text


def test_a_line_does_not_stay_for_ever() -> None:
    """A decoder that is sure of it writes the same line again and again."""
    song = Song(LINES, {})
    song.order = (0,) + (1,) * 30
    found = read(song, GUARD, retries=0)
    assert found == "\n".join([LINES[0], *[LINES[1]] * 5, "..."])


class Rounds(Page):
    """A decoder that writes `is` for ever, unless it does so no more."""

    def next(self, text: str) -> dict[str, float]:
        return {"is"[len(text) % 2]: 0.9, "\x01": 0.05} if set(text) <= set("is") else {"\x01": 0.9}


def test_a_text_that_goes_round_is_ended() -> None:
    assert read(Rounds([], {}), None) == "is" * 99 + "..."
    assert read(Rounds([], {}), GUARD) == "is"


def test_images_are_read_again_by_themselves() -> None:
    """Two pages of which one repeats a line."""
    pages = [Page(LINES, {}), Page(LINES, {1: 0})]
    begun: list[list[int]] = []

    def begin(images: NDArray[np.int64]) -> "Both":
        begun.append(images.tolist())
        return Both([pages[image].begin(np.arange(1)) for image in images])

    found = search_without_repeats(begin, 2, SPECIAL, SearchOptions(max_length=200), GUARD)
    assert ["".join(map(chr, text.labels)) for text in found] == ["\n".join(LINES)] * 2
    assert begun == [[0, 1], [1]]


class Both:
    """Two decoders side by side, read greedily."""

    def __init__(self, pages: list[Page]) -> None:
        self.pages = pages

    def step(
        self, labels: NDArray[np.int64], parents: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        self.pages = [self.pages[parent] for parent in parents]
        first = np.zeros(1, np.int64)
        both = [page.step(labels[row : row + 1], first) for row, page in enumerate(self.pages)]
        return np.concatenate([one[0] for one in both]), np.concatenate([one[1] for one in both])


def find(text: str, *, is_end: bool = False) -> int | None:
    found = GUARD.find([ord(c) for c in text], is_end=is_end)
    assert found is None or found.is_line == (text[found.start - 1] == "\n")
    return None if found is None else found.start


@pytest.mark.parametrize(
    ("text", "is_end", "start"),
    [
        ("a line of some length\na line of some length", False, None),
        ("a line of some length\na line of some length\n", False, 22),
        ("a line of some length\na lime of same length\n", False, 22),  # two edits of 21 characters
        ("a line of some length\na lime of same langth\n", False, None),
        ("three apples from Anna\nthree apples from Bert\n", False, None),
        ("first\nsecond\nsecond\n", False, 13),
        ("first\nsecond\nsecond", False, None),
        ("first\nsecond\nsecond", True, 13),
        ("yes\nyes\n", False, None),  # too short to be sure
        ("first one\nfirst two\n", False, None),
        ("a line of some length", True, None),
        ("", True, None),
        ("they say isisisisisis", False, 11),
        ("they say aaaaaaaaaaaa", False, 10),
        ("they say aaaaaaaaaaa", False, None),
        ("they say ............", False, None),
        ("one and two and two and two and two and ", False, 16),
    ],
)
def test_where_a_text_begins_to_repeat_itself(text: str, is_end: bool, start: int | None) -> None:
    assert find(text, is_end=is_end) == start


def test_single_lines_may_go_round_but_have_no_lines() -> None:
    guard = RepeatGuard(None, frozenset({2}))
    assert guard.find([2] * 12, is_end=False) == Repetition(1, is_line=False)
    assert guard.find([3] * 12, is_end=False) is None


def test_options_are_checked() -> None:
    with pytest.raises(OptionError, match="tolerance is at least 0 and below 1, not 1.0"):
        RepeatGuard(0, (), tolerance=1.0)
    with pytest.raises(OptionError, match="n_rounds is 2 or more, not 1"):
        RepeatGuard(0, (), n_rounds=1)
    with pytest.raises(OptionError, match="has 1 character or more"):
        RepeatGuard(0, (), n_short=0)
