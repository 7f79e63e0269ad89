"""Whether W&B can be used here, and a run of it, without ever asking anybody.

W&B reads its own settings: an account by `wandb login` or `WANDB_API_KEY`, and `WANDB_MODE`.
"""

import importlib.util
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from lightning.pytorch.loggers import WandbLogger

from text_recognizer.training.experiments.experiment import Experiment

if TYPE_CHECKING:
    from wandb.sdk.wandb_run import Run

_LOG = logging.getLogger(__name__)
_INSTALL = "W&B is not installed (pip install wandb)"
_START_TIMEOUT_S = 30.0
_STEP = "trainer/global_step"  # Lightning's name for the axis of curves


def why_not_online() -> str | None:
    """Why W&B cannot be asked from here, as the start of a sentence; None if it can."""
    if importlib.util.find_spec("wandb") is None:
        return _INSTALL
    mode = os.environ.get("WANDB_MODE", "online").lower()
    if mode in ("offline", "dryrun", "disabled"):
        return f"WANDB_MODE is {mode}"
    import wandb

    try:
        has_account = wandb.login(prompt=False, verify=False)
    except wandb.errors.Error as error:
        return f"W&B does not take the account ({error})"
    return None if has_account else "W&B has no account here (wandb login)"


def wandb_logger(experiment: Experiment, folder: Path) -> WandbLogger | None:
    """W&B as a logger: online, else offline, which `wandb sync` can upload; None if it is off.

    Args:
        experiment: to be recorded.
        folder: under which W&B keeps its files.
    """
    reason = why_not_online()
    if reason == _INSTALL or os.environ.get("WANDB_MODE", "").lower() == "disabled":
        _LOG.warning("--wandb: %s; the run is recorded in %s only.", reason, folder)
        return None
    run = None
    if reason is None:
        run, reason = _online_run(experiment, folder)
    if run is None:
        _LOG.warning(
            "--wandb: %s; the run is kept in %s, and wandb sync uploads it.",
            reason,
            folder / "wandb",
        )
        run = _start(experiment, folder, is_online=False)
    run.define_metric(_STEP)
    run.define_metric("*", step_metric=_STEP, step_sync=True)
    return WandbLogger(experiment=run)


def _online_run(experiment: Experiment, folder: Path) -> tuple["Run | None", str]:
    """A run, or None and why there is none."""
    import wandb

    try:
        return _start(experiment, folder, is_online=True), ""
    except wandb.errors.Error as error:
        return None, f"W&B does not answer ({str(error).splitlines()[0]})"


def _start(experiment: Experiment, folder: Path, *, is_online: bool) -> "Run":
    import wandb

    return wandb.init(
        project=experiment.project,
        entity=experiment.entity or None,
        name=experiment.name,
        group=experiment.group or None,
        dir=folder,
        mode=None if is_online else "offline",
        settings=wandb.Settings(init_timeout=_START_TIMEOUT_S, silent=not is_online),
    )
