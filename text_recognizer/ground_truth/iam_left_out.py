"""Keeps what of IAM cannot be used, and why, so that one damaged form costs that form only."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from text_recognizer.errors import InputError
from text_recognizer.ground_truth.iam_files import IamFiles

_LOG = logging.getLogger(__name__)

_N_NAMED = 5


class LeftOutForms:
    """Forms whose images cannot be used.

    Args:
        files: the copy.

    Attributes:
        reasons: sentences that name the user's files, by the ids of the forms.
    """

    def __init__(self, files: IamFiles) -> None:
        self.files = files
        self.reasons: dict[str, str] = {}

    @contextmanager
    def noting(self, form_id: str, image: Path) -> Iterator[None]:
        """Makes an InputError inside the reason why a form is left out; the program goes on."""
        try:
            yield
        except InputError as error:
            shown = self.files.shown("forms", image)
            text = str(error).replace(str(image), shown)
            self.reasons[form_id] = text if shown in text else f"{shown}: {text}"

    def check(self, *, is_all: bool) -> None:
        """Raises if forms were left out and nothing else is there.

        Raises:
            InputError: with the first reason.
        """
        if is_all and self.reasons:
            reason = next(iter(self.reasons.values()))
            raise InputError(f"{self.files.path} holds no form that can be used. {reason}")

    def warn(self) -> None:
        """Says how many forms are left out, and why."""
        if self.reasons:
            reasons = list(self.reasons.values())
            more = [f"And {len(reasons) - _N_NAMED} more."] if len(reasons) > _N_NAMED else []
            _LOG.warning(
                "IAM: %d forms are left out. %s", len(reasons), " ".join(reasons[:_N_NAMED] + more)
            )


def warn_left_out(names: Sequence[str], what: str) -> None:
    """Says how many forms or lines of a kind are left out, and names the first."""
    if names:
        more = f" and {len(names) - _N_NAMED} more" if len(names) > _N_NAMED else ""
        _LOG.warning(
            "IAM: %d %s are left out: %s%s.", len(names), what, ", ".join(names[:_N_NAMED]), more
        )
