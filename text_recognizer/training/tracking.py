"""Where a run is recorded: MLflow in an SQLite file, or CSV without MLflow."""

import importlib.util
import logging
import sys
from collections.abc import Mapping
from pathlib import Path

from lightning.pytorch.loggers import CSVLogger, Logger, MLFlowLogger

from text_recognizer.errors import InputError, MissingExtraError
from text_recognizer.training.options import TrainingOptions

_LOG = logging.getLogger(__name__)
DATABASE = "mlflow.db"


def make_logger(options: TrainingOptions, folder: Path) -> Logger | bool:
    """The run's logger; False for none.

    Args:
        options: `tracking` chooses the logger.
        folder: the run's folder; the MLflow file lies beside it, shared by its neighbours.

    Raises:
        MissingExtraError: MLflow is asked for and not installed.
    """
    kind = options.tracking.logger
    has_mlflow = importlib.util.find_spec("mlflow") is not None
    if kind == "none":
        return False
    if kind == "mlflow" and not has_mlflow:
        raise MissingExtraError("MLflow is not installed; run: pip install mlflow.")
    if kind == "csv" or not has_mlflow:
        return CSVLogger(folder, name=None, version=_free_name(folder))
    return mlflow_logger(
        folder.parent,
        options.tracking.experiment,
        options.name,
        {"command": " ".join(sys.argv)},
    )


def mlflow_logger(
    folder: Path, experiment: str, run_name: str, tags: Mapping[str, str]
) -> MLFlowLogger:
    """MLflow in an SQLite file of a folder, its artifacts beside it.

    Args:
        folder: of the file.
        experiment: name under which runs are grouped.
        run_name: of the run.
        tags: of the run.
    """
    database = (folder / DATABASE).resolve()
    address = sqlite_address(database)
    _LOG.info("Tracking in %s; look with: mlflow ui --backend-store-uri %s", database, address)
    return MLFlowLogger(
        experiment_name=experiment,
        run_name=run_name,
        tracking_uri=address,
        artifact_location=str((folder / "mlflow-artifacts").resolve()),
        tags=dict(tags),
    )


def sqlite_address(database: Path) -> str:
    """Address of an SQLite file, as SQLAlchemy reads it.

    Raises:
        InputError: the path has a question mark, at which such an address would end.
    """
    path = str(database.resolve())
    if "?" in path:
        raise InputError(f"Records cannot be kept in {path}: its name has a question mark.")
    return f"sqlite:///{path}"


def _free_name(folder: Path) -> str:
    """A folder for the records of this call: a resumed run may have others in its columns."""
    calls = sum(1 for path in folder.glob("csv*") if path.is_dir())
    return f"csv-{calls + 1}" if calls else "csv"
