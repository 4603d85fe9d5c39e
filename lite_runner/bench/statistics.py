"""Few numbers for many: order statistics, and how well a median is known."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Sequence

import numpy as np
import numpy.typing as npt

#: Parts a page is read in, in seconds each; the total is theirs.
STAGES = ("decode", "detect", "classify", "recognise", "total")
_RESAMPLES = 1000


def spread(values: Sequence[float]) -> dict[str, float]:
    """Least, median, 90th percentile and largest of some numbers, at least one."""
    low, middle, high, most = np.percentile(np.asarray(values, np.float64), [0, 50, 90, 100])
    return {"min": float(low), "median": float(middle), "p90": float(high), "max": float(most)}


class Ratio(NamedTuple):
    """A ratio of two medians and its 95 % interval; the bounds None where too little is known."""

    value: float
    low: float | None
    high: float | None


def uncertainty(turns: Sequence[Sequence[float]]) -> float:
    """How far the median may be off, as a share of it: half the width of its 95 % interval.

    Args:
        turns: for each turn, a value of each pass.

    Returns:
        Infinity for less than two turns: nothing is known of how turns differ.
    """
    if len(turns) < 2:
        return float("inf")
    low, high = np.percentile(_medians(turns, 0), [2.5, 97.5])
    middle = median(turns)
    return float(high - low) / 2 / middle if middle > 0 else float("inf")


def ratio(one: Sequence[Sequence[float]], other: Sequence[Sequence[float]]) -> Ratio:
    """How many times as much one side takes as the other.

    Args:
        one: for each turn, a value of each pass; at least one.
        other: likewise.
    """
    value = median(one) / median(other)
    if min(len(one), len(other)) < 2:
        return Ratio(value, None, None)
    low, high = np.percentile(_medians(one, 0) / _medians(other, 1), [2.5, 97.5])
    return Ratio(value, float(low), float(high))


def passes(turns: Sequence[Mapping[str, Any]], stage: str) -> list[list[float]]:
    """For each turn of a record, what each pass took: the mean seconds of a picture.

    Pictures that could not be read count as none.
    """
    return [
        [
            float(sum(one[stage] for one in passed if one is not None) / max(1, len(passed)))
            for passed in turn["passes"]
        ]
        for turn in turns
    ]


def median(turns: Sequence[Sequence[float]]) -> float:
    """Of all passes of all turns."""
    return float(np.median([value for turn in turns for value in turn]))


def _medians(turns: Sequence[Sequence[float]], seed: int) -> npt.NDArray[np.float64]:
    """Medians of resamples (the bootstrap, Efron 1979).

    Turns are drawn, then passes of each: passes of one process are alike in what differs from
    process to process, so they are not as many measurements as they look.
    """
    generator = np.random.default_rng(seed)
    lengths = np.array([len(turn) for turn in turns])
    values = np.full((len(turns), lengths.max()), np.nan)
    for row, turn in zip(values, turns):
        row[: len(turn)] = turn
    drawn = generator.integers(len(turns), size=(_RESAMPLES, len(turns), 1))
    share = generator.random((_RESAMPLES, len(turns), lengths.max()))
    chosen = values[drawn, (share * lengths[drawn]).astype(np.int64)]
    return np.asarray(np.median(chosen.reshape(_RESAMPLES, -1), axis=1), np.float64)
