"""What one process of a benchmark measured: its turn."""

# Types are read while this runs, also by Python 3.9: Optional, and no annotations as texts.
from dataclasses import dataclass, field
from functools import cached_property
from typing import Mapping, Optional, Sequence

import numpy as np
import numpy.typing as npt

from cross_build.typed_json import called

#: Of reading a picture, in order; the last column of times is their ``total``.
STAGES = ("decode", "detect", "classify", "recognise")
TOTAL = "total"
TIMES = (*STAGES, TOTAL)

Times = npt.NDArray[np.float64]


@dataclass(frozen=True)
class State:
    """How a board stood at one moment; None for what nobody could tell.

    Attributes:
        mhz: of each core.
        governors: of frequencies.
        celsius: by sensor.
        throttled: what holds or held the board back; empty if it was asked and said nothing.
        load: averages of 1, 5 and 15 minutes.
    """

    mhz: Optional[tuple[float, ...]] = None
    governors: Optional[tuple[str, ...]] = field(metadata=called("governor"), default=None)
    celsius: Optional[Mapping[str, float]] = None
    throttled: Optional[tuple[str, ...]] = None
    load: Optional[tuple[float, ...]] = None


@dataclass(frozen=True)
class Reading:
    """Seconds of reading a picture once; a reader that is not ours may not tell all stages."""

    total: float
    decode: Optional[float] = None
    detect: Optional[float] = None
    classify: Optional[float] = None
    recognise: Optional[float] = None


@dataclass(frozen=True, eq=False)
class Turn:
    """One process: it loads, warms up, then reads all pictures several times.

    Attributes:
        order: place among all turns of the run.
        readings: by pass and picture; None where a picture could not be read.
        at: seconds from the run's start.
        startup: seconds from the process's start until it could read.
        cold: whether files had been dropped from the page cache before.
        load: of ``startup``, seconds for models.
        peak_rss: in bytes.
        before: the board's state before it.
        after: and after it.
    """

    order: int
    readings: tuple[tuple[Optional[Reading], ...], ...] = field(metadata=called("passes"))
    at: Optional[float] = None
    startup: Optional[float] = None
    cold: bool = False
    load: Optional[float] = None
    peak_rss: Optional[int] = None
    before: State = State()
    after: State = State()

    @cached_property
    def times(self) -> Times:
        """Seconds: float64 of passes x pictures x :data:`TIMES`; NaN for what is not known."""
        rows = [
            [[getattr(reading, stage, None) for stage in TIMES] for reading in row]
            for row in self.readings
        ]
        return np.array(rows, dtype=np.float64).reshape(len(rows), -1, len(TIMES))

    def passes(self, stage: str, pictures: Optional[Sequence[int]] = None) -> Times:
        """Seconds per picture of each pass: float64 of at most as many items as there are passes.

        Args:
            stage: one of :data:`TIMES`.
            pictures: their places in the run's list; all if None. Those a pass could not read are
                left out of its mean, and a pass that read none is left out itself.
        """
        column = self.times[:, :, TIMES.index(stage)]
        if pictures is not None and column.size:
            column = column[:, list(pictures)]
        read = np.isfinite(column)
        column = column[read.any(axis=1)]
        read = read[read.any(axis=1)]
        means: Times = np.where(read, column, 0).sum(axis=1) / read.sum(axis=1)
        return means
