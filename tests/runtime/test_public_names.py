import re
import subprocess
import sys
from pathlib import Path

import pytest

import text_recognizer


def test_public_names() -> None:
    assert text_recognizer.__all__ == [
        "CharacterPredictor",
        "Line",
        "LinePredictor",
        "Page",
        "ParagraphTextRecognizer",
        "Recognizer",
        "Region",
        "TextRecognizerError",
        "Word",
    ]


@pytest.mark.parametrize("name", text_recognizer.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(text_recognizer, name).__name__ == name
    assert name in dir(text_recognizer)


def test_type_checkers_see_the_same_names() -> None:
    source = Path(text_recognizer.__file__).read_text(encoding="utf-8")
    imported = re.findall(r"^    from (\S+) import (.+)$", source, re.MULTILINE)
    seen = {name.strip(): module for module, names in imported for name in names.split(",")}
    assert sorted(seen) == text_recognizer.__all__
    for name, module in seen.items():
        assert getattr(text_recognizer, name).__module__ == module


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nobody'"):
        text_recognizer.Nobody  # noqa: B018


def test_naming_a_result_loads_nothing_heavy() -> None:
    code = (
        "import sys; from text_recognizer import Page, Recognizer;"
        "print([n for n in ('torch', 'onnxruntime', 'cv2', 'lxml', 'typer', 'rich', 'PIL')"
        " if n in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
