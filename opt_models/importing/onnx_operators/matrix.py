"""Products of matrices."""

from __future__ import annotations

import numpy as np

from opt_models.importing.onnx_network import Array, Node
from opt_models.importing.onnx_operators.arithmetic import binary
from opt_models.importing.onnx_translation import Tensor, Translation
from opt_models.importing.sizes import Shape
from opt_models.importing.unsupported import UnsupportedError


def matmul(translation: Translation, node: Node) -> None:
    """A product of stacks of matrices; those of one side may be one for all."""
    x, y = translation.tensor(node, 0), translation.tensor(node, 1)
    if min(x.rank, y.rank) < 2:
        raise UnsupportedError("multiplies a vector", "export the network with matrices instead")
    name = node.outputs[0]
    translation.bind(name, product(translation, x, y, name))


def product(translation: Translation, x: Tensor, y: Tensor, name: str) -> Tensor:
    """``x y`` over all but the last two axes."""
    front = _stack(x.shape[:-2], y.shape[:-2])
    shape = (*front, x.shape[-2], y.shape[-1])
    inputs = {"X": x, "Y": y}
    return translation.emit("matmul_v2", inputs, name, shape, trans_x=False, trans_y=False)


def _stack(left: Shape, right: Shape) -> Shape:
    """The axes in front; Paddle-Lite spreads neither side over the other, but for one matrix."""
    if not right or left == right:
        return left
    if not left:
        return right
    raise UnsupportedError(
        f"multiplies stacks of shapes {_text(left)} and {_text(right)}, which must be equal"
    )


def _text(shape: Shape) -> str:
    return f"[{', '.join(map(str, shape))}]"


def gemm(translation: Translation, node: Node) -> None:
    """``alpha A B + beta C``, with A or B turned: a linear layer."""
    attributes = node.attributes
    name = node.outputs[0]
    weight = translation.numbers(node, 1, "weights")
    x = translation.tensor(node, 0)
    if attributes.get("transA", 0):
        shape = (x.shape[1], x.shape[0])
        x = translation.emit(
            "transpose2", {"X": x}, f"{name}.turned", shape, extra=("XShape",), axis=[1, 0]
        )
    matrix = weight.T if attributes.get("transB", 0) else weight
    matrix = np.ascontiguousarray(matrix) * np.float32(attributes.get("alpha", 1.0))
    bias = translation.optional_numbers(node, 2, "bias")
    y = translation.weight(node.input(1), matrix)
    result = product(translation, x, y, name if bias is None else f"{name}.unbiased")
    translation.bind(result.name if bias is not None else name, result)
    if bias is not None:
        _add(translation, node, result, bias * np.float32(attributes.get("beta", 1.0)))


def _add(translation: Translation, node: Node, x: Tensor, bias: Array) -> None:
    constant = f"{node.input(2)}"
    translation.bind(x.name, x)
    scaled = constant if node.attributes.get("beta", 1.0) == 1 else f"{constant}.scaled"
    translation.bind(scaled, bias)
    binary(translation, Node("Add", (x.name, scaled), node.outputs, {}, node.opset, node.name))


OPERATORS = {"Gemm": gemm, "MatMul": matmul}
