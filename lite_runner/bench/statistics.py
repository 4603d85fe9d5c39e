"""Few numbers for many: order statistics, and how well a median is known."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from lite_runner.arrays import Doubles
from lite_runner.bench.messages import Pass, Passes
from lite_runner.bench.result import Spread

#: Parts a page is read in, in seconds each; the total is theirs.
STAGES = ("decode", "detect", "classify", "recognise", "total")
_RESAMPLES = 1000


def spread(values: Sequence[float]) -> Spread:
    """Least, median, 90th percentile and largest of some numbers, at least one."""
    low, middle, high, most = np.percentile(np.asarray(values, np.float64), [0, 50, 90, 100])
    return {"min": float(low), "median": float(middle), "p90": float(high), "max": float(most)}


def uncertainty(turns: Sequence[Sequence[float]]) -> float:
    """How far the median may be off, as a share of it: half the width of its 95 % interval.

    Args:
        turns: for each turn, a value of each pass.

    Returns:
        Infinity for less than two turns: nothing is known of how turns differ.
    """
    if len(turns) < 2:
        return float("inf")
    drawn = medians([np.asarray(turn) for turn in turns], _RESAMPLES, np.random.default_rng(0))
    low, high = np.percentile(drawn, [2.5, 97.5])
    middle = median(turns)
    return float(high - low) / 2 / middle if middle > 0 else float("inf")


def passes(sessions: Sequence[Passes], stage: str) -> list[list[float]]:
    """For each session of a record, what each pass took: the mean seconds of a picture.

    Pictures that could not be read are left out.
    """

    def mean(times: Pass) -> float:
        seconds = [picture[stage] for picture in times if picture is not None]
        return sum(seconds) / max(1, len(seconds))

    return [[mean(times) for times in session["passes"]] for session in sessions]


def median(turns: Sequence[Sequence[float]]) -> float:
    """Of all passes of all turns."""
    return float(np.median([value for turn in turns for value in turn]))


def medians(turns: Sequence[Doubles], resamples: int, random: np.random.Generator) -> Doubles:
    """Medians of resamples.

    Passes of one process are alike: they share its memory's layout, its place in time, the board's
    heat. So turns are drawn first and passes within them (the hierarchical bootstrap; Davison and
    Hinkley, Bootstrap Methods and their Application, 1997, section 3.8).

    Args:
        turns: for each turn a float64 array with a value for each pass; turns may differ in length.
        resamples: how many.
        random: draws them.

    Returns:
        float64 of (resamples,).
    """
    counts = np.array([turn.size for turn in turns])
    most = counts.max()
    padded = np.zeros((len(turns), most))
    for row, turn in zip(padded, turns):
        row[: turn.size] = turn
    drawn = random.integers(len(turns), size=(resamples, len(turns)))
    drawn_counts = counts[drawn]
    # As many passes of a turn as it has, each drawn from all of them.
    places = (random.random((*drawn.shape, most)) * drawn_counts[..., None]).astype(np.intp)
    values = padded[drawn[..., None], places]
    # What is beyond a turn's passes goes behind everything, where the median does not look.
    values[np.arange(most) >= drawn_counts[..., None]] = np.inf
    values = np.sort(values.reshape(resamples, -1), axis=1)
    total, rows = drawn_counts.sum(axis=1), np.arange(resamples)
    found: Doubles = (values[rows, (total - 1) // 2] + values[rows, total // 2]) / 2
    return found
