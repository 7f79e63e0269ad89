"""Names for the arrays of this package."""

import numpy as np
from numpy.typing import NDArray

GreyImage = NDArray[np.uint8]  # (H, W), 0 black, dark ink on light paper
Floats = NDArray[np.float32]
Ink = NDArray[np.uint8]  # (H, W), darkness: 0 bare paper, 255 black
