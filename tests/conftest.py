"""What all layers' tests share: the check of a base install, and the shipped model."""

import importlib.util
import os
from pathlib import Path

import pytest

from text_recognizer.bundle import DEFAULT_LINE_MODEL, PACKAGE_FOLDER

NOT_IN_BASE_INSTALL = ("torch", "lightning", "mlflow", "fastapi", "ray")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--base-install",
        action="store_true",
        help="refuse to run where more than the runtime and its tests' needs is installed",
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    if session.config.getoption("--base-install"):
        extra = [name for name in NOT_IN_BASE_INSTALL if importlib.util.find_spec(name)]
        if extra:
            raise pytest.UsageError(f"--base-install, but these are installed: {', '.join(extra)}")


@pytest.fixture
def shared_folder() -> Path:
    """Folder of data sets outside the repository, for tests marked `shared`."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("TEXT_RECOGNIZER_SHARED", beside))
    if not (folder / "handwriting").is_dir():
        pytest.skip("no data: set TEXT_RECOGNIZER_SHARED to the folder that holds handwriting/")
    return folder


@pytest.fixture
def shipped_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Folder of the line model in the package; models elsewhere are out of sight."""
    folder = PACKAGE_FOLDER / DEFAULT_LINE_MODEL
    assert folder.is_dir(), "this checkout has lost its model in text_recognizer/artifacts"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    return folder
