"""The ratio of two samples of turns: what it says, and how often it is right."""

from __future__ import annotations

import numpy as np
import pytest

from cross_build.bench.reports.statistics import Ratio, ratio


def turns(random, mean, count=5, passes=4, between=0.03, within=0.02):
    return [
        mean * np.exp(random.normal(0, between) + random.normal(0, within, passes))
        for _ in range(count)
    ]


def test_the_value_is_the_ratio_of_medians() -> None:
    one = [np.array([1.0, 2.0, 3.0]), np.array([10.0])]
    two = [np.array([0.5]), np.array([1.0, 2.0])]
    found = ratio(one, two)
    assert found is not None and found.value == pytest.approx(2.5)


@pytest.mark.parametrize(("true", "verdict"), [(1.3, "faster"), (1 / 1.3, "slower")])
def test_a_clear_difference_is_told(true: float, verdict: str) -> None:
    random = np.random.default_rng(4)
    found = ratio(turns(random, true), turns(random, 1))
    assert found is not None and found.differs
    assert found.low is not None and found.high is not None
    assert found.low < true < found.high
    assert f"x {verdict} [" in found.verdict()


def test_a_sample_does_not_differ_from_itself() -> None:
    sample = turns(np.random.default_rng(2), 1)
    found = ratio(sample, sample)
    assert found is not None and found.value == 1 and found.differs is False
    assert found.verdict() == "no difference"


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    random = np.random.default_rng(11)
    covered = alike = 0
    for _ in range(200):
        found = ratio(turns(random, 1.2), turns(random, 1), resamples=500)
        assert found is not None and found.low is not None and found.high is not None
        covered += found.low <= 1.2 <= found.high
        same = ratio(turns(random, 1), turns(random, 1), resamples=500)
        alike += same is not None and same.differs is False
    assert 0.90 <= covered / 200 <= 0.99
    assert alike / 200 >= 0.90


def test_passes_of_one_turn_are_not_taken_for_independent() -> None:
    """Many passes of few turns that differ: drawing passes alone would be all too sure."""
    random = np.random.default_rng(8)
    one, two = (turns(random, 1, count=4, passes=200, between=0.05) for _ in range(2))
    found = ratio(one, two)
    assert found is not None and found.low is not None and found.high is not None
    assert found.high - found.low > 0.04


def test_turns_of_different_lengths_count_by_their_passes() -> None:
    random = np.random.default_rng(3)
    one = [turn[:count] for turn, count in zip(turns(random, 2), (1, 4, 2, 3, 4))]
    found = ratio(one, turns(random, 1))
    assert found is not None and found.low is not None and found.high is not None
    assert 1.8 < found.low < found.value < found.high < 2.2


def test_a_short_turn_weighs_as_little_as_it_has_passes() -> None:
    """Three draws of the short turn and one of a long one: 3 passes of 12, not the median."""
    one = [np.ones(1), *[np.full(9, 3.0)] * 3]
    found = ratio(one, [np.ones(1)] * 4)
    assert found is not None and (found.low, found.high) == (3, 3)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("passes", [1, 50])
def test_few_turns_give_no_interval(count: int, passes: int) -> None:
    random = np.random.default_rng(1)
    many, few = turns(random, 3), turns(random, 1, count=count, passes=passes)
    for one, two in ((many, few), (few, many), (few, few)):
        found = ratio(one, two)
        assert found is not None and found.differs is None
        assert (found.low, found.high) == (None, None)
        assert found.verdict() == found.interval() == "too little data"


def test_nothing_gives_nothing() -> None:
    sample = [np.ones(3)] * 3
    assert ratio([], sample) is None
    assert ratio(sample, [np.empty(0)]) is None
    assert ratio([np.zeros(3)] * 3, sample) is None


def test_the_same_numbers_give_the_same_interval() -> None:
    random = np.random.default_rng(9)
    one, two = turns(random, 1.1), turns(random, 1)
    assert ratio(one, two) == ratio(one, two)
    assert ratio(one, two) != ratio(one, two, seed=1)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (Ratio(1.23, 1.18, 1.28), "1.23x faster [1.18 to 1.28]"),
        (Ratio(0.5, 0.4, 0.8), "2.00x slower [1.25 to 2.50]"),
        (Ratio(1.05, 0.99, 1.1), "no difference"),
        (Ratio(1.009, 1.002, 1.02), "no difference"),
        (Ratio(0.991, 0.985, 0.998), "no difference"),
        (Ratio(1.3, None, None), "too little data"),
    ],
)
def test_verdicts(found: Ratio, verdict: str) -> None:
    assert found.verdict() == verdict
