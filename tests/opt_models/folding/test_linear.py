"""Linear layers as ``mul``, with what comes after them in their weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opt_models.catalog import catalog, fetch
from opt_models.folding import fold, linear


def kinds(graph: Any) -> list[str]:
    return [one.type for one in graph.operators if one.type not in ("feed", "fetch")]


@pytest.mark.parametrize("kind", ["matmul", "matmul_v2"])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("alpha", [1.0, 0.5])
def test_products_with_weights_become_mul(
    tiny: Any, folds: Any, kind: str, turned: bool, alpha: float
) -> None:
    built = tiny((2, 5, 8))
    weight = built.weight(*((3, 8) if turned else (8, 3)))
    names = ("trans_x", "trans_y") if kind.endswith("v2") else ("transpose_X", "transpose_Y")
    settings = dict(zip(names, (False, turned)))
    y = built.add(kind, {"X": "x", "Y": weight}, **settings, alpha=alpha)
    graph = folds(built, [y], linear.as_mul)
    assert kinds(graph) == ["mul"]
    product = graph.operators[1]
    assert (product.get("x_num_col_dims", 0), product.get("y_num_col_dims", 0)) == (2, 1)
    assert not {one.name for one in product.message.attrs} & {*names, "alpha"}


def test_other_products_stay(tiny: Any, folds: Any) -> None:
    built = tiny((2, 8, 8))
    two = built.add("matmul_v2", {"X": "x", "Y": "x"}, trans_x=False, trans_y=True)
    turned = built.add("matmul_v2", {"X": two, "Y": built.weight(8, 3)}, trans_x=True)
    left = built.add("matmul_v2", {"X": built.weight(5, 8), "Y": turned})
    graph = folds(built, [left], linear.as_mul)
    assert kinds(graph) == ["matmul_v2"] * 3
    # Those with weights would be quantised, and not turned back.
    told = ["matmul_v2 with weights [8, 3]", "matmul_v2 with weights [5, 8]"]
    assert linear.others(graph) == told


def test_what_comes_after_is_one_bias(tiny: Any, folds: Any) -> None:
    built = tiny((2, 5, 8))
    y = built.add("mul", {"X": "x", "Y": built.weight(8, 3)}, x_num_col_dims=2)
    y = built.add("elementwise_add", {"X": y, "Y": built.weight(3)}, axis=2)
    y = built.add("scale", {"X": y}, scale=0.3, bias=0.0)
    y = built.add("elementwise_mul", {"X": y, "Y": built.weight(3)}, axis=-1)
    y = built.add("elementwise_sub", {"X": y, "Y": built.weight(1)}, axis=-1)
    assert kinds(folds(built, [y], linear.fold_after)) == ["mul", "elementwise_add"]


def test_a_scale_alone_leaves_nothing(tiny: Any, folds: Any) -> None:
    built = tiny((2, 5, 8))
    y = built.add("mul", {"X": "x", "Y": built.weight(8, 3)}, x_num_col_dims=2)
    y = built.add("elementwise_mul", {"X": y, "Y": built.weight(1)}, axis=-1)
    assert kinds(folds(built, [y], linear.fold_after)) == ["mul"]


def test_a_shared_matrix_stays_for_the_other(tiny: Any, folds: Any) -> None:
    built = tiny((2, 5, 8))
    weight = built.weight(8, 3)
    one = built.add("mul", {"X": "x", "Y": weight}, x_num_col_dims=2)
    other = built.add("mul", {"X": "x", "Y": weight}, x_num_col_dims=2)
    scaled = built.add("scale", {"X": one}, scale=0.3, bias=0.0)
    assert kinds(folds(built, [scaled, other], linear.fold_after)) == ["mul", "mul"]


@pytest.mark.parametrize("weight", [(5, 1), (5, 3)])
def test_what_differs_from_row_to_row_stays(tiny: Any, folds: Any, weight: Any) -> None:
    built = tiny((2, 5, 8))
    y = built.add("mul", {"X": "x", "Y": built.weight(8, 3)}, x_num_col_dims=2)
    y = built.add("elementwise_mul", {"X": y, "Y": built.weight(*weight)}, axis=-1)
    assert kinds(folds(built, [y], linear.fold_after)) == ["mul", "elementwise_mul"]


def test_of_the_real_recogniser(downloads: Any) -> None:
    graph = fold.read(fetch.exported(catalog.model("ch_PP-OCRv4_rec")))
    weights = {one.input("Y"): one for one in graph.operators if one.type == "matmul_v2"}
    stored = {name: graph.weight(name) for name in weights if graph.is_weight(name)}
    assert linear.as_mul(graph) == len(stored) == 9
    for name, values in stored.items():
        assert weights[name].type == "mul"
        np.testing.assert_array_equal(graph.weight(weights[name].input("Y")), values)
    assert [one.type for one in graph.operators].count("matmul_v2") == 4


def test_the_real_detector_has_none(downloads: Any) -> None:
    graph = fold.read(fetch.exported(catalog.model("ch_PP-OCRv4_det")))
    assert linear.as_mul(graph) == 0
