"""Heights of tensors: of lines of text all are known, since their input has one height only."""

from __future__ import annotations

from opt_models.folding.graph import Graph
from opt_models.formats.operator import Operator

#: Operators that keep the height of their first input.
_KEEP = (
    *("batch_norm", "scale", "dropout", "assign"),
    *("relu", "relu6", "leaky_relu", "prelu", "hard_swish", "hard_sigmoid", "sigmoid", "swish"),
    *("elementwise_add", "elementwise_sub", "elementwise_mul", "elementwise_div"),
)
_WINDOWS = ("conv2d", "depthwise_conv2d", "pool2d")


def declare(graph: Graph, height: int) -> bool:
    """Write the heights of tensors in NCHW into a program where they follow from its input's.

    Args:
        height: of all inputs, in pixels.

    Returns:
        whether the program can have such inputs; it is left as it was if not.
    """
    fed = [
        name for operator in graph.operators if operator.type == "feed" for name in operator.outputs
    ]
    if any(graph.shape(name)[2:3] not in ((-1,), (height,)) for name in fed):
        return False
    for operator in graph.operators:
        for name in operator.outputs:
            shape = graph.shape(name)
            if len(shape) == 4 and shape[2] < 1 and not graph.is_weight(name):
                known = height if operator.type == "feed" else _height(graph, operator)
                if known > 0:
                    graph.set_shape(name, (*shape[:2], known, shape[3]))
    return True


def _height(graph: Graph, operator: Operator) -> int:
    """Height of what an operator gives; 0 if it is not known."""
    shapes = [graph.shape(name) for name in operator.inputs if not graph.is_weight(name)]
    given = [shape[2] if len(shape) == 4 else 0 for shape in shapes]
    if not given or min(given) < 1:
        return 0
    if operator.type in _KEEP:
        return max(given)  # a smaller one is spread over the other
    if operator.type not in _WINDOWS or len(given) != 1:
        return 0
    if operator.get("padding_algorithm", "EXPLICIT") != "EXPLICIT":
        return 0
    paddings = operator.get("paddings", [0, 0])
    stride, dilation = operator.get("strides", [1, 1])[0], operator.get("dilations", [1])[0]
    if operator.type == "pool2d":
        if operator.get("adaptive", False):
            return int(operator.get("ksize", [0])[0])
        if operator.get("global_pooling", False):
            return 1
        window, ceil = operator.get("ksize", [0])[0], operator.get("ceil_mode", False)
    else:
        window, ceil = graph.shape(operator.input("Filter"))[2], False
    around = 2 * paddings[0] if len(paddings) == 2 else paddings[0] + paddings[1]
    left = given[0] + around - (dilation * (window - 1) + 1)
    return int((-(-left // stride) if ceil else left // stride) + 1)
