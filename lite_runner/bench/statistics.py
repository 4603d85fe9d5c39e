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


def uncertainty(sessions: Sequence[Sequence[float]]) -> float:
    """How far the median may be off, as a share of it: half the width of its 95 % interval.

    Args:
        sessions: for each, a value of each pass.

    Returns:
        Infinity for less than two sessions: nothing is known of how sessions differ.
    """
    if len(sessions) < 2:
        return float("inf")
    arrays = [np.asarray(session) for session in sessions]
    drawn = medians(arrays, _RESAMPLES, np.random.default_rng(0))
    low, high = np.percentile(drawn, [2.5, 97.5])
    middle = median(sessions)
    return float(high - low) / 2 / middle if middle > 0 else float("inf")


def passes(sessions: Sequence[Passes], stage: str) -> list[list[float]]:
    """For each session of a record, what each pass took: the mean seconds of a picture.

    Pictures that could not be read are left out.
    """

    def mean(times: Pass) -> float:
        seconds = [picture[stage] for picture in times if picture is not None]
        return sum(seconds) / max(1, len(seconds))

    return [[mean(times) for times in session["passes"]] for session in sessions]


def median(sessions: Sequence[Sequence[float]]) -> float:
    """Of all passes of all sessions."""
    return float(np.median([value for session in sessions for value in session]))


def medians(sessions: Sequence[Doubles], resamples: int, random: np.random.Generator) -> Doubles:
    """Medians of resamples.

    Passes of one process are alike: they share its memory's layout, its place in time, the board's
    heat. So sessions are drawn first and passes within them (the hierarchical bootstrap; Davison
    and Hinkley, Bootstrap Methods and their Application, 1997, section 3.8).

    Args:
        sessions: for each a float64 array with a value for each pass; their lengths may differ.
        resamples: how many.
        random: draws them.

    Returns:
        float64 of (resamples,).
    """
    counts = np.array([session.size for session in sessions])
    most = counts.max()
    padded = np.zeros((len(sessions), most))
    for row, session in zip(padded, sessions):
        row[: session.size] = session
    drawn = random.integers(len(sessions), size=(resamples, len(sessions)))
    drawn_counts = counts[drawn]
    # As many passes of a session as it has, each drawn from all of them.
    choices = (random.random((*drawn.shape, most)) * drawn_counts[..., None]).astype(np.intp)
    values = padded[drawn[..., None], choices]
    # What is beyond a session's passes goes behind everything, where the median does not look.
    values[np.arange(most) >= drawn_counts[..., None]] = np.inf
    values = np.sort(values.reshape(resamples, -1), axis=1)
    total, rows = drawn_counts.sum(axis=1), np.arange(resamples)
    middle: Doubles = (values[rows, (total - 1) // 2] + values[rows, total // 2]) / 2
    return middle
