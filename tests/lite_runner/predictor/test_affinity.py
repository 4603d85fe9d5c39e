"""Fast cores, on recorded trees of /sys."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lite_runner.errors import UsageError
from lite_runner.predictor import affinity


@pytest.fixture(autouse=True)
def six(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(affinity, "_ALLOWED", frozenset(range(6)))


def tree(folder: Path, measure: str, values: list[str]) -> Path:
    for number, value in enumerate(values):
        file = folder / f"cpu{number}" / measure
        file.parent.mkdir(parents=True)
        file.write_text(f"{value}\n")
    return folder


def test_the_kernels_own_measure_counts(tmp_path: Path) -> None:
    # An RK3399: four A53, two A72.
    system = tree(tmp_path, "cpu_capacity", ["485"] * 4 + ["1024"] * 2)
    assert affinity.fast(system) == {4, 5}


def test_else_the_clock_counts(tmp_path: Path) -> None:
    system = tree(tmp_path, "cpufreq/cpuinfo_max_freq", ["1416000"] * 4 + ["1800000"] * 2)
    assert affinity.fast(system) == {4, 5}


def test_else_all_are_alike(tmp_path: Path) -> None:
    assert affinity.fast(tmp_path) == set(range(6))
    assert affinity.fast(tree(tmp_path, "cpu_capacity", ["x"] * 6)) == set(range(6))


def test_only_cores_one_may_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(affinity, "_ALLOWED", frozenset({0, 1, 4}))
    system = tree(tmp_path, "cpu_capacity", ["485"] * 4 + ["1024"] * 2)
    assert affinity.fast(system) == {4}


@pytest.mark.parametrize(("wanted", "allowed"), [(None, True), (1, True), (4, True), (5, False)])
def test_more_threads_than_cores_are_refused(
    wanted: int | None, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    if allowed:
        affinity.check("--threads", wanted)
        return
    with pytest.raises(UsageError) as caught:
        affinity.check("--threads", wanted)
    assert str(caught.value) == (
        "--threads 5: this board has 4 cores; expected a number from 1 to 4: give a smaller one, or"
        " leave it out"
    )
