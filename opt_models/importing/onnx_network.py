"""The graph of an ONNX model, as importing looks at it (onnx.proto, ONNX's IR specification)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Mapping

import numpy.typing as npt
import onnx
from onnx import numpy_helper

from opt_models.importing.sizes import Shape, Size, mark

Array = npt.NDArray[Any]

#: What exporters write for "not known", which is not a name that marks equal sizes.
_ANONYMOUS = ("", "?", "-1", "unk", "None")


@dataclass(frozen=True)
class Node:
    """One operator.

    Attributes:
        operator: its type.
        inputs, outputs: names of values; empty for an optional one that is left out.
        attributes: numbers, texts, lists of them, and arrays for tensors.
        opset: version of the operator set that says what it does.
        proto: as the file has it; None for one that stands for several.
    """

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    opset: int
    name: str = ""
    proto: onnx.NodeProto | None = None

    def __str__(self) -> str:
        """The node as an error names it."""
        return f"node {self.name or self.outputs[0]!r} ({self.operator})"

    def input(self, index: int) -> str:
        """Name of an input; empty if it is left out."""
        return self.inputs[index] if index < len(self.inputs) else ""


@dataclass(frozen=True)
class Input:
    """What a network is fed with."""

    name: str
    shape: Shape
    dtype: str


@dataclass(frozen=True)
class Network:
    """A graph whose nodes stand in an order in which they can run.

    Attributes:
        constants: initializers by name.
        consumers: of each value; several times if a node takes it several times.
    """

    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    constants: Mapping[str, Array]
    consumers: Mapping[str, tuple[Node, ...]] = field(repr=False)

    def only_consumer(self, name: str, *operators: str) -> Node | None:
        """The node that alone takes a value, if it is of one of some types."""
        nodes = self.consumers.get(name, ())
        alone = len(nodes) == 1 and name not in self.outputs
        return nodes[0] if alone and nodes[0].operator in operators else None


def read(model: onnx.ModelProto) -> Network:
    """The network of a model that was checked; what its outputs do not need is left out."""
    graph = model.graph
    opset = next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    constants = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    outputs = tuple(entry.name for entry in graph.output)
    nodes = _needed([_node(proto, opset) for proto in graph.node], outputs)
    consumers: dict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        for name in filter(None, node.inputs):
            consumers[name].append(node)
    return Network(
        inputs=tuple(_input(entry) for entry in graph.input if entry.name not in constants),
        outputs=outputs,
        nodes=nodes,
        constants=constants,
        consumers={name: tuple(users) for name, users in consumers.items()},
    )


def _node(proto: onnx.NodeProto, opset: int) -> Node:
    return Node(
        operator=proto.op_type,
        inputs=tuple(proto.input),
        outputs=tuple(proto.output),
        attributes={entry.name: _attribute(entry) for entry in proto.attribute},
        opset=opset,
        name=proto.name,
        proto=proto,
    )


def _attribute(entry: onnx.AttributeProto) -> Any:
    value = onnx.helper.get_attribute_value(entry)
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, (int, float)):
        return value
    return [item.decode(errors="replace") if isinstance(item, bytes) else item for item in value]


def _input(entry: onnx.ValueInfoProto) -> Input:
    tensor = entry.type.tensor_type
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type).name
    dimensions = enumerate(tensor.shape.dim)
    return Input(entry.name, tuple(_size(entry.name, *item) for item in dimensions), dtype)


def _size(tensor: str, axis: int, dimension: onnx.TensorShapeProto.Dimension) -> Size:
    # Some exporters write 0 or -1 where a size is free.
    if dimension.dim_value > 0:
        return int(dimension.dim_value)
    name = dimension.dim_param
    return mark(f"{tensor}.{axis}" if name in _ANONYMOUS else name)


def _needed(nodes: list[Node], outputs: tuple[str, ...]) -> tuple[Node, ...]:
    needed, kept = set(outputs), []
    for node in reversed(nodes):
        if needed.intersection(node.outputs):
            kept.append(node)
            needed.update(node.inputs)
    return tuple(reversed(kept))
