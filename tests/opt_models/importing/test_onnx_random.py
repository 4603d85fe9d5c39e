"""Random small networks of supported operators beside ONNX's reference evaluator."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import NodeProto, helper

from opt_models.formats.inference_model import ModelFiles
from tests.opt_models.importing.conftest import model, noise

Check = Callable[..., ModelFiles]
#: Makes a node of an input's and an output's name, and its weights.
Layer = Callable[[str, str], "tuple[NodeProto, dict[str, Any]]"]

CHANNELS = 4
#: The evaluator of ONNX 1.19, the last for Python 3.9, pads SAME_UPPER wrongly where a stride is
#: not 1; that of 1.23 does not.
STEPS_WITHOUT_PADDING = tuple(map(int, onnx.__version__.split(".")[:2])) < (1, 20)
SIDES = st.integers(1, 3)
PAD = st.integers(0, 2)


@st.composite
def convolutions(draw: st.DrawFn) -> Layer:
    rows, columns, seed = draw(SIDES), draw(SIDES), draw(st.integers(0, 99))
    groups = draw(st.sampled_from((1, 2, CHANNELS)))
    padding: dict[str, Any] = draw(
        st.one_of(
            st.just({"auto_pad": "SAME_UPPER"}),
            st.fixed_dictionaries({"pads": st.tuples(PAD, PAD, PAD, PAD).map(list)}),
        )
    )
    strides = draw(st.sampled_from(([1, 1], [2, 2], [2, 1], [1, 2])))
    if STEPS_WITHOUT_PADDING and "auto_pad" in padding:
        strides = [1, 1]

    def make(x: str, y: str) -> tuple[NodeProto, dict[str, Any]]:
        weights = {
            f"{y}.w": noise(CHANNELS, CHANNELS // groups, rows, columns, seed=seed),
            f"{y}.b": noise(CHANNELS, seed=seed + 1),
        }
        node = helper.make_node(
            "Conv", [x, *weights], [y], group=groups, strides=strides, **padding
        )
        return node, weights

    return make


@st.composite
def pools(draw: st.DrawFn) -> Layer:
    kind = draw(st.sampled_from(("MaxPool", "AveragePool")))
    kernel, stride = draw(st.sampled_from(([2, 2], [3, 3], [3, 2], [1, 2]))), draw(SIDES)
    attributes: dict[str, Any] = {"kernel_shape": kernel, "strides": [stride, stride]}
    if kind == "AveragePool":
        attributes["count_include_pad"] = draw(st.integers(0, 1))
    if min(kernel) > 1 and draw(st.booleans()):
        attributes["pads"] = [1, 1, 1, 1]
    return lambda x, y: (helper.make_node(kind, [x], [y], **attributes), {})


@st.composite
def functions(draw: st.DrawFn) -> Layer:
    kind = draw(st.sampled_from(("Relu", "Sigmoid", "HardSigmoid", "Tanh", "Identity")))
    return lambda x, y: (helper.make_node(kind, [x], [y]), {})


@st.composite
def sums(draw: st.DrawFn) -> Layer:
    kind = draw(st.sampled_from(("Add", "Mul", "Sub", "Div")))
    shape = draw(st.sampled_from(((), (1,), (CHANNELS, 1, 1), (1, CHANNELS, 1, 1))))
    first, seed = draw(st.booleans()), draw(st.integers(0, 99))

    def make(x: str, y: str) -> tuple[NodeProto, dict[str, Any]]:
        constant = (np.abs(noise(*shape, seed=seed)) + 0.5).astype(np.float32)
        # Divided by, a tensor might be next to zero.
        names = [f"{y}.c", x] if first and kind != "Div" else [x, f"{y}.c"]
        return helper.make_node(kind, names, [y]), {f"{y}.c": constant}

    return make


LAYERS = st.one_of(convolutions(), convolutions(), pools(), functions(), sums())
CHAINS = st.lists(LAYERS, min_size=2, max_size=5)


# Eight networks an example, as outputs of one: to start the library takes most of the time.
@given(st.lists(CHAINS, min_size=8, max_size=8), st.sampled_from((11, 12, 13, 15, 17)))
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_chains(check: Check, chains: list[list[Layer]], opset: int) -> None:
    nodes, weights, outputs = [], {}, []
    for number, chain in enumerate(chains):
        x = "x"
        for place, layer in enumerate(chain):
            y = f"{number}.{place}"
            node, constants = layer(x, y)
            nodes.append(node)
            weights.update(constants)
            x = y
        outputs.append(x)
    shape = ("n", CHANNELS, "h", "w")
    given_model = model(nodes, outputs, weights, shape, opset)
    check(given_model, noise(1, CHANNELS, 17, 15), noise(2, CHANNELS, 16, 24), tolerance=1e-4)


@pytest.mark.parametrize(("opset", "axis"), [(11, 3), (12, -1), (13, 1), (15, 2), (17, -1)])
def test_softmax(check: Check, opset: int, axis: int) -> None:
    node = helper.make_node("Softmax", ["x"], ["y"], axis=axis)
    check(model([node], ["y"], None, ("n", 5, 6, 7), opset), noise(2, 5, 6, 7))
