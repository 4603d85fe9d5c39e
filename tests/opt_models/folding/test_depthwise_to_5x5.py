"""Depthwise convolutions of other windows as ones of 5x5."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opt_models.folding.depthwise_to_5x5 import for_arm, for_x86, part, spans


def windows(graph: Any) -> list[tuple[int, ...]]:
    return [
        tuple(graph.shape(operator.input("Filter"))[2:])
        for operator in graph.operators
        if operator.type in ("conv2d", "depthwise_conv2d")
    ]


def depthwise(built: Any, x: str, height: int, width: int, **settings: Any) -> str:
    settings.setdefault("paddings", [height // 2, width // 2])
    return str(built.conv(x, (4, 1, height, width), groups=4, **settings))


@pytest.mark.parametrize("rule", [for_arm, for_x86])
@pytest.mark.parametrize("size", [(12, 12), (7, 9), (1, 8), (3, 2)])
@pytest.mark.parametrize(
    ("window", "pieces"), [((7, 7), 4), ((1, 7), 2), ((7, 3), 2), ((1, 5), 1), ((6, 2), 2)]
)
def test_windows_without_a_kernel(
    tiny: Any, folds: Any, rule: Any, size: tuple[int, int], window: tuple[int, int], pieces: int
) -> None:
    built = tiny((2, 4, *size))
    x, (height, width) = built.add("relu", {"X": "x"}), window
    y = depthwise(built, x, height, width, padding_algorithm="SAME")
    graph = folds(built, [built.add("relu", {"X": y})], rule)
    assert windows(graph) == [(5, 5)] * pieces
    assert rule.obstacles(graph) == []


def test_paddings_on_x86_are_equal_and_on_arm_none_is_negative(tiny: Any, folds: Any) -> None:
    for rule in (for_arm, for_x86):
        built = tiny()
        graph = folds(built, [depthwise(built, "x", 7, 7)], rule)
        for operator in graph.operators:
            if operator.type == "depthwise_conv2d":
                paddings = operator.get("paddings", [])
                assert min(paddings) >= 0
                assert rule is for_arm or len(set(paddings)) == 1


def test_3x3_is_enlarged_on_x86_only(tiny: Any, folds: Any) -> None:
    for rule, side in ((for_arm, 3), (for_x86, 5)):
        built = tiny((1, 4, 6, 11))
        assert windows(folds(built, [depthwise(built, "x", 3, 3)], rule)) == [(side, side)]


def test_the_bias_goes_to_one_piece(tiny: Any, folds: Any) -> None:
    built = tiny()
    y = depthwise(built, "x", 7, 7)
    y = built.add("elementwise_add", {"X": y, "Y": built.weight(4)}, axis=1)
    graph = folds(built, [built.add("gelu", {"X": y})], for_arm)
    biased = [
        graph.maker(operator.input("X")).type
        for operator in graph.operators
        if operator.type == "elementwise_add" and graph.is_weight(operator.input("Y"))
    ]
    assert biased == ["depthwise_conv2d"]


def test_a_result_that_others_take_before_its_bias_keeps_that(tiny: Any, folds: Any) -> None:
    built = tiny()
    whole = depthwise(built, "x", 7, 7)
    shifted = built.add("elementwise_add", {"X": whole, "Y": built.weight(4)}, axis=1)
    graph = folds(built, [built.add("relu", {"X": whole}), shifted, whole], for_x86)
    assert windows(graph) == [(5, 5)] * 4


@pytest.mark.parametrize(
    ("window", "settings", "reason"),
    [
        ((7, 7), {"paddings": [2, 2]}, "does not keep the size"),
        ((7, 7), {"paddings": [3, 3, 2, 3]}, "does not keep the size"),
        ((7, 7), {"dilations": [2, 2]}, "it is dilated"),
        ((9, 9), {}, "longer than 7"),
        ((7, 7), {"fuse_relu": True}, "fused with another"),
    ],
)
def test_others_stay_and_say_why(
    tiny: Any, folds: Any, window: tuple[int, int], settings: Any, reason: str
) -> None:
    built = tiny((1, 4, 14, 14))
    graph = folds(built, [depthwise(built, "x", *window, **settings)], for_x86)
    assert windows(graph) == [window]
    (obstacle,) = for_x86.obstacles(graph)
    assert reason in obstacle


def test_strides_dense_ones_and_5x5_are_none_of_it(tiny: Any, folds: Any) -> None:
    built = tiny()
    outputs = [
        depthwise(built, "x", 7, 7, strides=[2, 2]),
        depthwise(built, "x", 5, 5),
        depthwise(built, "x", 1, 1),
        built.conv("x", (4, 4, 7, 7), paddings=[3, 3]),
        built.conv("x", (8, 1, 7, 7), groups=4, paddings=[3, 3]),
    ]
    graph = folds(built, outputs, for_x86)
    assert windows(graph) == [(7, 7), (5, 5), (1, 1), (7, 7), (7, 7)]
    assert for_x86.obstacles(graph) == []


@pytest.mark.parametrize("side", range(1, 8))
def test_pieces_take_every_value_once(side: int) -> None:
    values = np.random.default_rng(side).normal(size=(3, 1, side, side))
    rest, total = values.copy(), np.zeros((3, 1, side + 10, side + 10))
    for rows in spans(side, side // 2):
        for columns in spans(side, side // 2):
            top, left = rows.start + 5, columns.start + 5
            total[:, :, top : top + 5, left : left + 5] += part(rest, rows.start, columns.start)
            assert rows.before + rows.after == 4
    assert not rest.any()
    np.testing.assert_array_equal(total[:, :, 5 : 5 + side, 5 : 5 + side], values)
    assert np.count_nonzero(total) == values.size
