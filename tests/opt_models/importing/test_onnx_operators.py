"""Every operator, run by Paddle-Lite's library beside ONNX's own reference evaluator."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import pytest
from onnx import NodeProto, helper

from tests.opt_models.importing.conftest import model, noise

Check = Callable[..., Any]

#: Filters of plain, depthwise and transposed convolutions, and other weights.
WEIGHTS = {
    "w3": noise(8, 3, 3, 3),
    "w2": noise(8, 3, 2, 2, seed=2),
    "wg": noise(6, 1, 3, 3, seed=3),
    "wt": noise(3, 4, 2, 2, seed=4),
    "b8": noise(8, seed=5),
    "b6": noise(6, seed=6),
    "b4": noise(4, seed=7),
    "channels": noise(1, 3, 1, 1, seed=8),
    "half": np.array(0.5, np.float32),
    "scale": noise(3, seed=9),
    "bias": noise(3, seed=10),
    "mean": noise(3, seed=11),
    "variance": np.abs(noise(3, seed=12)) + 0.5,
    "six": np.array(6, np.float32),
    "zero": np.array(0, np.float32),
    "one": np.array(1, np.float32),
    "less": np.array(-0.3, np.float32),
    "two": np.array(2, np.float32),
    "twice": np.array([1, 1, 2, 2], np.float32),
    "axes": np.array([2, 3], np.int64),
    "matrix": noise(3, 5, seed=13),
}


def node(kind: str, *inputs: str, y: str, **attributes: Any) -> NodeProto:
    return helper.make_node(kind, inputs, [y], **attributes)


FAMILIES: dict[str, list[NodeProto]] = {
    "convolutions": [
        node("Conv", "x", "w3", "b8", y="plain", pads=[1, 1, 1, 1]),
        node("Conv", "x", "w3", y="stride", pads=[1, 1, 1, 1], strides=[2, 1]),
        node("Conv", "x", "w3", y="uneven", pads=[0, 1, 2, 1]),
        node("Conv", "x", "w3", y="dilated", dilations=[2, 2]),
        node("Conv", "x", "w2", y="upper", auto_pad="SAME_UPPER"),
        node("Conv", "x", "w2", y="lower", auto_pad="SAME_LOWER"),
        node("Conv", "x", "w3", y="valid", auto_pad="VALID"),
        node("Conv", "x", "wg", "b6", y="grouped", group=3, pads=[1, 1, 1, 1]),
        node("ConvTranspose", "x", "wt", "b4", y="transposed", strides=[2, 2]),
    ],
    "pools": [
        node("MaxPool", "x", y="largest", kernel_shape=[2, 2], strides=[2, 2]),
        node("MaxPool", "x", y="same", kernel_shape=[2, 2], auto_pad="SAME_UPPER"),
        node("MaxPool", "x", y="up", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
        node("AveragePool", "x", y="mean", kernel_shape=[3, 2], strides=[3, 2]),
        node("AveragePool", "x", y="out", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node(
            "AveragePool", "x", y="in", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1
        ),
        node("GlobalAveragePool", "x", y="whole"),
    ],
    "arithmetic": [
        node("Add", "x", "channels", y="a"),
        node("Sub", "x", "half", y="b"),
        node("Sub", "half", "x", y="c"),
        node("Mul", "channels", "x", y="d"),
        node("Div", "x", "half", y="e"),
        node("Mul", "x", "whole", y="f"),
        node("Add", "whole", "x", y="g"),
        node("Pow", "x", "two", y="h"),
        node("Max", "x", "a", y="i"),
        node("Sum", "x", "a", "b", y="j"),
    ],
    "activations": [
        node("Relu", "x", y="relu"),
        node("Sigmoid", "x", y="sigmoid"),
        node("HardSigmoid", "x", y="hard", alpha=0.25, beta=0.4),
        node("LeakyRelu", "x", y="leaky", alpha=0.1),
        node("Tanh", "x", y="tanh"),
        node("Erf", "x", y="erf"),
        node("Clip", "x", "zero", "six", y="six_clip"),
        node("Clip", "x", "less", "half", y="clip"),
        node("Softmax", "x", y="soft", axis=1),
    ],
    "normalisation and reduction": [
        node("BatchNormalization", "x", "scale", "bias", "mean", "variance", y="norm"),
        node("ReduceMean", "x", y="both", axes=[2, 3]),
        node("ReduceMean", "x", y="last", axes=[-1], keepdims=0),
        node("ReduceMean", "x", y="channels_mean", axes=[1]),
        node("ReduceMax", "x", y="top", axes=[3]),
    ],
    "resizing": [
        node(
            "Resize",
            *("x", "", "twice"),
            y="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        ),
        node("Resize", "x", "", "twice", y="halves", mode="nearest"),
        node("Resize", "x", "", "twice", y="linear", mode="linear"),
        node(
            "Resize",
            *("x", "", "twice"),
            y="corners",
            mode="linear",
            coordinate_transformation_mode="align_corners",
        ),
    ],
    "layout": [
        node("Transpose", "x", y="turned", perm=[0, 2, 3, 1]),
        node("MatMul", "turned", "matrix", y="product"),
        node("Concat", "x", "x", y="behind", axis=1),
        node("Slice", "x", "starts", "ends", "axis", y="part"),
        node("Reshape", "x", "rows", y="flat"),
    ],
}
SHAPES = {
    "starts": np.array([1], np.int64),
    "ends": np.array([2**31], np.int64),
    "axis": np.array([2], np.int64),
    "rows": np.array([0, 0, -1], np.int64),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_family(check: Check, family: str) -> None:
    nodes = FAMILIES[family]
    outputs = [name for one in nodes for name in one.output]
    if family == "arithmetic":
        nodes = [node("GlobalAveragePool", "x", y="whole"), *nodes]
    # SAME_LOWER and the like need to know the size.
    fixed = (1, 3, 12, 14)
    given = model(nodes, outputs, {**WEIGHTS, **SHAPES}, shape=fixed)
    check(given, noise(*fixed))
