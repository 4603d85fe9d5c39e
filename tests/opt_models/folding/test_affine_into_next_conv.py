"""Affine maps folded ahead, into the convolutions that take their result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opt_models.folding import affine_into_next_conv, convolution


def kinds(graph: Any) -> list[str]:
    return [one.type for one in graph.operators if one.type not in ("feed", "fetch")]


def mapped(built: Any, x: str = "x", scale: Any = 0.7, shift: Any = -0.4) -> str:
    """An activation with a learnable scale and shift after it."""
    y = built.add("hard_swish", {"X": x})
    y = built.add("elementwise_mul", {"X": built.weight(values=[scale]), "Y": y}, axis=-1)
    return str(
        built.add("elementwise_add", {"X": y, "Y": built.weight(values=[shift])}, axis=-1)
        if shift
        else y
    )


def test_both_vanish_where_nothing_is_padded(tiny: Any, folds: Any) -> None:
    built = tiny()
    graph = folds(built, [built.conv(mapped(built), (6, 4, 1, 1))], affine_into_next_conv.fold)
    assert kinds(graph) == ["hard_swish", "conv2d", "elementwise_add"]
    assert convolution.is_shift(graph, graph.operators[3])


@pytest.mark.parametrize("filters", [(6, 4, 3, 3), (4, 1, 3, 3), (6, 2, 3, 3)])
def test_the_shift_stays_where_zeros_are_padded(tiny: Any, folds: Any, filters: Any) -> None:
    built = tiny()
    y = built.conv(mapped(built), filters, groups=4 // filters[1], paddings=[1, 1])
    graph = folds(built, [y], affine_into_next_conv.fold)
    assert kinds(graph)[:2] == ["hard_swish", "elementwise_add"]
    assert convolution.is_shift(graph, graph.operators[2])
    assert len(kinds(graph)) == 3


def test_the_scale_goes_into_a_transposed_convolution(tiny: Any, folds: Any) -> None:
    built = tiny()
    filters = built.weight(4, 3, 2, 2)
    y = built.convolve("conv2d_transpose", mapped(built), filters, groups=2, strides=[2, 2])
    graph = folds(built, [y], affine_into_next_conv.fold)
    assert kinds(graph) == ["hard_swish", "elementwise_add", "conv2d_transpose"]


def test_all_users_get_the_scale(tiny: Any, folds: Any) -> None:
    built = tiny()
    y = mapped(built)
    one = built.conv(y, (6, 4, 1, 1))
    other = built.conv(y, (4, 1, 5, 5), groups=4, paddings=[2, 2])
    graph = folds(built, [one, other], affine_into_next_conv.fold)
    assert sorted(kinds(graph)) == ["conv2d", "depthwise_conv2d", "elementwise_add", "hard_swish"]


def test_a_scale_for_each_channel(tiny: Any, folds: Any) -> None:
    built = tiny()
    y = built.add("relu", {"X": "x"})
    y = built.norm(y, 4)
    graph = folds(built, [built.conv(y, (6, 2, 1, 1), groups=2)], affine_into_next_conv.fold)
    assert kinds(graph) == ["relu", "conv2d", "elementwise_add"]


def test_a_user_that_cannot_do_without_keeps_the_map(tiny: Any, folds: Any) -> None:
    built = tiny()
    y = mapped(built)
    total = built.add("elementwise_add", {"X": built.conv(y, (4, 4, 1, 1)), "Y": y}, axis=-1)
    graph = folds(built, [total], affine_into_next_conv.fold)
    assert "elementwise_mul" in kinds(graph)


def test_an_output_keeps_its_value(tiny: Any, folds: Any) -> None:
    built = tiny()
    y = mapped(built)
    graph = folds(built, [y, built.conv(y, (4, 4, 1, 1))], affine_into_next_conv.fold)
    assert "elementwise_mul" in kinds(graph)


@pytest.mark.parametrize("scales", [[0.0, 1, 1, 1], [1e-7, 1, 1, 1]])
def test_no_shift_is_divided_by_next_to_nothing(tiny: Any, folds: Any, scales: Any) -> None:
    built = tiny()
    y = built.add("relu", {"X": "x"})
    y = built.add("elementwise_mul", {"X": y, "Y": built.weight(values=scales)}, axis=1)
    y = built.add("elementwise_add", {"X": y, "Y": built.weight(4)}, axis=1)
    graph = folds(built, [built.conv(y, (4, 4, 1, 1))], affine_into_next_conv.fold)
    assert "elementwise_mul" in kinds(graph)


POOL = {"ksize": [2, 2], "strides": [2, 2], "paddings": [0, 0]}


@pytest.mark.parametrize(
    ("kind", "settings", "scale", "passes"),
    [
        ("pool2d", {"pooling_type": "avg", **POOL}, -0.7, True),
        ("pool2d", {"pooling_type": "max", **POOL}, 0.7, True),
        ("pool2d", {"pooling_type": "max", **POOL}, -0.7, False),
        ("relu", {}, 0.7, True),
        ("relu", {}, -0.7, False),
        ("leaky_relu", {}, 0.7, True),
        ("nearest_interp_v2", {}, -0.7, True),
        ("hard_swish", {}, 0.7, False),
    ],
)
def test_through_what_a_scale_passes(
    tiny: Any, folds: Any, kind: str, settings: Any, scale: float, passes: bool
) -> None:
    built = tiny()
    y = built.add(kind, {"X": mapped(built, scale=scale, shift=0)}, **settings)
    graph = folds(built, [built.conv(y, (6, 4, 1, 1))], affine_into_next_conv.fold)
    assert ("elementwise_mul" not in kinds(graph)) == passes


def test_through_a_gate(tiny: Any, folds: Any) -> None:
    built = tiny()
    y = mapped(built)
    gate = built.add("pool2d", {"X": y}, pooling_type="avg", adaptive=True, ksize=[1, 1])
    gate = built.add("hard_sigmoid", {"X": built.conv(gate, (4, 4, 1, 1))})
    product = built.add("elementwise_mul", {"X": y, "Y": gate}, axis=-1)
    graph = folds(built, [built.conv(product, (6, 4, 1, 1))], affine_into_next_conv.fold)
    assert kinds(graph).count("elementwise_mul") == 1


@pytest.mark.parametrize("twice", [False, True])
def test_through_what_lies_side_by_side(tiny: Any, folds: Any, twice: bool) -> None:
    built = tiny()
    y = mapped(built, shift=0)
    both = built.add("concat", {"X": [y, y if twice else "x"]}, axis=1)
    graph = folds(
        built, [built.conv(both, (6, 8, 3, 3), paddings=[1, 1])], affine_into_next_conv.fold
    )
    assert kinds(graph) == ["hard_swish", "concat", "conv2d"]


def test_a_bias_of_a_convolution_stays_with_it(tiny: Any) -> None:
    built = tiny()
    y = built.conv("x", (4, 4, 1, 1))
    y = built.add("elementwise_add", {"X": y, "Y": built.weight(4)}, axis=1)
    graph = built.graph(built.conv(y, (6, 4, 1, 1)))
    assert affine_into_next_conv.fold(graph) == 0


def test_a_shift_of_one_number_becomes_one_per_channel(tiny: Any, folds: Any) -> None:
    built = tiny()
    y = built.add("relu", {"X": "x"})
    y = built.add("elementwise_add", {"X": y, "Y": built.weight(1)}, axis=-1)
    padded = built.conv(y, (4, 1, 3, 3), groups=4, paddings=[1, 1])
    graph = folds(built, [padded], affine_into_next_conv.fold)
    shift = graph.weight(graph.operators[2].input("Y"))
    assert shift.shape == (4,)
    assert np.ptp(shift) == 0
