"""How the process gets memory from the system while it trains.

Feature maps of a batch take hundreds of megabytes. The C library of Linux fetches blocks of that
size from the kernel and gives them back, at every layer of every step, and the kernel fills them
with zeros each time.
"""

import ctypes
import sys

# Of <malloc.h> of glibc.
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
_NEVER = 2**31 - 1


def keep_freed_memory() -> bool:
    """Keeps memory that is freed for the next request, for the rest of the process.

    The process is as large as its peak from then on. For programs, at their start: a library must
    not choose this for those who import it.

    Returns:
        Whether the C library took the settings; elsewhere than on Linux with glibc, it does not.

    Source: the GNU C Library manual, "Malloc tunable parameters".
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(_MMAP_MAX, 0)) and bool(mallopt(_TRIM_THRESHOLD, _NEVER))
