"""Runs of experiments in W&B, by its public interface."""

import logging
from functools import partial
from pathlib import Path
from typing import Any

from text_recognizer.errors import InputError
from text_recognizer.training.experiments.found_runs import (
    FoundRun,
    figures_of_best,
    local_checkpoint,
)
from text_recognizer.training.experiments.tracking import BEST_CHECKPOINT
from text_recognizer.training.experiments.wandb_access import why_not_online

_LOG = logging.getLogger(__name__)
_TIMEOUT_S = 30
_LOCAL_ONLY = "%s: only runs recorded in %s are looked at."
_DOWNLOADS = "wandb-checkpoints"


def open_api() -> Any:
    """W&B's interface to what is recorded there; its account must be set up."""
    import wandb

    return wandb.Api(timeout=_TIMEOUT_S)


def find_wandb_runs(project: str, data_class: str, *, entity: str, logs: Path) -> list[FoundRun]:
    """Runs of a project that were trained on a data set; none and a notice without W&B.

    Args:
        project: under which they were kept.
        data_class: name of the data set.
        entity: whose project it is; empty for that of the account.
        logs: folder of records, in which checkpoints are looked for and put.
    """
    reason = why_not_online()
    if reason is not None:
        if entity:
            _LOG.warning(_LOCAL_ONLY, reason, logs)
        return []
    try:
        path = f"{entity}/{project}" if entity else project
        runs = open_api().runs(path, filters={"config.data_class": data_class})
        return [_found(run, logs) for run in runs]
    except Exception as error:  # whatever its network, its server and its client raise
        line = (str(error).splitlines() or [type(error).__name__])[0]
        _LOG.warning(_LOCAL_ONLY, f"W&B does not answer ({line})", logs)
        return []


def _found(run: Any, logs: Path) -> FoundRun:
    summary = dict(run.summary)
    return FoundRun(
        id=run.id,
        name=run.name or "",
        tracker="W&B",
        data_class=run.config["data_class"],
        figures=figures_of_best(summary),
        fetch=partial(_checkpoint, run, logs, summary.get(BEST_CHECKPOINT)),
        wandb_id=run.id,
    )


def _checkpoint(run: Any, logs: Path, place: object) -> Path:
    """The best checkpoint on this machine, or as it was uploaded.

    Raises:
        InputError: it is neither here nor there.
    """
    try:
        return local_checkpoint(logs, place)
    except InputError:
        return _downloaded(run, logs / _DOWNLOADS / str(run.id))


def _downloaded(run: Any, folder: Path) -> Path:
    try:
        models = [own for own in run.logged_artifacts() if own.type == "model"]
        best = [own for own in models if "best" in own.aliases]
        if not best:
            raise InputError("its checkpoint is neither on this machine nor in W&B")
        found = sorted(Path(best[-1].download(root=str(folder))).glob("*.ckpt"))
    except InputError:
        raise
    except Exception as error:  # as above
        raise InputError(f"its checkpoint cannot be fetched from W&B: {error}") from error
    if not found:
        raise InputError("what W&B keeps of it holds no checkpoint")
    return found[0]
