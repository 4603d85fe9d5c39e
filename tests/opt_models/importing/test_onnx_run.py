"""ONNX's reference evaluator as the project corrects it: what other releases of it compute, too."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator

from opt_models.importing import onnx_run
from tests.opt_models.importing.conftest import model, noise


def resized(scales: tuple[float, ...], roi: str = "", **attributes: Any) -> onnx.ModelProto:
    weights = {"scales": np.float32(scales), "empty": np.zeros(0, np.float32)}
    return model(
        [helper.make_node("Resize", ["x", roi, "scales"], ["y"], **attributes)], ["y"], weights
    )


@pytest.mark.parametrize("scales", [(1, 1, 2, 3), (1, 1, 1.5, 2), (1, 1, 0.5, 1), (2, 1, 4, 5)])
@pytest.mark.parametrize(
    ("transformation", "nearest"),
    [
        ("asymmetric", "floor"),
        ("half_pixel", "round_prefer_floor"),
        ("asymmetric", "ceil"),
        ("align_corners", "floor"),
    ],
)
def test_nearest_neighbours_are_those_of_the_evaluator(
    scales: tuple[float, ...], transformation: str, nearest: str
) -> None:
    network = resized(
        scales,
        mode="nearest",
        coordinate_transformation_mode=transformation,
        nearest_mode=nearest,
    )
    batch = noise(1, 2, 3, 4)
    (result,) = onnx_run.evaluator(network).run(None, {"x": batch})
    (expected,) = ReferenceEvaluator(network).run(None, {"x": batch})
    np.testing.assert_array_equal(result, expected)


def test_an_empty_region_of_interest_is_none() -> None:
    batch = noise(1, 2, 3, 4)
    results = [
        onnx_run.evaluator(resized((1, 1, 2, 2), roi, mode="linear")).run(None, {"x": batch})[0]
        for roi in ("", "empty")
    ]
    np.testing.assert_array_equal(*results)


def test_valid_padding_is_none() -> None:
    weights = {"w": noise(5, 2, 3, 3)}
    network = model([helper.make_node("Conv", ["x", "w"], ["y"], auto_pad="VALID")], ["y"], weights)
    (result,) = onnx_run.evaluator(network).run(None, {"x": noise(1, 2, 8, 9, seed=2)})
    assert result.shape == (1, 5, 6, 7)
    attributes = {attribute.name: attribute.s for attribute in network.graph.node[0].attribute}
    assert attributes["auto_pad"] == b"VALID"  # the caller's model stays as it is
