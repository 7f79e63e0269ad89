"""GPUs of this machine as `nvidia-smi` sees them: which are free, and one held for a run.

A GPU is free if under half of its memory is used and no run of this user holds its lock. The lock
is a file's, which the system gives back when the run ends, however it ends.
"""

import getpass
import logging
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from text_recognizer.errors import OptionError

_LOG = logging.getLogger(__name__)
ANY = -1
_FREE_BELOW = 0.5  # of the memory
_WAIT_S = 5.0
_ANSWER_S = 60.0
_PART = "MIG-"
_VISIBLE, _ORDER = "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"


@dataclass(frozen=True)
class GPU:
    """What `nvidia-smi` says of one.

    Attributes:
        number: by the order of the bus.
        identity: the same as long as the hardware is.
        used_mib: memory in use.
        total_mib: memory that there is.
        busy: share of the last second that it computed in; None if it does not say.
    """

    number: int
    identity: str
    used_mib: float
    total_mib: float
    busy: float | None = None

    @property
    def has_room(self) -> bool:
        """Whether under half of its memory is used; one that does not say counts as free."""
        return not self.total_mib or self.used_mib < _FREE_BELOW * self.total_mib

    @property
    def name(self) -> str:
        """What `CUDA_VISIBLE_DEVICES` calls it."""
        return self.identity if self.identity.startswith(_PART) else str(self.number)


def find_gpus() -> list[GPU]:
    """All GPUs that a run may use; empty where `nvidia-smi` is not, or fails.

    Where `CUDA_VISIBLE_DEVICES` names some, as schedulers set it, there are no others. Parts of a
    GPU that it names count as GPUs, of which nothing more is known.
    """
    query = "index,uuid,memory.used,memory.total,utilization.gpu"
    words = ["nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(
            words, capture_output=True, text=True, check=True, timeout=_ANSWER_S
        )
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [[part.strip() for part in line.split(",")] for line in answer.stdout.splitlines()]
    gpus = [_gpu(row) for row in rows if len(row) == 5]
    allowed = os.environ.get(_VISIBLE)
    if allowed is None:
        return gpus
    names = [name.strip() for name in allowed.split(",")]
    whole = [gpu for gpu in gpus if str(gpu.number) in names or gpu.identity in names]
    parts = [name for name in names if name.startswith(_PART)] if gpus else []
    return whole + [GPU(number, name, 0.0, 0.0) for number, name in enumerate(parts)]


def render_gpus() -> str:
    """Which GPUs are free, as text."""
    gpus = find_gpus()
    if not gpus:
        return "There is no GPU here: nvidia-smi finds none."
    return "\n".join(
        f"GPU {gpu.number}: {_state(gpu)}, {gpu.used_mib:.0f} of {gpu.total_mib:.0f} MiB used"
        for gpu in gpus
    )


def render_use() -> str:
    """How busy GPUs are, as text."""
    gpus = [gpu for gpu in find_gpus() if gpu.busy is not None]
    if not gpus:
        return "There is no GPU here: nvidia-smi finds none that tells its use."
    return "\n".join(f"GPU {gpu.number}: {gpu.busy:.0%} busy" for gpu in gpus)


@contextmanager
def held_gpu(number: int) -> Iterator[int | None]:
    """Hold a GPU while a run lasts; others of this user that take any one take another.

    The GPU becomes the only one that torch sees, which must not have looked before.

    Args:
        number: of the GPU, or `ANY` to wait until one is free.

    Yields:
        Its number, or None where there is no GPU.

    Raises:
        OptionError: there are others, but not this one.
    """
    gpus = {gpu.number: gpu for gpu in find_gpus()}
    if not gpus:
        yield None
        return
    if number != ANY and number not in gpus:
        raise OptionError(f"--gpu={number}: there are the GPUs {', '.join(map(str, gpus))}.")
    gpu = gpus.get(number)
    lock = _lock(gpu) if gpu is not None else None
    before = dict(os.environ)
    try:
        if gpu is None or lock is None:
            gpu, lock = _wait_for_one()
        else:
            _try(lock, number)
        os.environ |= {_ORDER: "PCI_BUS_ID", _VISIBLE: gpu.name}
        yield gpu.number
    finally:
        for name in (_ORDER, _VISIBLE):
            os.environ.pop(name, None)
            os.environ |= {name: before[name]} if name in before else {}
        if lock is not None:
            lock.release()


def _wait_for_one() -> tuple[GPU, FileLock]:
    """A free GPU by chance, and its lock."""
    has_told = False
    while True:
        free = [gpu for gpu in find_gpus() if gpu.has_room]
        for gpu in random.sample(free, len(free)):
            lock = _lock(gpu)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            return gpu, lock
        if not has_told:
            _LOG.warning("All GPUs are in use: waiting for one.")
            has_told = True
        time.sleep(_WAIT_S)


def _try(lock: FileLock, number: int) -> None:
    """Hold a GPU that was named, and go on without if another run does."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        _LOG.warning("GPU %d is used by another run, too.", number)


def _lock(gpu: GPU) -> FileLock:
    safe = gpu.name.replace("/", "-")
    return FileLock(Path(tempfile.gettempdir()) / f"text-recognizer-{_user()}-gpu-{safe}.lock")


def _user() -> str:
    """The user's name, or number where a container knows no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _state(gpu: GPU) -> str:
    if not gpu.has_room:
        return "in use"
    try:
        with _lock(gpu).acquire(timeout=0):
            return "free"
    except Timeout:
        return "held by a run"


def _gpu(row: list[str]) -> GPU:
    number, identity, used, total, busy = row
    return GPU(
        number=int(number),
        identity=identity,
        used_mib=_megabytes(used),
        total_mib=_megabytes(total),
        busy=float(busy) / 100 if busy.isdigit() else None,
    )


def _megabytes(text: str) -> float:
    """0 where a GPU does not say."""
    try:
        return float(text)
    except ValueError:
        return 0.0
