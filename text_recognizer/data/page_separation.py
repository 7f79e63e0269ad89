"""Keeps training apart from validation and test: by document or writer, and by what is written.

Knows nothing about torch.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

HELD_OUT = ("validation", "test")
_RUN = 5  # words; so many in a row are the same text, wherever the lines break
_LEAST_WORDS = 2  # of a line that is a text of its own


class _Sample(Protocol):
    @property
    def source(self) -> str: ...
    @property
    def document(self) -> str: ...
    @property
    def split(self) -> str: ...


Sample = TypeVar("Sample", bound=_Sample)


def separate_documents(samples: Sequence[Sample]) -> tuple[list[Sample], int]:
    """Lines or pages without those whose document another split needs more, and their number.

    A document of the test is neither validated nor trained on, one of validation not trained on.
    """
    test = documents(sample for sample in samples if sample.split == "test")
    validation = documents(sample for sample in samples if sample.split == "validation") - test
    taken = {"train": test | validation, "validation": test, "test": set()}
    kept = [sample for sample in samples if _document(sample) not in taken[sample.split]]
    return kept, len(samples) - len(kept)


def of_split(samples: Iterable[Sample], split: str) -> list[Sample]:
    """Those of one split, in the same order."""
    return [sample for sample in samples if sample.split == split]


def documents(samples: Iterable[_Sample]) -> set[tuple[str, str]]:
    """Source and name of every document."""
    return {_document(sample) for sample in samples}


class WrittenTexts:
    """Texts of some pages, to ask whether a line says a part of them; one word says nothing.

    Args:
        passages: lines of each page, in order; of single lines one a passage.
    """

    def __init__(self, passages: Iterable[Sequence[str]]) -> None:
        self._lines: set[str] = set()
        self._runs: set[tuple[str, ...]] = set()
        for lines in passages:
            words = [_words(line) for line in lines]
            self._lines.update(" ".join(line) for line in words if len(line) >= _LEAST_WORDS)
            self._runs.update(_runs([word for line in words for word in line]))

    def hold(self, line: str) -> bool:
        """Whether a line is one of theirs, or shares five words in a row with them."""
        words = _words(line)
        return " ".join(words) in self._lines or not self._runs.isdisjoint(_runs(words))


def sharing_notes(kind: str, n_validation: int, n_training: int, *, keeps: bool) -> list[str]:
    """Sentences on how many lines say what another split says, and what is done about it.

    Args:
        kind: `lines` or `pages`, whose texts these are.
        n_validation: validation lines that the test says, too.
        n_training: training lines that validation or test say, too.
        keeps: whether they are trained on.
    """
    notes = [f"{n_validation} validation lines say what test {kind} say."] if n_validation else []
    done = "are trained on all the same (--shared_texts)" if keeps else "are not trained on"
    what = f"{n_training} training lines say what validation or test {kind} say"
    return [*notes, f"{what}, and {done}."]


def _document(sample: _Sample) -> tuple[str, str]:
    return sample.source, sample.document


def _words(text: str) -> list[str]:
    return text.lower().split()


def _runs(words: Sequence[str]) -> Iterable[tuple[str, ...]]:
    return (tuple(words[i : i + _RUN]) for i in range(len(words) - _RUN + 1))
