"""The most probable class of each step of a recogniser's output."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lite_runner.arrays import Floats, Ints


@dataclass(frozen=True)
class BestPath:
    """What CTC decodes (Graves et al. 2006, section 3.2).

    Attributes:
        classes: int64 T.
        probabilities: float32 T, of these classes.
        columns: of the input, for each step.
    """

    classes: Ints
    probabilities: Floats
    columns: float

    @classmethod
    def of(cls, probabilities: Floats, width: int) -> BestPath:
        """The best path through an output.

        Args:
            probabilities: float32 TxC.
            width: of the input, in pixels.
        """
        classes: Ints = probabilities.argmax(axis=1)
        best = probabilities[np.arange(len(classes)), classes]
        return cls(classes, best, width / max(1, len(classes)))
