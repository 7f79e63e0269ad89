"""Paragraphs of pages: whole, or cut into runs of lines that fit the labels.

Knows nothing about torch or images.
"""

from dataclasses import dataclass

from text_recognizer.ground_truth.page_cuts import PageLayout

Run = tuple[int, ...]
"""Numbers of lines that follow each other."""
_TRAINING_RUNS = (1, 2, 4, 8, 16)  # lines of a piece


@dataclass(frozen=True)
class UsablePage:
    """A page and those of its lines that can be learnt or scored.

    Attributes:
        layout: of the page.
        texts: by number of the line, as the labels say it.
    """

    layout: PageLayout
    texts: dict[int, str]

    def text(self, run: Run) -> str:
        """Lines joined by a newline."""
        return "\n".join(self.texts[i] for i in run)

    def whole(self) -> Run:
        """All lines."""
        return tuple(self.texts)


def cut_into_runs(page: UsablePage, n_characters: int) -> list[Run]:
    """The page in as few runs of about the same length as fit, each line in one of them.

    Args:
        page: to cut; a line that is too long by itself is in none.
        n_characters: of a run's text at most.
    """
    lengths = {i: len(text) + 1 for i, text in page.texts.items() if len(text) <= n_characters}
    total = sum(lengths.values())
    n_runs = max(1, -(-(total - 1) // (n_characters + 1)))
    while True:
        runs = _balanced(lengths, total / n_runs, n_characters)
        if len(runs) <= n_runs:
            return runs
        n_runs += 1


def training_runs(page: UsablePage, n_characters: int) -> list[Run]:
    """Runs that fit: those of `cut_into_runs`, and runs of 1, 2, 4, 8 and 16 lines."""
    runs = dict.fromkeys(cut_into_runs(page, n_characters))
    lines = page.whole()
    for size in _TRAINING_RUNS:
        for start in range(0, len(lines), size):
            run = lines[start : start + size]
            if len(page.text(run)) <= n_characters:
                runs[run] = None
    return list(runs)


def _balanced(lengths: dict[int, int], target: float, most: int) -> list[Run]:
    """Runs closed as soon as they reach the target, or a further line would not fit."""
    runs: list[Run] = []
    run: list[int] = []
    length = done = 0
    for line, own in lengths.items():
        if run and (length + own - 1 > most or done + length >= target * (len(runs) + 1) - own / 2):
            runs.append(tuple(run))
            done, run, length = done + length, [], 0
        run.append(line)
        length += own
    return [*runs, tuple(run)] if run else runs
