"""Statistics of sessions, against distributions whose truth is known."""

from __future__ import annotations

import math

import numpy as np

from lite_runner.bench.statistics import median, passes, spread, uncertainty


def sessions(
    seed: int, count: int, each: int, middle: float, between: float, within: float
) -> list[list[float]]:
    """Processes that differ by ``between``, and their passes by ``within``."""
    noise = np.random.default_rng(seed)
    centres = middle * (1 + between * noise.standard_normal(count))
    return [list(centre * (1 + within * noise.standard_normal(each))) for centre in centres]


def test_spread_is_of_all_values() -> None:
    found = spread([float(n) for n in range(101)])
    assert found == {"min": 0.0, "median": 50.0, "p90": 90.0, "max": 100.0}
    assert spread([3.0]) == {"min": 3.0, "median": 3.0, "p90": 3.0, "max": 3.0}


def test_one_turn_tells_nothing_of_how_turns_differ() -> None:
    assert uncertainty([[1.0, 1.0, 1.0]]) == math.inf


def test_equal_passes_leave_no_doubt() -> None:
    assert uncertainty([[2.0, 2.0], [2.0, 2.0]]) == 0.0


def test_doubt_shrinks_with_turns_and_not_with_passes_of_few() -> None:
    few = np.mean([uncertainty(sessions(seed, 4, 3, 1.0, 0.05, 0.001)) for seed in range(20)])
    long = np.mean([uncertainty(sessions(seed, 4, 30, 1.0, 0.05, 0.001)) for seed in range(20)])
    many = np.mean([uncertainty(sessions(seed, 40, 3, 1.0, 0.05, 0.001)) for seed in range(20)])
    assert many < few / 2
    assert long > few / 2


def test_a_pass_is_the_mean_of_its_pictures() -> None:
    passed = [{"total": 1.0}, None, {"total": 2.0}]
    record = [{"passes": [passed, passed]}, {"passes": [[{"total": 4.0}]]}]
    assert passes(record, "total") == [[1.5, 1.5], [4.0]]
    assert median(passes(record, "total")) == 1.5
