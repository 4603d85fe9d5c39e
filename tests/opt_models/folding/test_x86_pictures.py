"""Passes for networks that take pictures, for what Paddle-Lite's library for x86 is slow at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opt_models.folding import fold
from opt_models.folding.concat_conv_to_sum import split
from opt_models.folding.global_mean_to_product import as_product
from opt_models.folding.nearest_to_copies import as_copies
from opt_models.folding.outputs_to_8 import round_up

_MEAN = {"pooling_type": "avg", "ksize": [1, 1], "adaptive": True, "strides": [1, 1]}


def kinds(graph: Any) -> list[str]:
    return [one.type for one in graph.operators if one.type not in ("feed", "fetch")]


def filters(graph: Any) -> list[tuple[int, ...]]:
    return [graph.shape(one.input("Filter")) for one in graph.operators if one.type == "conv2d"]


def biased(built: Any, x: str, channels: int) -> str:
    return str(built.add("elementwise_add", {"X": x, "Y": built.weight(channels)}, axis=1))


@pytest.mark.parametrize("activation", ["relu", "sigmoid", None])
@pytest.mark.parametrize("side", [2, 3])
def test_outputs_are_rounded_up(tiny: Any, folds: Any, activation: str | None, side: int) -> None:
    built = tiny(free=True)
    y = biased(built, built.conv("x", (12, 4, side, side), paddings=[1, 1]), 12)
    y = built.add(activation, {"X": y}) if activation else y
    graph = folds(built, [biased(built, built.conv(y, (5, 12, 3, 3)), 5)], round_up)
    assert filters(graph) == [(16, 4, side, side), (5, 16, 3, 3)]
    conv, shift = graph.operators[1:3]
    assert graph.shape(conv.output("Output"))[1] == graph.shape(shift.output("Out"))[1] == 16


def test_outputs_of_two_in_a_row_are(tiny: Any, folds: Any) -> None:
    built = tiny(free=True)
    y = built.conv(built.conv("x", (12, 4, 3, 3)), (20, 12, 3, 3))
    graph = folds(built, [built.conv(y, (4, 20, 1, 1))], round_up)
    assert filters(graph) == [(16, 4, 3, 3), (24, 16, 3, 3), (4, 24, 1, 1)]


@pytest.mark.parametrize("outputs", [5, 8, 16])
def test_outputs_of_less_than_a_block_and_of_whole_ones_stay(
    tiny: Any, folds: Any, outputs: int
) -> None:
    built = tiny(free=True)
    y = built.conv("x", (outputs, 4, 3, 3))
    graph = folds(built, [built.conv(y, (4, outputs, 1, 1))], round_up)
    assert filters(graph)[0] == (outputs, 4, 3, 3)
    assert round_up.obstacles(graph) == []


def test_outputs_that_something_else_takes_stay_and_say_why(tiny: Any, folds: Any) -> None:
    built = tiny(free=True)
    y = built.conv("x", (12, 4, 3, 3))
    pooled = built.add("pool2d", {"X": y}, **_MEAN)
    other = built.conv("x", (12, 4, 3, 3))
    deep = built.conv(other, (12, 1, 3, 3), groups=12)
    graph = folds(built, [built.conv(pooled, (4, 12, 1, 1)), deep], round_up)
    assert filters(graph)[0] == (12, 4, 3, 3)
    assert len(round_up.obstacles(graph)) == 2
    assert all("not only a dense" in reason for reason in round_up.obstacles(graph))


def beside(built: Any, *names: str, axis: int = 1) -> str:
    return str(built.add("concat", {"X": list(names)}, axis=axis))


def test_a_convolution_of_two_tensors_becomes_a_sum(tiny: Any, folds: Any) -> None:
    built = tiny(free=True)
    one, other = built.conv("x", (3, 4, 1, 1)), built.add("relu", {"X": "x"})
    settings = {"strides": [2, 2], "paddings": [1, 1]}
    y = biased(built, built.conv(beside(built, one, other), (6, 7, 3, 3), **settings), 6)
    graph = folds(built, [built.add("relu", {"X": y})], split)
    assert "concat" not in kinds(graph)
    assert filters(graph) == [(3, 4, 1, 1), (6, 3, 3, 3), (6, 4, 3, 3)]
    # The bias is of one of them, not of the sum.
    (biases,) = (
        operator
        for operator in graph.operators
        if operator.type == "elementwise_add" and graph.is_weight(operator.input("Y"))
    )
    assert graph.maker(biases.input("X")).type == "conv2d"


def test_one_tensor_twice_is_a_sum_too(tiny: Any, folds: Any) -> None:
    built = tiny(free=True)
    y = built.conv(beside(built, "x", "x"), (6, 8, 2, 2), strides=[2, 2])
    assert "concat" not in kinds(folds(built, [y], split))


@pytest.mark.parametrize(
    ("count", "settings", "reason"),
    [
        (2, {"strides": [1, 1]}, "no smaller"),
        (2, {"strides": [2, 1]}, "no smaller"),
        (3, {"strides": [2, 2]}, "not 2 tensors"),
        (2, {"strides": [2, 2], "groups": 2}, "grouped"),
        (2, {"strides": [2, 2], "fuse_relu": True}, "fused"),
    ],
)
def test_other_convolutions_of_tensors_stay_and_say_why(
    tiny: Any, folds: Any, count: int, settings: Any, reason: str
) -> None:
    built = tiny(free=True)
    inputs = 4 * count // settings.get("groups", 1)
    y = built.conv(beside(built, *["x"] * count), (6, inputs, 2, 2), **settings)
    graph = folds(built, [y], split)
    assert "concat" in kinds(graph)
    assert reason in split.obstacles(graph)[0]


def test_tensors_that_others_take_or_on_another_axis_stay(tiny: Any, folds: Any) -> None:
    built = tiny(free=True)
    taken = beside(built, "x", "x")
    one = built.conv(taken, (6, 8, 2, 2), strides=[2, 2])
    two = built.conv(beside(built, "x", "x", axis=2), (6, 4, 2, 2), strides=[2, 2])
    graph = folds(built, [one, two, taken], split)
    assert kinds(graph).count("concat") == 2


@pytest.mark.parametrize(
    "changes", [{}, {"adaptive": False, "ksize": [2, 2], "global_pooling": True}]
)
def test_a_mean_becomes_a_product(tiny: Any, folds: Any, changes: Any) -> None:
    built = tiny((3, 4, 7, 9), free=True)
    x = built.add("relu", {"X": "x"})
    y = built.add("pool2d", {"X": x}, **{**_MEAN, **changes})
    graph = folds(built, [built.add("elementwise_mul", {"X": x, "Y": y}, axis=-1)], as_product)
    assert "pool2d" not in kinds(graph)
    assert kinds(graph).count("matmul_v2") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"pooling_type": "max"},
        {"ksize": [2, 2], "strides": [2, 2], "adaptive": False, "paddings": [0, 0]},
    ],
)
def test_other_poolings_stay(tiny: Any, folds: Any, changes: Any) -> None:
    built = tiny(free=True)
    graph = folds(built, [built.add("pool2d", {"X": "x"}, **{**_MEAN, **changes})], as_product)
    assert kinds(graph) == ["pool2d"]
    assert as_product.obstacles(graph) == []


def test_the_mean_of_a_line_becomes_a_product_too(tiny: Any, folds: Any) -> None:
    built = tiny()  # of a height that is known
    graph = folds(built, [built.add("pool2d", {"X": "x"}, **_MEAN)], as_product)
    assert "pool2d" not in kinds(graph)


def enlarged(built: Any, x: str, *scale: float, **settings: Any) -> str:
    return str(built.add("nearest_interp_v2", {"X": x}, scale=list(scale), **settings))


@pytest.mark.parametrize("scale", [2.0, 4.0, 8.0])
@pytest.mark.parametrize("size", [(3, 4), (1, 5), (4, 1)])
def test_enlargement_copies(tiny: Any, folds: Any, scale: float, size: tuple[int, int]) -> None:
    built = tiny((2, 3, *size), free=True)
    y = enlarged(built, built.add("relu", {"X": "x"}), scale, scale, align_corners=False)
    graph = folds(built, [built.add("relu", {"X": y})], as_copies)
    assert "nearest_interp_v2" not in kinds(graph)
    (ones,) = (graph.weight(one.input("Y")) for one in graph.operators if one.type == "mul")
    np.testing.assert_array_equal(ones, np.ones((1, int(scale))))


@pytest.mark.parametrize(
    ("scale", "settings", "reason"),
    [
        ((3.0, 3.0), {}, "not one that is 2, 4 or 8"),
        ((2.0, 4.0), {}, "not one that is 2, 4 or 8"),
        ((1.0, 2.0), {}, "not one that is 2, 4 or 8"),
        ((2.0, 2.0), {"align_corners": True}, "aligns corners"),
        ((2.0, 2.0), {"data_layout": "NHWC"}, "aligns corners, or its layout"),
    ],
)
def test_other_enlargements_stay_and_say_why(
    tiny: Any, folds: Any, scale: tuple[float, float], settings: Any, reason: str
) -> None:
    built = tiny(free=True)
    graph = folds(built, [enlarged(built, "x", *scale, **settings)], as_copies)
    assert kinds(graph) == ["nearest_interp_v2"]
    assert reason in as_copies.obstacles(graph)[0]


def test_an_enlargement_to_a_size_that_is_computed_stays(tiny: Any) -> None:
    built = tiny(free=True)
    y = enlarged(built, "x", 2.0, 2.0)
    graph = built.graph(y)
    graph.operators[1].take("SizeTensor", [built.weight(1), built.weight(1)])
    assert as_copies(graph) == 0
    assert "a tensor" in as_copies.obstacles(graph)[0]


def test_all_together_on_a_small_detector_come_to_an_end(tiny: Any, compute: Any) -> None:
    built = tiny((1, 3, 16, 24), free=True)
    x = built.add("relu", {"X": built.conv("x", (12, 3, 3, 3), paddings=[1, 1])})
    y = built.add("relu", {"X": built.conv(x, (8, 12, 2, 2), padding_algorithm="SAME")})
    settings = {"strides": [2, 2], "paddings": [1, 1]}
    z = built.conv(beside(built, built.conv("x", (4, 3, 1, 1)), y), (8, 12, 3, 3), **settings)
    gate = built.add("sigmoid", {"X": built.add("pool2d", {"X": z}, **_MEAN)})
    z = built.add("elementwise_mul", {"X": z, "Y": gate}, axis=-1)
    z = built.conv(z, (8, 1, 7, 7), groups=8, paddings=[3, 3])
    smaller = built.conv(z, (8, 8, 1, 1), strides=[2, 2])
    sides = [enlarged(built, one, n, n) for one, n in ((smaller, 4.0), (z, 2.0))]
    plain = built.conv("x", (4, 3, 1, 1))
    y = built.conv(beside(built, *sides, plain), (8, 20, 3, 3), paddings=[1, 1])
    graph = built.graph(built.conv(y, (4, 8, 1, 1)))
    before = compute(graph, built.input)
    passes = {**fold.OF_X86_PICTURES, **fold.OF_X86}
    done = fold.run(graph, passes)
    assert done.keys() == {*fold.OF_X86_PICTURES, "depthwise windows", "means"}
    np.testing.assert_allclose(compute(graph, built.input), before, rtol=1e-9, atol=1e-9)
    assert fold.run(graph, passes) == {}
