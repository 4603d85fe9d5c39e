"""Array types used across the runner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    #: uint8, HWC, channels in BGR order: a decoded picture.
    Image = npt.NDArray[np.uint8]
    #: float32: network inputs (NCHW), outputs, and points (x, y in pixels).
    Floats = npt.NDArray[np.float32]
    #: float64: measurements.
    Doubles = npt.NDArray[np.float64]
    #: int64: class ids.
    Ints = npt.NDArray[np.int64]
    #: Anything a caller may hand in as a picture array.
    AnyArray = npt.NDArray[Any]
else:
    # numpy 1.19, which Raspberry Pi OS 11 has, knows no types of elements.
    Image = Floats = Doubles = Ints = AnyArray = np.ndarray
