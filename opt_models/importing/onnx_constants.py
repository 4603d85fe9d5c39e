"""Nodes of constants only, computed by ONNX's reference evaluator."""

from __future__ import annotations

from typing import Sequence

import numpy as np
from onnx import TensorProto, ValueInfoProto, helper
from onnx.reference import ReferenceEvaluator

from opt_models.importing.onnx_network import Array, Node


def evaluate(node: Node, inputs: Sequence[Array | None]) -> list[Array]:
    """What a node gives.

    Args:
        node: of the file.
        inputs: None for those left out.

    Raises:
        ValueError: the node stands for several, and is in no file.
    """
    if node.proto is None:
        raise ValueError(f"{node} is in no file")
    given = {name: values for name, values in zip(node.inputs, inputs) if values is not None}
    graph = helper.make_graph(
        [node.proto],
        "constants",
        [_anything(name) for name in given],
        [_anything(name) for name in node.outputs if name],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", node.opset)])
    results = ReferenceEvaluator(model).run(None, given)
    return [np.asarray(result) for result in results]


def _anything(name: str) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None)
