"""Pairs of transposed convolutions as one, behind a convolution of 1x1."""

from __future__ import annotations

from typing import Any

import pytest

from opt_models.folding.transposed_pair_to_one import join


def kinds(graph: Any) -> list[str]:
    return [one.type for one in graph.operators if one.type not in ("feed", "fetch")]


def transposed(built: Any, x: str, filters: tuple[int, ...], **settings: Any) -> str:
    settings = {"strides": [2, 2], **settings}
    return str(built.convolve("conv2d_transpose", x, built.weight(*filters), **settings))


def biased(built: Any, x: str, channels: int) -> str:
    return str(built.add("elementwise_add", {"X": x, "Y": built.weight(channels)}, axis=1))


@pytest.mark.parametrize("activation", ["relu", "hard_swish", "gelu", None])
@pytest.mark.parametrize("size", [(6, 6), (3, 5), (1, 1)])
def test_a_pair_is_joined(
    tiny: Any, folds: Any, activation: str | None, size: tuple[int, int]
) -> None:
    built = tiny((2, 4, *size))
    y = biased(built, transposed(built, "x", (4, 3, 2, 2)), 3)
    y = built.add(activation, {"X": y}) if activation else y
    y = biased(built, transposed(built, y, (3, 1, 2, 2)), 1)
    graph = folds(built, [built.add("sigmoid", {"X": y})], join)
    between = [activation] if activation else []
    add = "elementwise_add"
    assert kinds(graph) == ["conv2d", add, *between, "conv2d_transpose", add, "sigmoid"]
    (last,) = (one for one in graph.operators if one.type == "conv2d_transpose")
    assert graph.shape(last.input("Filter")) == (12, 1, 4, 4)


def test_of_three_in_a_row_the_last_two_are_not_joined_again(tiny: Any, folds: Any) -> None:
    built = tiny((1, 4, 3, 3))
    y = transposed(built, transposed(built, "x", (4, 2, 2, 2)), (2, 1, 2, 2))
    graph = folds(built, [transposed(built, y, (1, 1, 2, 2))], join)
    assert kinds(graph) == ["conv2d", "conv2d_transpose", "conv2d_transpose"]


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ({}, {"outputs": 2}, "more than one channel"),
        ({"paddings": [1, 1]}, {}, "padded"),
        ({}, {"paddings": [1, 1]}, "padded"),
        ({}, {"strides": [1, 1]}, "not only another one"),
        ({"groups": 2}, {}, "grouped"),
        ({"output_size": [12, 12]}, {}, "padded"),
        ({"fuse_relu": True}, {}, "fused"),
    ],
)
def test_others_stay_and_say_why(
    tiny: Any, folds: Any, first: Any, second: Any, reason: str
) -> None:
    built = tiny((1, 4, 6, 6))
    middle = 4 // first.get("groups", 1)
    y = transposed(built, "x", (4, middle, 2, 2), **first)
    outputs = second.pop("outputs", 1)
    graph = folds(built, [transposed(built, y, (4, outputs, 2, 2), **second)], join)
    assert kinds(graph) == ["conv2d_transpose"] * 2
    assert reason in join.obstacles(graph)[0]


def test_a_tensor_between_that_others_take_stays(tiny: Any, folds: Any) -> None:
    built = tiny((1, 4, 6, 6))
    y = built.add("relu", {"X": transposed(built, "x", (4, 3, 2, 2))})
    graph = folds(built, [transposed(built, y, (3, 1, 2, 2)), y], join)
    assert kinds(graph).count("conv2d_transpose") == 2
    assert "not only another one" in join.obstacles(graph)[0]
