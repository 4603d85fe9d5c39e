"""Maxima of 2x2 with stride 1 as maxima of shifts."""

from __future__ import annotations

from typing import Any

import pytest

from opt_models.folding.max_pool_2x2_to_shifts import as_shifts

_POOL = {
    "pooling_type": "max",
    "ksize": [2, 2],
    "strides": [1, 1],
    "paddings": [0, 0],
    "padding_algorithm": "SAME",
}


def kinds(graph: Any) -> list[str]:
    return [one.type for one in graph.operators if one.type not in ("feed", "fetch")]


@pytest.mark.parametrize("size", [(12, 12), (5, 8), (1, 6), (6, 1)])
@pytest.mark.parametrize("before", ["relu", "sigmoid", "hard_sigmoid"])
def test_the_maximum_of_what_is_not_below_0(
    tiny: Any, folds: Any, before: str, size: tuple[int, int]
) -> None:
    built = tiny((2, 3, *size))
    y = built.add("pool2d", {"X": built.add(before, {"X": "x"})}, **_POOL)
    graph = folds(built, [built.add("relu", {"X": y})], as_shifts)
    shift = ["depthwise_conv2d", "elementwise_max"]
    assert kinds(graph) == [before, *shift, *shift, "relu"]


def test_explicit_paddings_may_say_the_same(tiny: Any, folds: Any) -> None:
    built = tiny()
    pool = {**_POOL, "paddings": [0, 1, 0, 1], "padding_algorithm": "EXPLICIT"}
    y = built.add("pool2d", {"X": built.add("relu", {"X": "x"})}, **pool)
    assert "pool2d" not in kinds(folds(built, [y], as_shifts))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"padding_algorithm": "EXPLICIT"}, "does not pad one row below"),
        ({"padding_algorithm": "EXPLICIT", "paddings": [1, 0, 1, 0]}, "does not pad one row below"),
        ({"padding_algorithm": "EXPLICIT", "paddings": [1, 1]}, "does not pad one row below"),
    ],
)
def test_other_paddings_stay(tiny: Any, folds: Any, changes: Any, reason: str) -> None:
    built = tiny()
    y = built.add("pool2d", {"X": built.add("relu", {"X": "x"})}, **{**_POOL, **changes})
    graph = folds(built, [y], as_shifts)
    assert kinds(graph) == ["relu", "pool2d"]
    (obstacle,) = as_shifts.obstacles(graph)
    assert reason in obstacle


@pytest.mark.parametrize("before", ["leaky_relu", "hard_swish", "scale"])
def test_what_may_be_below_0_stays(tiny: Any, folds: Any, before: str) -> None:
    built = tiny()
    y = built.add("pool2d", {"X": built.add(before, {"X": "x"})}, **_POOL)
    graph = folds(built, [y], as_shifts)
    assert kinds(graph) == [before, "pool2d"]
    assert "may be below 0" in as_shifts.obstacles(graph)[0]


def test_a_picture_may_be_below_0(tiny: Any, folds: Any) -> None:
    built = tiny()
    graph = folds(built, [built.add("pool2d", {"X": "x"}, **_POOL)], as_shifts)
    assert kinds(graph) == ["pool2d"]


@pytest.mark.parametrize(
    "changes",
    [
        {"pooling_type": "avg"},
        {"ksize": [3, 3]},
        {"ksize": [2, 1]},
        {"ksize": [2, 2], "strides": [2, 2], "padding_algorithm": "EXPLICIT"},
        {"global_pooling": True},
        {"adaptive": True},
    ],
)
def test_other_poolings_are_none_of_it(tiny: Any, folds: Any, changes: Any) -> None:
    built = tiny()
    y = built.add("pool2d", {"X": built.add("relu", {"X": "x"})}, **{**_POOL, **changes})
    graph = folds(built, [y], as_shifts)
    assert kinds(graph) == ["relu", "pool2d"]
    assert as_shifts.obstacles(graph) == []
