"""Affine maps after convolutions: folded into filters, whatever form they come in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opt_models.folding import convolution

KINDS = ["conv", "grouped", "depthwise", "transposed", "transposed in groups"]


def start(built: Any, kind: str) -> str:
    """A convolution of 4 channels to 6, or 4."""
    if kind == "conv":
        return str(built.conv("x", (6, 4, 3, 3), paddings=[1, 1]))
    if kind == "grouped":
        return str(built.conv("x", (6, 2, 3, 3), groups=2, strides=[2, 2]))
    if kind == "depthwise":
        return str(built.conv("x", (4, 1, 3, 3), groups=4))
    groups = 2 if kind.endswith("groups") else 1
    filters = built.weight(4, 6 // groups, 2, 2)
    return str(built.convolve("conv2d_transpose", "x", filters, groups=groups, strides=[2, 2]))


def kinds(graph: Any) -> list[str]:
    return [one.type for one in graph.operators if one.type not in ("feed", "fetch")]


MAPS = {
    "batch norm": lambda b, x, c: b.norm(x, c),
    "bias": lambda b, x, c: b.add("elementwise_add", {"X": x, "Y": b.weight(c)}, axis=1),
    "bias of four axes": lambda b, x, c: b.add(
        "elementwise_add", {"X": x, "Y": b.weight(1, c, 1, 1)}, axis=-1
    ),
    "scale of three axes": lambda b, x, c: b.add(
        "elementwise_mul", {"X": x, "Y": b.weight(c, 1, 1)}, axis=-1
    ),
    "scale of three axes from 1": lambda b, x, c: b.add(
        "elementwise_mul", {"X": x, "Y": b.weight(c, 1, 1)}, axis=1
    ),
    "one number": lambda b, x, c: b.add("elementwise_mul", {"X": x, "Y": b.weight(1)}, axis=-1),
    "one number first": lambda b, x, c: b.add(
        "elementwise_mul", {"X": b.weight(1), "Y": x}, axis=-1
    ),
    "difference": lambda b, x, c: b.add("elementwise_sub", {"X": x, "Y": b.weight(c)}, axis=1),
    "difference from one number": lambda b, x, c: b.add(
        "elementwise_sub", {"X": b.weight(1), "Y": x}, axis=-1
    ),
    "quotient": lambda b, x, c: b.add("elementwise_div", {"X": x, "Y": b.weight(c)}, axis=1),
    "scale": lambda b, x, c: b.add("scale", {"X": x}, scale=-0.7, bias=0.3, bias_after_scale=True),
    "scale of a sum": lambda b, x, c: b.add(
        "scale", {"X": x}, scale=-0.7, bias=0.3, bias_after_scale=False
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", MAPS)
def test_a_map_becomes_filter_and_shift(tiny: Any, folds: Any, kind: str, name: str) -> None:
    built = tiny()
    conv = start(built, kind)
    channels = 4 if kind == "depthwise" else 6
    y = MAPS[name](built, MAPS["one number"](built, conv, channels), channels)
    graph = folds(built, [y], convolution.fold_after)
    left = kinds(graph)
    assert left[0] == built.block.ops[1].type
    shift = not name.startswith(("one", "scale of three", "quotient"))
    assert left[1:] == ["elementwise_add"] * shift
    if shift:
        assert convolution.is_shift(graph, graph.operators[2])


def test_a_long_chain_becomes_one_shift(tiny: Any, folds: Any) -> None:
    built = tiny()
    y = start(built, "conv")
    for name in MAPS:
        y = MAPS[name](built, y, 6)
    graph = folds(built, [built.add("relu", {"X": y})], convolution.fold_after)
    assert kinds(graph) == ["conv2d", "elementwise_add", "relu"]


def test_a_bias_of_its_own_is_folded_along(tiny: Any, folds: Any) -> None:
    built = tiny()
    given = {"Input": "x", "Filter": built.weight(6, 4, 1, 1), "Bias": built.weight(6)}
    conv = built.add("conv2d", given, "Output", strides=[1, 1], paddings=[0, 0], groups=1)
    graph = folds(built, [built.norm(conv, 6)], convolution.fold_after)
    assert kinds(graph) == ["conv2d", "elementwise_add"]
    assert graph.operators[1].input("Bias") == ""


@pytest.mark.parametrize(
    "weight",
    [
        pytest.param(lambda b: b.weight(12), id="along the width"),
        pytest.param(lambda b: b.weight(6, 12, 12), id="everywhere its own"),
        pytest.param(lambda b: b.weight(1, 1, 12, 1), id="along the height"),
    ],
)
def test_what_differs_from_place_to_place_stays(tiny: Any, folds: Any, weight: Any) -> None:
    built = tiny()
    conv = built.conv("x", (6, 4, 1, 1))
    y = built.add("elementwise_mul", {"X": conv, "Y": weight(built)}, axis=-1)
    assert kinds(folds(built, [y], convolution.fold_after)) == ["conv2d", "elementwise_mul"]


def test_what_others_use_too_stays(tiny: Any, folds: Any) -> None:
    built = tiny()
    conv = start(built, "conv")
    y = MAPS["one number"](built, conv, 6)
    total = built.add("elementwise_add", {"X": y, "Y": conv}, axis=-1)
    graph = folds(built, [total], convolution.fold_after)
    assert kinds(graph) == ["conv2d", "elementwise_mul", "elementwise_add"]


def test_an_output_keeps_its_value(tiny: Any, folds: Any) -> None:
    built = tiny()
    conv = start(built, "conv")
    graph = folds(built, [conv, MAPS["scale"](built, conv, 6)], convolution.fold_after)
    assert kinds(graph) == ["conv2d", "scale"]


def test_a_shared_filter_is_folded_for_each(tiny: Any, folds: Any) -> None:
    built = tiny()
    filters = built.weight(6, 4, 3, 3)
    plain = built.convolve("conv2d", "x", filters)
    scaled = MAPS["one number"](built, built.convolve("conv2d", "x", filters), 6)
    graph = folds(built, [plain, scaled], convolution.fold_after)
    used = [one.input("Filter") for one in graph.operators if one.type == "conv2d"]
    assert len(set(used)) == 2


def test_batch_norm_in_training_stays(tiny: Any, folds: Any) -> None:
    built = tiny()
    y = built.norm(start(built, "conv"), 6, is_test=False)
    assert kinds(folds(built, [y], convolution.fold_after)) == ["conv2d", "batch_norm"]


def test_a_bias_alone_is_left_as_it_is(tiny: Any) -> None:
    built = tiny()
    graph = built.graph(MAPS["bias"](built, start(built, "conv"), 6))
    before = [one.message.SerializeToString() for one in graph.operators]
    assert convolution.fold_after(graph) == 0
    assert [one.message.SerializeToString() for one in graph.operators] == before


def test_a_convolution_fused_with_more_stays(tiny: Any, folds: Any) -> None:
    built = tiny()
    conv = built.conv("x", (6, 4, 1, 1), with_act=True)
    y = MAPS["one number"](built, conv, 6)
    assert kinds(folds(built, [y], convolution.fold_after)) == ["conv2d", "elementwise_mul"]


def test_a_shift_of_inputs_is_one_of_outputs(tiny: Any, compute: Any) -> None:
    built = tiny()
    graph = built.graph(built.conv("x", (6, 2, 3, 3), groups=2))
    conv, shift = graph.operators[1], built.random.normal(size=4)
    added = convolution.shift_inputs(graph, conv, shift)
    assert added is not None
    (plain,) = compute(graph, built.input)
    (shifted,) = compute(graph, built.input + shift[:, None, None])
    np.testing.assert_allclose(shifted, plain + added[:, None, None], atol=1e-9)


@pytest.mark.parametrize("kind", ["conv", "transposed"])
def test_no_shift_where_not_all_of_the_filter_is_seen(tiny: Any, kind: str) -> None:
    built = tiny()
    graph = built.graph(start(built, kind))
    assert convolution.shift_inputs(graph, graph.operators[1], np.ones(4)) is None
