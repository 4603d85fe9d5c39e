"""Convolutions of 2x2 as ones of 3x3."""

from __future__ import annotations

from typing import Any

import pytest

from opt_models.folding import conv_2x2_to_3x3

_SAME = {"padding_algorithm": "SAME"}


def window(graph: Any) -> tuple[int, ...]:
    conv = next(operator for operator in graph.operators if operator.type == "conv2d")
    return tuple(graph.shape(conv.input("Filter"))[2:])


@pytest.mark.parametrize(
    "settings",
    [
        _SAME,
        {"paddings": [0, 1, 0, 1]},
        {"paddings": [1, 0, 0, 1]},
        {"paddings": [0, 1, 1, 0]},
        {"paddings": [1, 0, 1, 0]},
    ],
)
@pytest.mark.parametrize("size", [(12, 12), (7, 9), (1, 5)])
def test_one_that_keeps_the_size_is_enlarged(
    tiny: Any, folds: Any, settings: Any, size: tuple[int, int]
) -> None:
    built = tiny((2, 4, *size))
    graph = folds(built, [built.conv("x", (6, 4, 2, 2), **settings)], conv_2x2_to_3x3.for_arm)
    assert window(graph) == (3, 3)
    assert conv_2x2_to_3x3.for_arm.obstacles(graph) == []


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"paddings": [0, 0]}, "does not keep the size"),
        ({"paddings": [1, 1]}, "does not keep the size"),
        ({"paddings": [0, 1]}, "does not keep the size"),
        ({"paddings": [0, 1, 0, 1], "strides": [2, 2]}, "its stride is not 1"),
        ({"paddings": [0, 1, 0, 1], "dilations": [2, 2]}, "it is dilated"),
        ({"paddings": [0, 1, 0, 1], "with_act": True}, "fused with another"),
    ],
)
def test_others_stay_and_say_why(tiny: Any, folds: Any, settings: Any, reason: str) -> None:
    built = tiny()
    graph = folds(built, [built.conv("x", (6, 4, 2, 2), **settings)], conv_2x2_to_3x3.for_arm)
    assert window(graph) == (2, 2)
    (obstacle,) = conv_2x2_to_3x3.for_arm.obstacles(graph)
    assert reason in obstacle


@pytest.mark.parametrize("filters", [(6, 4, 2, 3), (6, 4, 1, 1), (6, 2, 2, 2)])
def test_other_windows_and_groups_are_none_of_it(
    tiny: Any, folds: Any, filters: tuple[int, ...]
) -> None:
    built = tiny()
    y = built.conv("x", filters, groups=4 // filters[1], **_SAME)
    graph = folds(built, [y], conv_2x2_to_3x3.for_arm)
    assert window(graph) == filters[2:]
    assert conv_2x2_to_3x3.for_arm.obstacles(graph) == []


@pytest.mark.parametrize(("outputs", "side"), [(8, 3), (12, 2), (16, 3)])
def test_on_x86_only_blocks_of_8_outputs_are(
    tiny: Any, folds: Any, outputs: int, side: int
) -> None:
    built = tiny()
    graph = folds(built, [built.conv("x", (outputs, 4, 2, 2), **_SAME)], conv_2x2_to_3x3.for_x86)
    assert window(graph) == (side, side)


def test_a_filter_that_two_share_keeps_its_values_for_the_other(tiny: Any, folds: Any) -> None:
    built = tiny()
    filters = built.weight(6, 4, 2, 2)
    one = built.convolve("conv2d", "x", filters, **_SAME)
    other = built.convolve("conv2d", "x", filters, strides=[2, 2])
    graph = folds(built, [one, other], conv_2x2_to_3x3.for_arm)
    assert window(graph) == (3, 3)
