"""Array types used across the runner."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

#: uint8, HWC, channels in BGR order: a decoded picture.
Image = npt.NDArray[np.uint8]
#: float32: network inputs (NCHW), outputs, and points (x, y in pixels).
Floats = npt.NDArray[np.float32]
#: int64: class ids.
Ints = npt.NDArray[np.int64]
#: Anything a caller may hand in as a picture array.
AnyArray = npt.NDArray[Any]
