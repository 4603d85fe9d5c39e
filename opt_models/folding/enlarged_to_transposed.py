"""Convolutions of enlarged tensors as transposed convolutions of the small ones.

``W * up_s(x) = V *T x``, where ``up_s`` repeats each pixel s times along both axes and ``*T`` is a
transposed convolution with stride s. Row i of ``x`` stands in rows ``s i + a`` of ``up_s(x)``, a
from 0 to s - 1, and adds by row k of W, of K rows with ``p = (K - 1) / 2`` of padding, to row
``s i + a - k + p`` of the result. So ``V[t]`` is the sum of all ``W[k]`` with ``a - k = t - 2 p``,
for t from 0 to s + K - 2, with the padding p; columns are the same.

Tensors side by side that are enlarged by s and by multiples of it need one such convolution:
``W * [up_rs(x1); up_s(x2); x3] = V *T [up_r(x1); x2] + W3 * x3``. At the end of detectors, with a
window of 3x3 and tensors enlarged by 2, 4 and 8, each pixel of the result takes 4 products instead
of 9 of each channel that is enlarged, and only to half the height and width is anything enlarged.
"""

from __future__ import annotations

import numpy as np

from opt_models.folding import convolution, layers, nearest_to_copies, paddings
from opt_models.folding.convolution import CHANNELS
from opt_models.folding.graph import Array, Graph
from opt_models.folding.row_ops import Writer
from opt_models.folding.rule import Rule
from opt_models.formats.operator import Operator


def _is_candidate(graph: Graph, operator: Operator) -> bool:
    if operator.type != "concat" or operator.get("axis", 0) != CHANNELS:
        return False
    users = graph.users(operator.output("Out"))
    is_convolved = len(users) == 1 and users[0].type == "conv2d"
    return is_convolved and any(_enlargement(graph, name) for name in operator.many("X"))


def _enlargement(graph: Graph, name: str) -> Operator | None:
    """The operator that enlarges to a variable, if one does."""
    maker = graph.maker(name)
    is_one = maker is not None and nearest_to_copies.as_copies.is_candidate(graph, maker)
    return maker if is_one else None


def _obstacle(graph: Graph, concat: Operator) -> str:
    (conv,) = graph.users(concat.output("Out"))
    if not convolution.is_convolution(graph, conv) or conv.input("Bias"):
        return "the convolution is fused with another operator"
    if conv.get("groups", 1) != 1 or concat.input("AxisTensor"):
        return "the convolution is grouped, or the axis is a tensor"
    if conv.get("strides", [1, 1]) != [1, 1] or conv.get("dilations", [1, 1]) != [1, 1]:
        return "the convolution's stride is not 1, or it is dilated"
    height, width = graph.shape(conv.input("Filter"))[2:]
    around = paddings.of_stride_1(conv, height, width)
    if height != width or height % 2 == 0 or around != (height // 2,) * 4:
        return "the window is not square with as much padding on all sides as keeps the size"
    return _obstacle_of_parts(graph, concat)


def _obstacle_of_parts(graph: Graph, concat: Operator) -> str:
    names = concat.many("X")
    enlarged = {name: by for name in names if (by := _enlargement(graph, name))}
    for name, operator in enlarged.items():
        if reason := nearest_to_copies.as_copies.obstacle(graph, operator):
            return f"of {name}, {reason}"
        if len(graph.users(name)) != 1:
            return f"something else takes {name}, too"
    if len(names) - sum(name in enlarged for name in names) != 1:
        return "not exactly one tensor is not enlarged"
    if min(graph.shape(name)[CHANNELS] for name in names) < 1:
        return "the number of channels is not known"
    return ""


def _rewrite(graph: Graph, concat: Operator) -> None:
    (conv,) = graph.users(concat.output("Out"))
    writer = Writer(graph, conv, conv.output("Output"))
    end, bias = layers.take_bias(graph, conv)
    names = concat.many("X")
    borders = np.cumsum([graph.shape(name)[CHANNELS] for name in names])[:-1]
    filters = np.split(graph.weight(conv.input("Filter")), borders, axis=1)
    enlarged = [(by, w) for name, w in zip(names, filters) if (by := _enlargement(graph, name))]
    ((plain, rest),) = ((n, w) for n, w in zip(names, filters) if not _enlargement(graph, n))
    direct = conv.copy()
    direct.set_input("Input", plain)
    direct.set_input("Filter", graph.add_weight(rest, conv.input("Filter")))
    parts = [layers.convolve(writer, direct, bias), _transposed(graph, writer, conv, enlarged)]
    for operator in (conv, concat, *dict.fromkeys(by for by, _ in enlarged)):
        graph.remove(operator)
    layers.add_up(graph, writer, parts, end)


def _transposed(
    graph: Graph, writer: Writer, conv: Operator, enlarged: list[tuple[Operator, Array]]
) -> str:
    """Write the transposed convolution of what was enlarged; gives the variable of the result."""
    scale = min(nearest_to_copies.scale(by) for by, _ in enlarged)
    values = of_enlarged(np.concatenate([w for _, w in enlarged], axis=1), scale)
    filters = graph.add_weight(values, conv.input("Filter"))
    small = [_enlarged_less(graph, writer, by, scale) for by, _ in enlarged]
    inputs = {"Input": _side_by_side(graph, writer, small), "Filter": filters}
    result = writer.variable()
    padding = (values.shape[2] - scale) // 2
    writer.add(
        Operator.new(
            "conv2d_transpose",
            inputs,
            {"Output": result},
            strides=[scale, scale],
            paddings=[padding, padding],
            dilations=[1, 1],
            groups=1,
        )
    )
    return result


def _enlarged_less(graph: Graph, writer: Writer, by: Operator, scale: int) -> str:
    """Write an enlargement by so many times less; gives the variable of the result."""
    x, left = by.input("X"), nearest_to_copies.scale(by) // scale
    if left == 1:
        return x
    result = graph.add_variable(by.output("Out"))
    less = by.copy()
    less.set("scale", [float(left)] * 2)
    less.set_output("Out", result)
    writer.add(less)
    return result


def _side_by_side(graph: Graph, writer: Writer, names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    batch, channels = graph.shape(names[0])[0], sum(graph.shape(n)[CHANNELS] for n in names)
    result = graph.add_variable(names[0], (batch, channels, -1, -1))
    operator = Operator.new("concat", {}, {"Out": result}, axis=CHANNELS)
    operator.take("X", names)
    writer.add(operator)
    return result


def of_enlarged(values: Array, scale: int) -> Array:
    """The filter of the transposed convolution.

    Args:
        values: ``[out, in, K, K]``, of the convolution of enlarged tensors.
        scale: by which they are enlarged.

    Returns:
        ``[in, out, scale + K - 1, scale + K - 1]``.
    """
    flipped = values[:, :, ::-1, ::-1].swapaxes(0, 1)
    inputs, outputs, side, _ = flipped.shape
    result = np.zeros((inputs, outputs, scale + side - 1, scale + side - 1))
    for row in range(scale):
        for column in range(scale):
            result[:, :, row : row + side, column : column + side] += flipped
    return result


as_transposed = Rule(_is_candidate, _obstacle, _rewrite)
