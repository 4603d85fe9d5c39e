"""Passes about what surrounds weights: copies, gates, pooling, strides."""

from __future__ import annotations

from typing import Any

import pytest

from opt_models.folding import cleanup, equalise_strides, pooling, squeeze_excite, static_height


def kinds(graph: Any) -> list[str]:
    return [one.type for one in graph.operators if one.type not in ("feed", "fetch")]


def test_what_changes_nothing_is_taken_out(tiny: Any, folds: Any) -> None:
    built = tiny()
    way = "upscale_in_train"
    y = built.add("dropout", {"X": "x"}, dropout_implementation=way, is_test=True)
    y = built.add("assign", {"X": y})
    y = built.add("scale", {"X": y}, scale=1.0, bias=0.0)
    y = built.add("elementwise_add", {"X": y, "Y": built.weight(values=[0.0])}, axis=-1)
    y = built.add("elementwise_mul", {"X": y, "Y": built.weight(values=[1.0] * 4)}, axis=1)
    graph = folds(built, [built.add("relu", {"X": y})], cleanup.drop_identities)
    assert kinds(graph) == ["relu"]


def test_dropout_that_lowers_values_stays(tiny: Any, folds: Any) -> None:
    built = tiny()
    y = built.add("dropout", {"X": "x"}, dropout_prob=0.1, is_test=True)
    graph = folds(built, [built.add("relu", {"X": y})], cleanup.drop_identities)
    assert kinds(graph) == ["dropout", "relu"]


def test_an_output_keeps_its_operator(tiny: Any, folds: Any) -> None:
    built = tiny()
    graph = folds(built, [built.add("assign", {"X": "x"})], cleanup.drop_identities)
    assert kinds(graph) == ["assign"]


@pytest.mark.parametrize(("shape", "dropped"), [([0, -1, 6], True), ([-1, -1, 6], False)])
def test_a_shape_in_numbers_needs_no_tensors(tiny: Any, shape: Any, dropped: bool) -> None:
    built = tiny()
    y = built.add("reshape2", {"X": "x"}, shape=[0, -1, 6])
    graph = built.graph(y)
    graph.operators[1].set("shape", shape)
    graph.operators[1].take("ShapeTensor", ["a", "b", "c"])
    assert cleanup.drop_shape_tensors(graph) == dropped
    assert graph.operators[1].many("ShapeTensor") == ([] if dropped else ["a", "b", "c"])


@pytest.mark.parametrize("swapped", [False, True])
def test_a_shortcut_around_a_gate(tiny: Any, folds: Any, swapped: bool) -> None:
    built = tiny()
    x = built.add("relu", {"X": "x"})
    gate = built.add("pool2d", {"X": x}, pooling_type="avg", adaptive=True, ksize=[1, 1])
    gate = built.add("hard_sigmoid", {"X": gate})
    sides = {"X": gate, "Y": x} if swapped else {"X": x, "Y": gate}
    product = built.add("elementwise_mul", sides, axis=-1)
    total = built.add("elementwise_add", {"X": product, "Y": x}, axis=-1)
    graph = folds(built, [total], squeeze_excite.fold_residual)
    assert kinds(graph) == ["relu", "pool2d", "hard_sigmoid", "elementwise_add", "elementwise_mul"]
    assert graph.shape(graph.operators[4].output("Out"))[2:] == (1, 1)


def test_a_gate_without_shortcut_stays(tiny: Any, folds: Any) -> None:
    built = tiny()
    gate = built.add("pool2d", {"X": "x"}, pooling_type="avg", adaptive=True, ksize=[1, 1])
    product = built.add("elementwise_mul", {"X": "x", "Y": gate}, axis=-1)
    other = built.add("relu", {"X": "x"})
    total = built.add("elementwise_add", {"X": product, "Y": other}, axis=-1)
    graph = folds(built, [total], squeeze_excite.fold_residual)
    assert kinds(graph) == ["pool2d", "elementwise_mul", "relu", "elementwise_add"]


@pytest.mark.parametrize(
    ("settings", "weight", "moved"),
    [
        ({"pooling_type": "avg"}, -0.5, True),
        ({"pooling_type": "max"}, 0.5, True),
        ({"pooling_type": "max"}, -0.5, False),
        ({"pooling_type": "avg", "paddings": [1, 1]}, 0.5, True),
        ({"pooling_type": "avg", "paddings": [1, 1], "exclusive": False}, 0.5, False),
    ],
)
def test_a_map_is_done_after_pooling(
    tiny: Any, folds: Any, settings: Any, weight: float, moved: bool
) -> None:
    built = tiny()
    y = built.add("relu", {"X": "x"})
    y = built.add("elementwise_mul", {"X": y, "Y": built.weight(values=[weight])}, axis=-1)
    y = built.add("elementwise_add", {"X": built.weight(1), "Y": y}, axis=-1)
    window = {"ksize": [2, 2], "strides": [2, 2], "paddings": [0, 0]}
    y = built.add("pool2d", {"X": y}, **{**window, **settings})
    graph = folds(built, [y], pooling.move_past)
    # A sum is moved past a maximum in any case, a product with a negative number is not.
    first = kinds(graph)[1]
    assert (first == "pool2d") == moved


@pytest.mark.parametrize("kind", ["avg", "max"])
@pytest.mark.parametrize(("height", "width"), [(2, 12), (3, 12), (3, 11), (4, 12)])
def test_a_window_over_all_rows(tiny: Any, folds: Any, kind: str, height: int, width: int) -> None:
    built = tiny((2, 4, height, width))
    window = {"ksize": [height, 2], "strides": [height, 2], "paddings": [0, 0]}
    y = built.add("pool2d", {"X": "x"}, pooling_type=kind, **window)
    graph = folds(built, [y], pooling.over_rows)
    pool = next(one for one in graph.operators if one.type == "pool2d")
    assert pool.get("ksize", []) == [2, 2]
    assert kinds(graph)[0] == "split"


def test_other_windows_stay(tiny: Any, folds: Any) -> None:
    built = tiny((2, 4, 6, 12))
    y = built.add("pool2d", {"X": "x"}, ksize=[3, 2], strides=[3, 2], paddings=[0, 0])
    assert kinds(folds(built, [y], pooling.over_rows)) == ["pool2d"]


@pytest.mark.parametrize("side", [3, 5])
@pytest.mark.parametrize("height", [2, 3, 7, 12])
@pytest.mark.parametrize("width", [11, 12])
def test_half_the_height(tiny: Any, folds: Any, side: int, height: int, width: int) -> None:
    built = tiny((2, 4, height, width))
    pad = side // 2
    y = built.conv("x", (4, 1, side, side), groups=4, strides=[2, 1], paddings=[pad, pad])
    graph = folds(built, [y], equalise_strides.equalise)
    assert graph.operators[1].get("strides", []) == [1, 1]
    assert "split" in kinds(graph)


@pytest.mark.parametrize("height", [2, 12])
@pytest.mark.parametrize("width", [11, 12])
def test_half_the_width(tiny: Any, folds: Any, height: int, width: int) -> None:
    built = tiny((2, 4, height, width))
    y = built.conv("x", (4, 1, 3, 3), groups=4, strides=[1, 2], paddings=[1, 1])
    graph = folds(built, [y], equalise_strides.equalise)
    assert kinds(graph) == ["depthwise_conv2d", "depthwise_conv2d", "concat", "reshape"]
    assert all(one.get("strides", []) == [2, 2] for one in graph.operators[1:3])


@pytest.mark.parametrize(
    ("shape", "settings"),
    [
        ((2, 4, 9, 12), {"strides": [2, 1], "paddings": [1, 1]}),  # nine rows one by one
        ((2, 4, 7, 12), {"strides": [1, 2], "paddings": [1, 1]}),
        ((2, 4, 12, 12), {"strides": [2, 2], "paddings": [1, 1]}),
        ((2, 4, 12, 12), {"strides": [2, 1], "paddings": [0, 0]}),
        ((2, 4, 12, 12), {"strides": [2, 1], "paddings": [1, 1], "dilations": [2, 2]}),
    ],
)
def test_other_strides_stay(tiny: Any, folds: Any, shape: Any, settings: Any) -> None:
    built = tiny(shape)
    y = built.conv("x", (4, 1, 3, 3), groups=4, **settings)
    assert kinds(folds(built, [y], equalise_strides.equalise)) == ["depthwise_conv2d"]


def test_heights_follow_from_the_input(tiny: Any) -> None:
    built = tiny((2, 4, 12, 12))
    y = built.conv("x", (6, 4, 3, 3), strides=[2, 2], paddings=[1, 1])
    y = built.add("relu", {"X": y})
    y = built.add("pool2d", {"X": y}, ksize=[2, 2], strides=[2, 2], paddings=[0, 0])
    gate = built.add("pool2d", {"X": y}, pooling_type="avg", adaptive=True, ksize=[1, 1])
    y = built.add("elementwise_mul", {"X": gate, "Y": y}, axis=-1)
    graph = built.graph(y)
    names = [name for one in graph.operators for name in one.outputs if name != "fetch"]
    expected = {name: graph.shape(name)[2] for name in names}
    for name in names:
        graph.set_shape(name, (-1, *graph.shape(name)[1:2], -1, -1))
    assert static_height.declare(graph, 12)
    assert not static_height.declare(graph, 16)
    assert {name: graph.shape(name)[2] for name in names} == expected
