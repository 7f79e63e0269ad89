"""A run as trackers remember it: its figures, and the way to its best checkpoint."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from text_recognizer.errors import InputError
from text_recognizer.training.experiments.tracking import BEST


@dataclass(frozen=True)
class FoundRun:
    """One run.

    Attributes:
        id: of the tracker.
        name: that it was given.
        tracker: MLflow or W&B.
        data_class: data set that it was trained on.
        figures: numbers by name, see `figures_of_best`.
        fetch: gives the file of the best checkpoint, or raises InputError.
        wandb_id: of the same run in W&B; empty if it is not there.
    """

    id: str
    name: str
    tracker: str
    data_class: str
    figures: Mapping[str, float]
    fetch: Callable[[], Path]
    wandb_id: str = ""


def figures_of_best(recorded: Mapping[str, Any]) -> dict[str, float]:
    """What a run's best checkpoint reached, as far as it is recorded.

    Figures of validation are those of the checkpoint, and not of the last validation; others, such
    as of the test, stay. What is missing or no finite number is left out, so it is never the best.

    Args:
        recorded: last values by name, as a tracker has them.
    """
    numbers = {name: value for name, value in recorded.items() if _is_number(value)}
    of_best = {
        name.removeprefix(BEST): value for name, value in numbers.items() if name.startswith(BEST)
    }
    others = {name: value for name, value in numbers.items() if not name.startswith(BEST)}
    return {name: float(value) for name, value in (others | of_best).items()}


def local_checkpoint(logs: Path, place: object) -> Path:
    """A checkpoint by its recorded place.

    Raises:
        InputError: none was recorded, or it is not there.
    """
    if not isinstance(place, str) or not place:
        raise InputError("it has recorded no checkpoint")
    path = logs / place
    if not path.is_file():
        raise InputError(f"its checkpoint {path} is gone")
    return path


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
