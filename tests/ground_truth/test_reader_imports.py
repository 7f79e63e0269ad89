import subprocess
import sys

import pytest

HEAVY = ("torch", "lightning", "onnxruntime", "lxml", "typer", "rich", "fastapi", "ray")


@pytest.mark.parametrize("module", ["ground_truth", "evaluation"])
def test_nothing_that_training_may_lack_is_loaded(module):
    program = (
        f"import sys, text_recognizer.{module}\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
