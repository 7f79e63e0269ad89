"""Keeps training apart from validation and test: by document or writer, and by what is written.

Knows nothing about torch.
"""

from collections.abc import Iterable, Sequence

from text_recognizer.ground_truth import PageSample

HELD_OUT = ("validation", "test")


def separate_documents(pages: Sequence[PageSample]) -> tuple[list[PageSample], int]:
    """The pages without those whose document is part of a split that counts more, and their number.

    A document of the test is neither validated nor trained on, one of validation not trained on.
    """
    test = _documents(page for page in pages if page.split == "test")
    validation = _documents(page for page in pages if page.split == "validation") - test
    taken = {"train": test | validation, "validation": test, "test": set()}
    kept = [page for page in pages if _document(page) not in taken[page.split]]
    return kept, len(pages) - len(kept)


def pages_of(pages: Iterable[PageSample], split: str) -> list[PageSample]:
    """Pages of one split, in the same order."""
    return [page for page in pages if page.split == split]


def _documents(pages: Iterable[PageSample]) -> set[tuple[str, str]]:
    return {_document(page) for page in pages}


def _document(page: PageSample) -> tuple[str, str]:
    return page.source, page.document
