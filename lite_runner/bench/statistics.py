"""Few numbers for many: order statistics, and how well a median is known."""

from __future__ import annotations

from typing import Sequence

import numpy as np

#: Parts a page is read in, in seconds each; the total is theirs.
STAGES = ("decode", "detect", "classify", "recognise", "total")
_RESAMPLES = 500


def spread(values: Sequence[float]) -> dict[str, float]:
    """Least, median, 90th percentile and largest of some numbers, at least one."""
    low, middle, high, most = np.percentile(np.asarray(values, np.float64), [0, 50, 90, 100])
    return {"min": float(low), "median": float(middle), "p90": float(high), "max": float(most)}


def uncertainty(turns: Sequence[Sequence[float]]) -> float:
    """How far the median may be off, as a share of it.

    Half the width of its 95 % interval by the bootstrap (Efron 1979). Turns are drawn, then passes
    of each: passes of one process are alike in what differs from process to process.

    Args:
        turns: for each turn, a value of each pass.

    Returns:
        Infinity for less than two turns: nothing is known of how turns differ.
    """
    if len(turns) < 2:
        return float("inf")
    generator = np.random.default_rng(0)
    medians = []
    for _ in range(_RESAMPLES):
        drawn = [turns[index] for index in generator.integers(len(turns), size=len(turns))]
        values = [
            value for turn in drawn for value in generator.choice(np.asarray(turn), size=len(turn))
        ]
        medians.append(float(np.median(values)))
    low, high = np.percentile(medians, [2.5, 97.5])
    middle = float(np.median([value for turn in turns for value in turn]))
    return float(high - low) / 2 / middle if middle > 0 else float("inf")
