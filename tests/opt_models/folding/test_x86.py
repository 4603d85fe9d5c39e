"""Passes for what Paddle-Lite's library for x86 is slow at, or wrong with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opt_models.folding import fold, pad_first_filter, shift_as_batch_norm, swish


def kinds(graph: Any) -> list[str]:
    return [one.type for one in graph.operators if one.type not in ("feed", "fetch")]


@pytest.mark.parametrize(("side", "stride"), [(3, 1), (3, 2), (5, 2), (7, 1)])
@pytest.mark.parametrize("size", [(12, 12), (13, 11)])
def test_a_compiled_convolution_gets_a_column(
    tiny: Any, folds: Any, side: int, stride: int, size: tuple[int, int]
) -> None:
    built = tiny((2, 3, *size))
    settings = {"strides": [stride, stride], "paddings": [1, 1]}
    graph = folds(built, [built.conv("x", (8, 3, side, side), **settings)], pad_first_filter.pad)
    (conv,) = graph.operators[1:-1]
    assert graph.shape(conv.input("Filter")) == (8, 3, side, side + 1)
    assert conv.get("paddings", []) == [1, 1, 1, 2]
    assert not pad_first_filter.is_compiled(graph, conv)


@pytest.mark.parametrize(
    ("filters", "settings"),
    [
        ((6, 4, 3, 3), {}),  # its outputs are no multiple of 8
        ((8, 4, 1, 1), {}),
        ((8, 4, 3, 5), {}),
        ((8, 2, 3, 3), {"groups": 2}),
        ((8, 4, 3, 3), {"strides": [2, 1]}),
        ((8, 4, 3, 3), {"strides": [3, 3]}),
        ((8, 4, 3, 3), {"dilations": [2, 2]}),
        ((8, 4, 3, 3), {"paddings": [1, 0]}),
        ((8, 4, 3, 3), {"paddings": [2, 2]}),  # more than its stride
    ],
)
def test_what_is_not_compiled_stays(
    tiny: Any, folds: Any, filters: tuple[int, ...], settings: Any
) -> None:
    built = tiny()
    graph = folds(built, [built.conv("x", filters, **settings)], pad_first_filter.pad)
    assert graph.shape(graph.operators[1].input("Filter")) == filters


@pytest.mark.parametrize(
    ("free", "channels", "widens"), [(True, 8, 0), (False, 96, 2), (False, 104, 0)]
)
def test_one_that_takes_many_channels_keeps_all_as_they_are(
    tiny: Any, folds: Any, free: bool, channels: int, widens: int
) -> None:
    built = tiny(free=free)
    y = built.conv("x", (channels, 4, 3, 3))
    graph = folds(built, [built.conv(y, (8, channels, 3, 3))], pad_first_filter.pad)
    widths = [graph.shape(conv.input("Filter"))[3] for conv in graph.operators[1:-1]]
    assert widths == ([4, 4] if widens else [3, 3])


def test_a_shift_that_is_no_bias_becomes_a_norm(tiny: Any, folds: Any) -> None:
    built = tiny()
    y = built.conv("x", (6, 4, 3, 3))
    y = built.add("elementwise_add", {"X": y, "Y": built.weight(6)}, axis=1)
    y = built.add("relu", {"X": y})
    y = built.add("elementwise_add", {"X": y, "Y": built.weight(6)}, axis=1)
    graph = folds(built, [y], shift_as_batch_norm.as_norms)
    assert kinds(graph) == ["conv2d", "elementwise_add", "relu", "batch_norm"]


def test_a_convolutions_output_that_others_need_is_shifted_by_a_norm(tiny: Any, folds: Any) -> None:
    built = tiny()
    whole = built.conv("x", (6, 4, 3, 3))
    shifted = built.add("elementwise_add", {"X": whole, "Y": built.weight(6)}, axis=1)
    graph = folds(built, [built.add("relu", {"X": whole}), shifted], shift_as_batch_norm.as_norms)
    assert kinds(graph) == ["conv2d", "batch_norm", "relu"]


def test_other_sums_stay(tiny: Any, folds: Any) -> None:
    built = tiny()
    y = built.add("relu", {"X": "x"})
    one = built.add("elementwise_add", {"X": y, "Y": built.weight(12)}, axis=3)
    two = built.add("elementwise_add", {"X": y, "Y": "x"}, axis=-1)
    three = built.add("elementwise_mul", {"X": y, "Y": built.weight(4)}, axis=1)
    graph = folds(built, [one, two, three], shift_as_batch_norm.as_norms)
    assert "batch_norm" not in kinds(graph)


def test_swish_becomes_a_product(tiny: Any, folds: Any) -> None:
    built = tiny()
    y = built.add("swish", {"X": built.add("relu", {"X": "x"})}, beta=1.0)
    graph = folds(built, [built.add("relu", {"X": y})], swish.as_product)
    assert kinds(graph) == ["relu", "reshape", "sigmoid", "elementwise_mul", "relu"]


def test_swish_of_another_beta_stays(tiny: Any, folds: Any) -> None:
    built = tiny()
    graph = folds(built, [built.add("swish", {"X": "x"}, beta=2.0)], swish.as_product)
    assert kinds(graph) == ["swish"]


def test_all_together_come_to_an_end(tiny: Any, compute: Any) -> None:
    built = tiny((2, 3, 12, 12))
    y = built.conv("x", (8, 3, 3, 3), strides=[2, 2], paddings=[1, 1])
    y = built.conv(y, (8, 1, 3, 3), groups=8, paddings=[1, 1])
    y = built.add("swish", {"X": y}, beta=1.0)
    y = built.add("elementwise_add", {"X": y, "Y": built.weight(8)}, axis=1)
    mean = built.add("pool2d", {"X": y}, pooling_type="avg", adaptive=True, ksize=[1, 1])
    graph = built.graph(built.add("elementwise_mul", {"X": y, "Y": mean}, axis=-1))
    before = compute(graph, built.input)
    assert fold.run(graph, fold.OF_X86) == dict.fromkeys(fold.OF_X86, 1)
    np.testing.assert_allclose(compute(graph, built.input), before, rtol=1e-9, atol=1e-9)
