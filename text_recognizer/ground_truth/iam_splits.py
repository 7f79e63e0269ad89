"""Splits of IAM by name: which form, and which line, is for training, validation or test.

`aachen`: the split of most publications, by form; `iam_splits.json` holds its ids, and forms of no
part are left out. `official`: the Large Writer Independent Text Line Recognition Task, whose lists
of lines come with the user's copy; both validation sets are validation. `fsdl`: the test forms of
the course of 2021; of the other forms a fifth, by writer, is validation.
"""

import json
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from text_recognizer.errors import InputError, OptionError
from text_recognizer.ground_truth.iam_files import TASK_ARCHIVE, TASK_FILES, IamFiles
from text_recognizer.ground_truth.iam_forms import IamForm, form_of
from text_recognizer.ground_truth.samples import SPLITS

_LOG = logging.getLogger(__name__)

AACHEN, OFFICIAL, FSDL = "aachen", "official", "fsdl"
SPLIT_KINDS = (AACHEN, OFFICIAL, FSDL)

_FORM_IDS = Path(__file__).with_name("iam_splits.json")
_TASK_SPLITS = dict(zip(TASK_FILES, ("train", "validation", "validation", "test"), strict=True))
_VALIDATION = 0.2
_N_NAMED = 5


@dataclass(frozen=True)
class IamSplits:
    """What is for what.

    Attributes:
        forms: split of each form that is in one.
        lines: split of each line; None if all lines of a form go with it.
        missing: ids of a published list that the copy has no form or line of, sorted.
    """

    forms: Mapping[str, str]
    lines: Mapping[str, str] | None = None
    missing: tuple[str, ...] = ()

    def of_line(self, line_id: str, form_id: str) -> str | None:
        """Split of a line, None if it is in none."""
        return self.forms.get(form_id) if self.lines is None else self.lines.get(line_id)


def check_split_kind(kind: str) -> str:
    """The name of the split.

    Raises:
        OptionError: there is none of that name.
    """
    if kind not in SPLIT_KINDS:
        raise OptionError(f"IAM has no split {kind!r}; there are {', '.join(SPLIT_KINDS)}.")
    return kind


def split_forms(
    forms: Sequence[IamForm], files: IamFiles, *, kind: str = AACHEN, seed: int = 42
) -> IamSplits:
    """Split of the forms of a copy; ids of which it has nothing are named in a warning.

    Args:
        forms: all forms of the copy.
        files: where the lists of the task are.
        kind: one of `SPLIT_KINDS`.
        seed: of the fifth of `fsdl`; the others have no chance in them.

    Raises:
        InputError: the lists of the task are not there, or put one form into two splits.
        OptionError: there is no such split.
    """
    check_split_kind(kind)
    if kind == OFFICIAL:
        splits = _official(forms, files)
    else:
        splits = _aachen(forms) if kind == AACHEN else _fsdl(forms, seed)
    if splits.missing:
        named = ", ".join(splits.missing[:_N_NAMED])
        more = len(splits.missing) - _N_NAMED
        _LOG.warning(
            "The split %s of IAM names %d ids that %s does not hold: %s%s.",
            kind,
            len(splits.missing),
            files.path,
            named,
            f" and {more} more" if more > 0 else "",
        )
    return splits


def shared_prompts(forms: Mapping[str, str]) -> tuple[str, ...]:
    """Texts to be written, such as `a01-000`, that forms of several splits hold, sorted.

    Writers of IAM copied the same texts, so a network may know a text of the test from training,
    in another hand.

    Args:
        forms: splits of forms by their ids.
    """
    splits: dict[str, set[str]] = defaultdict(set)
    for name, split in forms.items():
        splits[name[: len("a01-000")]].add(split)
    return tuple(sorted(prompt for prompt, own in splits.items() if len(own) > 1))


@cache
def _published() -> dict[str, dict[str, list[str]]]:
    content: dict[str, dict[str, list[str]]] = json.loads(_FORM_IDS.read_text(encoding="ascii"))
    return content


def _aachen(forms: Sequence[IamForm]) -> IamSplits:
    listed = {form: split for split in SPLITS for form in _published()[AACHEN][split]}
    present = {form.id for form in forms}
    missing = tuple(sorted(listed.keys() - present))
    return IamSplits({k: v for k, v in listed.items() if k in present}, missing=missing)


def _fsdl(forms: Sequence[IamForm], seed: int) -> IamSplits:
    """Test forms as published; writers of those are in no other split."""
    listed = set(_published()[FSDL]["test"])
    tested = {form.writer for form in forms if form.id in listed}
    rest = sorted((f for f in forms if f.writer not in tested), key=lambda form: form.id)
    held_out = _some_writers([form.writer for form in rest], seed)
    splits = {form.id: "validation" if form.writer in held_out else "train" for form in rest}
    splits |= {form.id: "test" for form in forms if form.id in listed}
    return IamSplits(splits, missing=tuple(sorted(listed - {form.id for form in forms})))


def _some_writers(writers: Sequence[str], seed: int) -> frozenset[str]:
    """Writers of about a fifth of the forms, drawn from all in the order of their names."""
    names = sorted(set(writers))
    chosen: list[str] = []
    n_forms = 0
    for place in np.random.default_rng(seed).permutation(len(names)):
        if n_forms >= _VALIDATION * len(writers):
            break
        chosen.append(names[place])
        n_forms += writers.count(names[place])
    return frozenset(chosen)


def _official(forms: Sequence[IamForm], files: IamFiles) -> IamSplits:
    lists = files.find("task")
    absent = [name for name in TASK_FILES if name not in lists]
    if absent:
        raise InputError(
            f"{files.path} has no {absent[0]}.txt: the split official needs the folder task of the "
            f"course's copy, or {TASK_ARCHIVE}.zip from the site of IAM beside the archives."
        )
    lines: dict[str, str] = {}
    by_form: dict[str, str] = {}
    for name, split in _TASK_SPLITS.items():
        for line in _read_list(lists[name]):
            lines[line] = split
            if by_form.setdefault(form_of(line), split) != split:
                raise InputError(f"The lists of {files.path} put {form_of(line)} into two splits.")
    held = {line.id for form in forms for line in form.lines}
    present = {form.id for form in forms}
    return IamSplits(
        {form: split for form, split in by_form.items() if form in present},
        {line: split for line, split in lines.items() if line in held},
        tuple(sorted(lines.keys() - held)),
    )


def _read_list(path: Path) -> list[str]:
    """Ids of a list, one a row; it has no header."""
    try:
        return path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a list of lines of IAM: {error}.") from error
