"""How much faster one sample of turns is than another, and how well that is known.

Intervals are those of percentiles of resamples (:func:`lite_runner.bench.statistics.medians`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np

from lite_runner.arrays import Doubles
from lite_runner.bench.statistics import medians

#: Resamples are always drawn alike: the same two files give the same words.
SEED = 20261124
RESAMPLES = 4000
#: Part of the resamples inside the interval.
CONFIDENCE = 0.95
#: With two turns the interval covers the truth in 7 to 8 of 10 cases, with three in 9, from five on
#: in 19 of 20 (simulated, turns that differ by 3 %, passes by 2 %); two are too little to say so.
LEAST_TURNS = 3
#: Ratios this near to 1 are no difference anybody would act on, however well they are known.
ALIKE = 0.01


@dataclass(frozen=True)
class Ratio:
    """Median of one sample over the median of another.

    Attributes:
        value: above 1 if the second sample takes less.
        low: lower end of the interval; None if there is too little data for one.
        high: upper end.
    """

    value: float
    low: float | None
    high: float | None

    @property
    def differs(self) -> bool | None:
        """Whether there is a difference; None if there is too little data to say so."""
        if self.low is None or self.high is None:
            return None
        return not self.low <= 1 <= self.high and abs(self.value - 1) > ALIKE

    def interval(self) -> str:
        """The interval for a table."""
        if self.low is None or self.high is None:
            return "too little data"
        return f"{self.low:.2f} to {self.high:.2f}"

    def verdict(self, less: str = "faster", more: str = "slower") -> str:
        """The second sample against the first, as in ``1.23x faster [1.18 to 1.28]``.

        Args:
            less: what to call the second if it takes less.
            more: and if it takes more.
        """
        if self.differs is None or self.low is None or self.high is None:
            return "too little data"
        if not self.differs:
            return "no difference"
        if self.value > 1:
            return f"{self.value:.2f}x {less} [{self.low:.2f} to {self.high:.2f}]"
        return f"{1 / self.value:.2f}x {more} [{1 / self.high:.2f} to {1 / self.low:.2f}]"


def ratio(
    numerator: Sequence[Doubles],
    denominator: Sequence[Doubles],
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Ratio | None:
    """The ratio of the medians of two samples; None if one is empty or its median is 0.

    Args:
        numerator: for each turn a float64 array with a value for each pass; turns may differ in
            length.
        denominator: the same of the other side.
        resamples: of the bootstrap.
        seed: of its random numbers.
    """
    numerator, denominator = (
        [turn for turn in side if turn.size] for side in (numerator, denominator)
    )
    if not numerator or not denominator:
        return None
    above, below = (float(np.median(np.concatenate(side))) for side in (numerator, denominator))
    if above <= 0 or below <= 0:
        return None
    if min(len(numerator), len(denominator)) < LEAST_TURNS:
        return Ratio(above / below, None, None)
    random = np.random.default_rng(seed)
    above_drawn, below_drawn = (
        medians(side, resamples, random) for side in (numerator, denominator)
    )
    if not below_drawn.all():
        return Ratio(above / below, None, None)
    edge = (1 - CONFIDENCE) / 2
    low, high = np.quantile(above_drawn / below_drawn, [edge, 1 - edge])
    return Ratio(above / below, float(low), float(high))
