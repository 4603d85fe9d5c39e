"""Judging how far two models are apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from opt_models.formats.inference_model import ModelFiles
from opt_models.paddlelite import opt
from opt_models.paddlelite.equality import Difference, Limits, converted, difference, largest


def test_differences() -> None:
    one = np.array([0.25, 0.5], np.float32)
    assert largest(one, one) == 0
    assert largest(one, one + np.float32(0.125)) == 0.125
    assert largest(one * 1000, one * 1000 + 1) == pytest.approx(1 / 500)
    assert largest(one, one.astype(np.float64)) == float("inf")
    assert largest(one, one[None]) == float("inf")
    gap = np.array([0.25, np.nan], np.float32)
    assert largest(one, gap) == float("inf")
    assert largest(gap, gap) == 0
    assert largest(np.array([1, 2]), np.array([1, 2])) == 0
    assert largest(np.array([1, 2]), np.array([1, 3])) == float("inf")
    assert largest(one[:0], one[:0]) == 0
    infinite = np.array([0.25, np.inf], np.float32)
    assert largest(infinite, infinite) == 0
    assert largest(infinite, -infinite) > 0


def test_small_differences() -> None:
    limits = Limits(tolerance=1e-4)
    assert Difference((0.0, 9e-5)).within(limits)
    assert not Difference((0.0, 1.1e-4)).within(limits)
    assert str(Difference((0.0, 3.2e-3))) == "0.003"


def test_differences_are_the_worst_of_all_inputs() -> None:
    random = np.random.default_rng()
    left = [[random.random((2, 3), np.float32) for _ in range(2)] for _ in range(3)]
    right = [[output.copy() for output in outputs] for outputs in left]
    assert difference(left, right) == Difference((0.0, 0.0))
    right[1][1][0, 2] += 0.25
    found = difference(left, right)
    assert found.largest[0] == 0
    assert found.largest[1] == pytest.approx(0.25, abs=1e-6)
    assert difference(left, [outputs[:1] for outputs in right]).largest == (float("inf"),)


@pytest.mark.parametrize(("flipped", "equal"), [(0, True), (3, True), (4, False)])
def test_masks_may_differ_in_one_of_100_000_pixels(flipped: int, equal: bool) -> None:
    limits = Limits(tolerance=1e-3, threshold=0.3)
    left = np.full((1, 1, 500, 500), 0.2999, np.float32)
    right = left.copy()
    right.flat[:flipped] = 0.3001
    found = difference([[left]], [[right]], limits.threshold)
    assert (found.flipped, found.pixels) == (flipped, 250_000)
    assert found.within(limits) == equal


def test_small_masks_may_differ_in_one_pixel() -> None:
    limits = Limits(tolerance=1e-3, threshold=0.3)
    left = np.full((1, 1, 32, 32), 0.2999, np.float32)
    right = left.copy()
    right[0, 0, 0, :2] = 0.3001, 0.2999
    assert difference([[left]], [[right]], 0.3).within(limits)
    right[0, 0, 0, 1] = 0.3001
    assert not difference([[left]], [[right]], 0.3).within(limits)


def test_masks_are_told() -> None:
    assert str(Difference((2e-4,), 5, 1000)) == "0.0002 and 5 of 1000 mask pixels"


def test_each_program_is_converted_once_whatever_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []

    def optimise(program: Path, params: Path, target: Path, arch: str) -> None:
        made.append(program)
        target.write_bytes(b"model")

    monkeypatch.setattr(opt, "optimise", optimise)
    models = [ModelFiles(tmp_path / name / "folded.pdmodel", tmp_path) for name in ("mine", "work")]
    first, second, again = (converted(one, tmp_path) for one in (*models, models[0]))
    assert first == again != second
    assert made == [model.program for model in models]
