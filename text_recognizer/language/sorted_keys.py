"""Look-up in sorted numbers, many at a time: how both tries of this package find children."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def find_keys(
    keys: NDArray[Any], wanted: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Place of each wanted number among the keys, and whether it is there.

    Args:
        keys: rising, of shape (n,), n at least 1.
        wanted: of any shape, as are both results; the place of what is not there says nothing.
    """
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return places, keys[places] == wanted
