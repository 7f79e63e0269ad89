"""Runs of experiments in the MLflow file of a folder of records."""

import importlib.util
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from text_recognizer.errors import InputError, MissingExtraError
from text_recognizer.training.experiments.found_runs import (
    FoundRun,
    figures_of_best,
    local_checkpoint,
)
from text_recognizer.training.experiments.tracking import BEST_CHECKPOINT, WANDB_RUN
from text_recognizer.training.tracking import DATABASE, sqlite_address

_PAGE = 500


def find_mlflow_runs(logs: Path, project: str) -> list[FoundRun]:
    """Runs of a project, the newest first; none if nothing was recorded there.

    Args:
        logs: folder of the records.
        project: under which they were kept.

    Raises:
        InputError: the records cannot be read.
        MissingExtraError: MLflow is not installed.
    """
    database = logs / DATABASE
    if not database.is_file():
        return []
    if importlib.util.find_spec("mlflow") is None:
        raise MissingExtraError("The records are MLflow's, which is missing: pip install mlflow.")
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient
    from sqlalchemy.exc import SQLAlchemyError

    try:
        client = MlflowClient(sqlite_address(database))
        experiment = client.get_experiment_by_name(project)
        if experiment is None:
            return []
        return [_found(run, logs) for run in _runs(client, experiment.experiment_id)]
    except (MlflowException, SQLAlchemyError) as error:
        line = str(error).splitlines()[0]
        raise InputError(f"{database} cannot be read as records of MLflow: {line}") from error


def _runs(client: Any, experiment: str) -> Iterator[Any]:
    token = None
    while True:
        page = client.search_runs([experiment], max_results=_PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _found(run: Any, logs: Path) -> FoundRun:
    tags = run.data.tags
    return FoundRun(
        id=run.info.run_id,
        name=run.info.run_name or "",
        tracker="MLflow",
        data_class=tags.get("data_class", ""),
        figures=figures_of_best(run.data.metrics),
        fetch=partial(local_checkpoint, logs, tags.get(BEST_CHECKPOINT)),
        wandb_id=tags.get(WANDB_RUN, ""),
    )
