"""Imports point one way: the runtime knows no training, and nothing that its install lacks."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from documents import ROOT

PACKAGE = ROOT / "text_recognizer"
TRAINING = ("data", "datasets", "models", "lit_models", "training")
"""Folders that need the extra `train`."""
NOT_INSTALLED = ("tests",)
IMPORT_NAMES = {"pillow": "PIL", "opencv-python-headless": "cv2"}
LAZY_EXTRAS = {"iam_parquet.py": {"pyarrow"}, "quantisation.py": {"onnx"}}
"""Imports inside functions that answer with a sentence where the package is missing."""
FORBIDDEN = {
    "page": {"*"},
    "errors": {"*"},
    "ctc": {"language_model", "bundle", "recognizer"},
    "bundle": {"recognizer", "line_reader"},
    "recognizer": {"evaluation", "cli", "formats"},
    "line_reader": {"evaluation", "cli", "recognizer"},
}
"""Modules of ours that a module must not import; `*`: none at all."""


def is_training(path: Path) -> bool:
    return path.relative_to(PACKAGE).parts[0] in TRAINING


def is_installed(path: Path) -> bool:
    return path.relative_to(PACKAGE).parts[0] not in NOT_INSTALLED


RUNTIME = [
    path for path in sorted(PACKAGE.rglob("*.py")) if is_installed(path) and not is_training(path)
]


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Modules that a file imports, and whether as soon as it is imported itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    in_functions = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node not in in_functions) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} has a relative import"
            module = node.module or ""
            yield module, node not in in_functions
            yield from (
                (f"{module}.{alias.name}", node not in in_functions) for alias in node.names
            )


def declared() -> set[str]:
    """Import names of the packages that the runtime declares."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = (re.split(r"[^\w.-]", line)[0].lower() for line in project["dependencies"])
    return {IMPORT_NAMES.get(name, name) for name in names}


@pytest.mark.parametrize("path", RUNTIME, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_runtime_imports_what_is_installed(path: Path) -> None:
    allowed = declared() | set(sys.stdlib_module_names) | {"text_recognizer"}
    for name, at_once in imports(path):
        top = name.split(".")[0]
        lazy = LAZY_EXTRAS.get(path.name, set())
        assert top in allowed or (top in lazy and not at_once), f"{path.name} imports {name}"


@pytest.mark.parametrize("path", RUNTIME, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_runtime_does_not_load_training(path: Path) -> None:
    for name, at_once in imports(path):
        parts = name.split(".")
        if parts[0] == "text_recognizer" and len(parts) > 1 and parts[1] in TRAINING:
            assert path.name == "cli.py" and not at_once, f"{path.name} imports {name}"


@pytest.mark.parametrize("module", FORBIDDEN)
def test_no_import_circles(module: str) -> None:
    for name, _ in imports(PACKAGE / f"{module}.py"):
        parts = name.split(".")
        if parts[0] == "text_recognizer" and len(parts) > 1:
            assert "*" not in FORBIDDEN[module], f"{module} imports {name}"
            assert parts[1] not in FORBIDDEN[module], f"{module} imports {name}"


def test_every_dependency_is_imported() -> None:
    used = {name.split(".")[0] for path in RUNTIME for name, _ in imports(path)}
    assert declared() <= used


def test_importing_loads_nothing_heavy() -> None:
    heavy = ("torch", "lightning", "fastapi", "ray", "onnxruntime", "cv2", "lxml", "typer", "rich")
    code = f"import sys, text_recognizer; print([n for n in {heavy!r} if n in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_runtime_modules_load_without_training() -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in RUNTIME
        if path.name != "__main__.py"
    ]
    code = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print([n for n in ('torch', 'lightning', 'mlflow', 'onnx', 'fastapi', 'ray')"
        " if n in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[]"
