"""Convolutions of enlarged tensors as transposed ones of the small tensors."""

from __future__ import annotations

from typing import Any, Sequence

import pytest

from opt_models.folding.enlarged_to_transposed import as_transposed


def kinds(graph: Any) -> list[str]:
    return [one.type for one in graph.operators if one.type not in ("feed", "fetch")]


def biased(built: Any, x: str, channels: int) -> str:
    return str(built.add("elementwise_add", {"X": x, "Y": built.weight(channels)}, axis=1))


def pyramid(built: Any, scales: Sequence[int], **settings: Any) -> str:
    """A tensor and others, smaller and enlarged by the scales, side by side; 1 is not enlarged."""
    channels = built.input.shape[1]
    names = []
    for number, scale in enumerate(scales):
        small = built.conv("x", (number + 1, channels, 1, 1), strides=[scale, scale])
        names.append(enlarged(built, small, scale, **settings) if scale > 1 else small)
    return str(built.add("concat", {"X": names}, axis=1))


def enlarged(built: Any, x: str, scale: float, **settings: Any) -> str:
    settings = {"align_corners": False, **settings}
    return str(built.add("nearest_interp_v2", {"X": x}, scale=[float(scale)] * 2, **settings))


@pytest.mark.parametrize("scales", [(8, 4, 2, 1), (1, 2), (2, 1, 2), (4, 1), (4, 8, 1)])
@pytest.mark.parametrize("size", [(8, 16), (24, 8)])
def test_enlarged_tensors_are_taken_small(
    tiny: Any, folds: Any, scales: Sequence[int], size: tuple[int, int]
) -> None:
    built = tiny((2, 3, *size), free=True)
    inputs = len(scales) * (len(scales) + 1) // 2
    y = built.conv(pyramid(built, scales), (5, inputs, 3, 3), paddings=[1, 1])
    y = built.add("relu", {"X": biased(built, y, 5)})
    graph = folds(built, [y], as_transposed)
    (transposed,) = (one for one in graph.operators if one.type == "conv2d_transpose")
    small = min(scale for scale in scales if scale > 1)
    channels = inputs - scales.index(1) - 1
    assert graph.shape(transposed.input("Filter")) == (channels, 5, small + 2, small + 2)
    # Nothing is enlarged to the size of the result.
    left = [one.get("scale", [])[0] for one in graph.operators if one.type == "nearest_interp_v2"]
    assert sorted(left) == sorted(scale / small for scale in scales if scale > small)
    assert as_transposed(graph) == 0


@pytest.mark.parametrize("side", [1, 5])
def test_other_windows_are_taken_too(tiny: Any, folds: Any, side: int) -> None:
    built = tiny((1, 3, 8, 4), free=True)
    around = [side // 2, side // 2]
    y = built.conv(pyramid(built, (2, 1)), (4, 3, side, side), paddings=around)
    assert "conv2d_transpose" in kinds(folds(built, [y], as_transposed))


def test_the_bias_stays_with_the_convolution(tiny: Any, folds: Any) -> None:
    built = tiny((1, 3, 8, 8), free=True)
    y = built.conv(pyramid(built, (2, 1)), (4, 3, 3, 3), padding_algorithm="SAME")
    graph = folds(built, [biased(built, y, 4)], as_transposed)
    (shift,) = (
        one
        for one in graph.operators
        if one.type == "elementwise_add" and graph.is_weight(one.input("Y"))
    )
    assert graph.maker(shift.input("X")).type == "conv2d"


@pytest.mark.parametrize(
    ("scales", "window", "settings", "reason"),
    [
        ((2, 1), (3, 3), {"strides": [2, 2], "paddings": [1, 1]}, "stride is not 1"),
        ((2, 1), (3, 3), {"dilations": [2, 2], "paddings": [2, 2]}, "dilated"),
        ((2, 1), (3, 3), {"paddings": [0, 0]}, "keeps the size"),
        ((2, 1), (2, 2), {"padding_algorithm": "SAME"}, "not square"),
        ((2, 1), (1, 3), {"paddings": [0, 1]}, "not square"),
        ((2, 1), (3, 3), {"paddings": [1, 1], "fuse_relu": True}, "fused"),
        ((2, 2), (3, 3), {"paddings": [1, 1]}, "not exactly one tensor"),
        ((1, 2, 1), (3, 3), {"paddings": [1, 1]}, "not exactly one tensor"),
    ],
)
def test_others_stay_and_say_why(
    tiny: Any,
    folds: Any,
    scales: Sequence[int],
    window: tuple[int, int],
    settings: Any,
    reason: str,
) -> None:
    built = tiny((1, 3, 8, 8), free=True)
    inputs = len(scales) * (len(scales) + 1) // 2
    graph = folds(
        built, [built.conv(pyramid(built, scales), (4, inputs, *window), **settings)], as_transposed
    )
    assert "conv2d_transpose" not in kinds(graph)
    assert reason in as_transposed.obstacles(graph)[0]


def test_tensors_that_are_not_just_enlarged_stay_and_say_why(tiny: Any, folds: Any) -> None:
    built = tiny((1, 3, 8, 8), free=True)
    around = {"paddings": [1, 1]}
    corners = built.conv(pyramid(built, (2, 1), align_corners=True), (4, 3, 3, 3), **around)
    thrice = enlarged(built, "x", 3)
    beside = built.add("concat", {"X": [thrice, built.add("relu", {"X": thrice})]}, axis=1)
    graph = folds(built, [corners, built.conv(beside, (4, 6, 3, 3), **around)], as_transposed)
    assert "conv2d_transpose" not in kinds(graph)
    reasons = as_transposed.obstacles(graph)
    assert "aligns corners" in reasons[0] and "not one that is 2, 4 or 8" in reasons[1]


def test_an_enlarged_tensor_that_others_take_stays_and_says_why(tiny: Any, folds: Any) -> None:
    built = tiny((1, 3, 8, 8), free=True)
    wide = enlarged(built, built.conv("x", (3, 3, 1, 1), strides=[2, 2]), 2)
    beside = built.add("concat", {"X": [wide, "x"]}, axis=1)
    y = built.conv(beside, (4, 6, 3, 3), paddings=[1, 1])
    graph = folds(built, [built.add("elementwise_add", {"X": wide, "Y": "x"}), y], as_transposed)
    assert "conv2d_transpose" not in kinds(graph)
    assert "something else takes" in as_transposed.obstacles(graph)[0]


def test_plain_tensors_side_by_side_are_no_candidates(tiny: Any, folds: Any) -> None:
    built = tiny((1, 3, 8, 8), free=True)
    y = built.conv(built.add("concat", {"X": ["x", "x"]}, axis=1), (4, 6, 3, 3), paddings=[1, 1])
    graph = folds(built, [y], as_transposed)
    assert "concat" in kinds(graph)
    assert as_transposed.obstacles(graph) == []
