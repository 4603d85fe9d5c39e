"""Sums, products and the like of two tensors, or of a tensor and constants."""

from __future__ import annotations

from typing import Mapping

import numpy as np

from opt_models.importing.onnx_network import Array, Node
from opt_models.importing.onnx_translation import Tensor, Translation
from opt_models.importing.sizes import Shape, Size, mark
from opt_models.importing.unsupported import UnsupportedError

#: On sizes, for shapes that a network computes.
_ON_SIZES: Mapping[str, np.ufunc] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.floor_divide,
}
_KINDS = {
    "Add": "elementwise_add",
    "Sub": "elementwise_sub",
    "Mul": "elementwise_mul",
    "Div": "elementwise_div",
    "Pow": "elementwise_pow",
    "Max": "elementwise_max",
    "Min": "elementwise_min",
}
_COMMUTATIVE = ("Add", "Mul", "Max", "Min")


def binary(translation: Translation, node: Node) -> None:
    """An operator on two tensors, the smaller of which is spread over the other."""
    left, right = (translation.content(node, index) for index in (0, 1))
    if left is not None and right is not None:
        _on_sizes(translation, node, left, right)
    elif right is not None:
        x = translation.tensor(node, 0)
        translation.bind(node.outputs[0], _with_constant(translation, node, x, 1, right))
    elif left is not None:
        x = translation.tensor(node, 1)
        translation.bind(node.outputs[0], _of_constant(translation, node, x, left))
    else:
        translation.bind(node.outputs[0], _of_tensors(translation, node))


def power(translation: Translation, node: Node) -> None:
    """A power; small whole ones as products."""
    exponent = translation.content(node, 1)
    if exponent is None or exponent.size != 1:
        return binary(translation, node)
    x = translation.tensor(node, 0)
    name, value = node.outputs[0], float(exponent.reshape(()))
    if value == 1:
        result = x
    elif value == 2:
        result = translation.emit("square", {"X": x}, name, x.shape)
    elif value == 0.5:
        result = translation.emit("sqrt", {"X": x}, name, x.shape)
    else:
        result = translation.emit("pow", {"X": x}, name, x.shape, factor=value)
    return translation.bind(name, result)


def many(translation: Translation, node: Node) -> None:
    """``Sum``, ``Max`` or ``Min`` of any number of tensors: two at a time."""
    operator = "Add" if node.operator == "Sum" else node.operator
    name = node.inputs[0]
    last = len(node.inputs) - 1
    if last == 0:
        return translation.bind(node.outputs[0], translation.tensor(node, 0))
    for index, other in enumerate(node.inputs[1:], 1):
        output = node.outputs[0] if index == last else f"{node.outputs[0]}.{index}"
        binary(translation, Node(operator, (name, other), (output,), {}, node.opset, node.name))
        name = output
    return None


def broadcast(left: Shape, right: Shape) -> Shape:
    """The shape of an operator on two tensors, as numpy has it."""
    rank = max(len(left), len(right))
    pairs = zip(_padded(left, rank), _padded(right, rank))
    return tuple(_joined(*pair) for pair in pairs)


def _joined(left: Size, right: Size) -> Size:
    if left == right or right == 1:
        return left
    if left == 1:
        return right
    if isinstance(left, int) and isinstance(right, int):
        raise UnsupportedError(f"meets sizes {left} and {right}, which do not fit")
    # A free size that meets a number is that number, or 1; two free ones are equal, or one is 1.
    if isinstance(left, int) or isinstance(right, int):
        return left if isinstance(left, int) else right
    return mark("|".join(sorted((str(left), str(right)))))


def _padded(shape: Shape, rank: int) -> Shape:
    return (1,) * (rank - len(shape)) + shape


def _on_sizes(translation: Translation, node: Node, left: Array, right: Array) -> None:
    if node.operator not in _ON_SIZES:
        raise UnsupportedError("computes a size in a way that cannot be followed")
    try:
        result = _ON_SIZES[node.operator](left.astype(object), right.astype(object))
    except ArithmeticError as error:
        raise UnsupportedError(
            f"computes a size in a way that cannot be followed: {error}"
        ) from None
    translation.bind(node.outputs[0], np.asarray(result, object))


def _of_tensors(translation: Translation, node: Node) -> Tensor:
    x, y = (translation.tensor(node, index) for index in (0, 1))
    shape = broadcast(x.shape, y.shape)
    if node.operator in _COMMUTATIVE and (y.rank, y.shape == shape) > (x.rank, x.shape == shape):
        # The runtime has fast code where the second one is spread over the first.
        x, y = y, x
    kind = _KINDS[node.operator]
    return translation.emit(kind, {"X": x, "Y": y}, node.outputs[0], shape, axis=-1)


def _with_constant(
    translation: Translation, node: Node, x: Tensor, index: int, values: Array
) -> Tensor:
    """A tensor and a constant, which becomes a weight without axes of size 1 at its ends.

    Folding knows channels and columns by that: ``[1, C, 1, 1]`` becomes ``[C]`` at axis 1.
    """
    shape = broadcast(x.shape, values.shape)
    if len(values.shape) > x.rank:
        x = reshaped(translation, x, shape)
    first, core = _core(values, len(shape))
    weight = translation.weight(node.input(index), core)
    axis = -1 if core.size == 1 else first
    kind = _KINDS[node.operator]
    return translation.emit(kind, {"X": x, "Y": weight}, node.outputs[0], shape, axis=axis)


def _core(values: Array, rank: int) -> tuple[int, Array]:
    """A constant without the axes of size 1 at its ends, and the tensor's axis it begins at."""
    wide = [axis for axis, size in enumerate(values.shape) if size != 1]
    if not wide:
        return rank - 1, values.reshape(1)
    first, last = wide[0], wide[-1]
    return rank - values.ndim + first, values.reshape(values.shape[first : last + 1])


def _of_constant(translation: Translation, node: Node, x: Tensor, values: Array) -> Tensor:
    """A constant and a tensor."""
    if node.operator in _COMMUTATIVE:
        return _with_constant(translation, node, x, 0, values)
    name = node.outputs[0]
    if node.operator == "Sub":
        turned = translation.emit(
            "scale",
            {"X": x},
            f"{name}.negative",
            x.shape,
            scale=-1.0,
            bias=0.0,
            bias_after_scale=True,
        )
        as_sum = Node("Add", node.inputs, node.outputs, {}, node.opset, node.name)
        return _with_constant(translation, as_sum, turned, 0, values)
    if node.operator == "Div":
        inverse = translation.emit("reciprocal", {"X": x}, f"{name}.inverse", x.shape)
        as_product = Node("Mul", node.inputs, node.outputs, {}, node.opset, node.name)
        return _with_constant(translation, as_product, inverse, 0, values)
    raise UnsupportedError("takes a constant to powers that depend on what the network is fed with")


def reshaped(translation: Translation, x: Tensor, shape: Shape) -> Tensor:
    """A tensor with axes of size 1 in front, to the rank of a shape."""
    more = len(shape) - x.rank
    return translation.emit(
        "unsqueeze2",
        {"X": x},
        f"{x.name}.unsqueezed",
        (1,) * more + x.shape,
        extra=("XShape",),
        axes=list(range(more)),
    )


OPERATORS = {
    "Add": binary,
    "Sub": binary,
    "Mul": binary,
    "Div": binary,
    "Pow": power,
    "Sum": many,
    "Max": many,
    "Min": many,
}
