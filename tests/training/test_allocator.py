"""Memory that is freed is kept for the next request."""

import subprocess
import sys

import pytest

from text_recognizer.training import allocator

PROGRAM = """
import resource
import numpy as np
from text_recognizer.training.allocator import keep_freed_memory
if {keeps}:
    assert keep_freed_memory()
def faults():
    for _ in range(20):
        np.ones(20_000_000, np.float32)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
before = faults()
print(faults() - before)
"""


def page_faults(*, keeps: bool) -> int:
    """Pages that the kernel hands out for twenty arrays of 80 MB, after twenty others."""
    program = [sys.executable, "-c", PROGRAM.format(keeps=keeps)]
    ran = subprocess.run(program, capture_output=True, text=True, check=True)
    return int(ran.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="settings of glibc")
def test_memory_is_asked_for_once() -> None:
    assert page_faults(keeps=True) * 3 < page_faults(keeps=False)


def test_elsewhere_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert allocator.keep_freed_memory() is False
