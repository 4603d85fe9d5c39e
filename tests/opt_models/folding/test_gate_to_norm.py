"""Products with gates as batch norms, for Paddle-Lite's library for x86."""

from __future__ import annotations

from typing import Any

import pytest

from opt_models.folding.gate_to_norm import as_norm

_MEAN = {"pooling_type": "avg", "ksize": [1, 1], "adaptive": True, "strides": [1, 1]}


def kinds(graph: Any) -> list[str]:
    return [one.type for one in graph.operators if one.type not in ("feed", "fetch")]


def gate(built: Any, x: str) -> str:
    return str(built.add("sigmoid", {"X": built.add("pool2d", {"X": x}, **_MEAN)}))


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("sides", ["XY", "YX"])
def test_a_product_becomes_a_norm(tiny: Any, folds: Any, batch: int, sides: str) -> None:
    built = tiny((batch, 5, 4, 7), free=True)
    x = built.add("relu", {"X": "x"})
    factors = dict(zip(sides, (x, gate(built, x))))
    product = built.add("elementwise_mul", factors, axis=-1)
    # The tensor itself is taken again, so it must not have been changed.
    graph = folds(built, [built.add("elementwise_add", {"X": product, "Y": x})], as_norm)
    assert "elementwise_mul" not in kinds(graph)
    assert kinds(graph).count("batch_norm") == 1
    assert as_norm(graph) == 0


def test_a_gate_of_two_tensors_scales_both(tiny: Any, folds: Any) -> None:
    built = tiny((2, 4, 3, 5), free=True)
    share = gate(built, "x")
    both = [
        built.add("elementwise_mul", {"X": one, "Y": share}, axis=-1)
        for one in ("x", built.add("relu", {"X": "x"}))
    ]
    assert kinds(folds(built, both, as_norm)).count("batch_norm") == 2


def test_a_tensor_of_other_channels_stays_and_says_why(tiny: Any, folds: Any) -> None:
    built = tiny((2, 4, 3, 5), free=True)
    single = built.conv("x", (1, 4, 1, 1))
    wide = built.add("elementwise_mul", {"X": "x", "Y": gate(built, single)}, axis=-1)
    graph = folds(built, [wide], as_norm)
    assert "elementwise_mul" in kinds(graph)
    assert "or not the gate's" in as_norm.obstacles(graph)[0]


def test_a_product_of_two_gates_stays_and_says_why(tiny: Any, folds: Any) -> None:
    built = tiny(free=True)
    both = built.add("elementwise_mul", {"X": gate(built, "x"), "Y": gate(built, "x")}, axis=-1)
    graph = folds(built, [both], as_norm)
    assert "batch_norm" not in kinds(graph)
    assert "no larger than the gate" in as_norm.obstacles(graph)[0]


def test_products_of_whole_tensors_and_with_weights_stay(tiny: Any, folds: Any) -> None:
    built = tiny((1, 4, 3, 5), free=True)
    whole = built.add("elementwise_mul", {"X": "x", "Y": built.add("relu", {"X": "x"})}, axis=-1)
    weight = built.weight(1, 4, 1, 1)
    graph = folds(built, [built.add("elementwise_mul", {"X": whole, "Y": weight})], as_norm)
    assert kinds(graph).count("elementwise_mul") == 2
    assert as_norm.obstacles(graph) == []
