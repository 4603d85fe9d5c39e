"""How large the values of a network are, for an input of some shape.

There is a rule for each kind of operator that keeps to pictures and maps, NCHW, and computes its
output into memory of its own. The others (which may put out their input's memory, as `reshape2`
does, or have levels of detail) have none, and sizes are unknown from there on.
"""

from __future__ import annotations

from math import prod
from typing import Callable, Mapping, Optional, Sequence, Tuple

from opt_models.formats.summary import KERNEL
from opt_models.formats.topology import Operator, Topology

Shape = Tuple[int, ...]
#: Shapes by parameter, of the inputs whose shape is known; then the shape of the output.
Rule = Callable[[Operator, Mapping[str, Sequence[Shape]]], Optional[Shape]]

#: Bytes of an element by the precision in a kernel's name (Paddle-Lite, lite/api/paddle_place.h).
_WIDTHS = {"1": 4, "2": 1, "5": 2}
#: Kernels that put out another precision than they compute in.
_ALIASES = {"fp32_out": 4, "int8_to_fp32": 4, "int8_out": 1, "fp32_to_int8": 1}


def sizes(topology: Topology, shape: Shape) -> list[int | None]:
    """Bytes of each operator's output, for one input; None where they are not known.

    Args:
        topology: of the network.
        shape: of its input, NCHW.
    """
    known: dict[str, tuple[Shape, int]] = {}
    weights = {name: weight.shape for name, weight in topology.weights.items()}
    sizes: list[int | None] = []
    for operator in topology.operators:
        outputs = [name for names in operator.outputs.values() for name in names]
        result = _output(operator, shape, known, weights)
        for name in outputs:
            known.pop(name, None)
        if result is not None and len(outputs) == 1:
            known[outputs[0]] = result
            sizes.append(prod(result[0]) * result[1])
        else:
            sizes.append(None)
    return sizes


def has_rule(operator: Operator) -> bool:
    """Whether an operator is one that keeps its output in memory of its own."""
    return operator.type in _RULES


def by_element(topology: Topology, shape: Shape) -> set[int]:
    """The operators that make each element of their output of those at its place in the inputs.

    They may put out into the memory of an input: kernels load some elements, compute, and store
    them where they were (Paddle-Lite, lite/backends/arm/math/elementwise.cc and activation.cc).

    Args:
        topology: of the network.
        shape: of its input, NCHW.

    Returns:
        their indices; those of whose inputs that are no weights one has another size are not among
        them, for one input is repeated there, or given another precision.
    """
    known = sizes(topology, shape)
    held: dict[str, int | None] = {}
    indices: set[int] = set()
    for index, operator in enumerate(topology.operators):
        taken = [name for names in operator.inputs.values() for name in names]
        given = {held.get(name) for name in taken if name not in topology.weights}
        if operator.type in _BY_ELEMENT and given == {known[index]} != {None}:
            indices.add(index)
        held.update((name, known[index]) for names in operator.outputs.values() for name in names)
    return indices


def _output(
    operator: Operator,
    shape: Shape,
    known: Mapping[str, tuple[Shape, int]],
    weights: Mapping[str, Shape],
) -> tuple[Shape, int] | None:
    """Shape of an operator's output and bytes of its elements."""
    if operator.type == "feed":
        return shape, 4
    rule = _RULES.get(operator.type)
    if rule is None:
        return None
    inputs: dict[str, list[Shape]] = {}
    width = 0
    for key, names in operator.inputs.items():
        for name in names:
            if name in known:
                width = max(width, known[name][1])
                inputs.setdefault(key, []).append(known[name][0])
            elif name in weights:
                inputs.setdefault(key, []).append(weights[name])
            else:
                return None
    output = rule(operator, inputs)
    if output is None or any(side < 1 for side in output):
        return None
    return output, _width(operator, width)


def _width(operator: Operator, inputs: int) -> int:
    parts = str(operator.attributes.get(KERNEL, "")).split("/")
    if len(parts) != 5:
        return inputs
    return _ALIASES.get(parts[1], _WIDTHS.get(parts[3], inputs))


def _same(operator: Operator, inputs: Mapping[str, Sequence[Shape]]) -> Shape | None:
    return next((shapes[0] for key, shapes in inputs.items() if key in ("X", "Input")), None)


def _broadcast(operator: Operator, inputs: Mapping[str, Sequence[Shape]]) -> Shape | None:
    (x,), (y,) = inputs.get("X", ((),)), inputs.get("Y", ((),))
    if len(x) != len(y):
        return x if len(x) > len(y) else None
    return tuple(map(max, x, y))


def _convolution(operator: Operator, inputs: Mapping[str, Sequence[Shape]]) -> Shape | None:
    (x,), (weight,) = inputs["Input"], inputs["Filter"]
    sides = _windows(operator, x[2:], weight[2:], _pair(operator, "dilations", 1))
    return None if sides is None else (x[0], weight[0], *sides)


def _transposed(operator: Operator, inputs: Mapping[str, Sequence[Shape]]) -> Shape | None:
    (x,), (weight,) = inputs["Input"], inputs["Filter"]
    pads = _pads(operator)
    if (
        pads is None
        or operator.attributes.get("output_size")
        or operator.attributes.get("output_padding")
    ):
        return None
    strides, dilations = _pair(operator, "strides", 1), _pair(operator, "dilations", 1)
    sides = (
        (side - 1) * strides[n] - pads[2 * n] - pads[2 * n + 1] + dilations[n] * (kernel - 1) + 1
        for n, (side, kernel) in enumerate(zip(x[2:], weight[2:]))
    )
    return (x[0], weight[1] * int(str(operator.attributes.get("groups", 1))), *sides)


def _pooling(operator: Operator, inputs: Mapping[str, Sequence[Shape]]) -> Shape | None:
    (x,) = inputs["X"]
    kernel = _pair(operator, "ksize", 1)
    if operator.attributes.get("global_pooling"):
        return (*x[:2], 1, 1)
    if operator.attributes.get("adaptive"):
        return (*x[:2], *kernel)
    sides = _windows(operator, x[2:], kernel, (1, 1), bool(operator.attributes.get("ceil_mode")))
    return None if sides is None else (*x[:2], *sides)


def _resized(operator: Operator, inputs: Mapping[str, Sequence[Shape]]) -> Shape | None:
    if inputs.keys() != {"X"}:
        return None
    (x,) = inputs["X"]
    scale = operator.attributes.get("scale", ())
    scales = scale if isinstance(scale, tuple) else (scale,)
    if scales and all(isinstance(scale, (int, float)) and scale > 0 for scale in scales):
        return (*x[:2], *(int(side * float(by)) for side, by in zip(x[2:], (scales * 2)[:2])))
    sides = operator.attributes.get("out_h"), operator.attributes.get("out_w")
    return (*x[:2], *(int(str(side)) for side in sides if side is not None))


def _joined(operator: Operator, inputs: Mapping[str, Sequence[Shape]]) -> Shape | None:
    if inputs.keys() != {"X"}:
        return None
    axis = int(str(operator.attributes.get("axis", 0)))
    shapes = inputs["X"]
    if not -len(shapes[0]) <= axis < len(shapes[0]):
        return None
    result = list(shapes[0])
    result[axis] = sum(shape[axis] for shape in shapes)
    return tuple(result)


def _windows(
    operator: Operator, sides: Shape, kernel: Shape, dilations: Shape, ceil: bool = False
) -> Shape | None:
    """Sides of what windows that move over a map give."""
    strides, pads = _pair(operator, "strides", 1), _pads(operator)
    if operator.attributes.get("padding_algorithm") == "SAME":
        return tuple(-(-side // stride) for side, stride in zip(sides, strides))
    if pads is None:
        return None
    spaces = [
        side + pads[2 * n] + pads[2 * n + 1] - dilations[n] * (kernel[n] - 1) - 1
        for n, side in enumerate(sides)
    ]
    return tuple(
        (-(-space // stride) if ceil else space // stride) + 1
        for space, stride in zip(spaces, strides)
    )


def _pads(operator: Operator) -> Shape | None:
    """Paddings: top, bottom, left, right."""
    if operator.attributes.get("padding_algorithm") == "VALID":
        return (0, 0, 0, 0)
    pads = _pair(operator, "paddings", 0)
    if len(pads) == 2:
        return (pads[0], pads[0], pads[1], pads[1])
    return pads if len(pads) == 4 else None


def _pair(operator: Operator, name: str, default: int) -> Shape:
    value = operator.attributes.get(name, ())
    return tuple(map(int, value)) if isinstance(value, tuple) and value else (default, default)


#: Kinds of operators that compute element by element of one input, or of two alike ones.
_OF_ONE = {
    *("clip", "exp", "gelu", "hard_sigmoid", "hard_swish", "leaky_relu", "relu", "relu6"),
    *("scale", "sigmoid", "sqrt", "swish", "tanh"),
}
_OF_TWO = {
    *(f"elementwise_{kind}" for kind in ("add", "div", "max", "min", "mul", "sub")),
    *("fusion_elementwise_add_activation", "fusion_elementwise_mul_activation"),
}
#: Those of them that ARM's kernels compute in one pass over the elements.
_BY_ELEMENT = {"elementwise_add", "elementwise_mul", "hard_sigmoid", "hard_swish", "relu"}

_RULES: dict[str, Rule] = {
    **dict.fromkeys((*_OF_ONE, "calib", "prelu", "softmax"), _same),
    **dict.fromkeys(_OF_TWO, _broadcast),
    **dict.fromkeys(("conv2d", "depthwise_conv2d"), _convolution),
    "conv2d_transpose": _transposed,
    "pool2d": _pooling,
    **dict.fromkeys(
        ("bilinear_interp", "bilinear_interp_v2", "nearest_interp", "nearest_interp_v2"), _resized
    ),
    "concat": _joined,
}
