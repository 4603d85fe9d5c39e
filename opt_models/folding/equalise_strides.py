"""Depthwise convolutions with a stride of their own for each direction.

Recognisers halve a line's height and keep its width, and once the other way round. Paddle-Lite has
fast depthwise kernels of 3x3 and 5x5 for equal strides only; with others it copies out each
output's inputs (im2col) and multiplies matrices of one row, on ARM in blocks of eight
(lite/kernels/arm/conv_compute.cc, lite/kernels/x86/conv_compute.cc).
"""

from __future__ import annotations

import numpy as np

from opt_models.folding import convolution
from opt_models.folding.graph import Graph
from opt_models.folding.row_ops import ROWS, Writer
from opt_models.formats.operator import Operator

#: Kernels that are fast with equal strides.
_SIDES = (3, 5)
#: An odd number of rows is taken apart one by one; more would be too many operators.
_MOST_ROWS = 7


def equalise(graph: Graph) -> int:
    """Write such convolutions with equal strides, where the tensor's height is known.

    Of half the height: ``conv(x, stride=(2, 1)) = conv(x, stride=1)[::2]``. Of half the width: its
    even rows are a convolution with stride 2, its odd rows one of the filter moved down by a row,
    ``W'[a + 2, b + 1] = W[a, b]`` for 3x3 in 5x5. More arithmetic, and yet a fraction of the work.

    Returns:
        how many convolutions were rewritten.
    """
    done = 0
    for operator in list(graph.operators):
        if _is_uneven(graph, operator):
            height = graph.shape(operator.input("Input"))[ROWS]
            if operator.get("strides", []) == [2, 1]:
                done += _halve_height(graph, operator, height)
            else:
                done += _halve_width(graph, operator, height)
    return done


def _is_uneven(graph: Graph, conv: Operator) -> bool:
    if (
        conv.type != "depthwise_conv2d"
        or not convolution.is_convolution(graph, conv)
        or conv.input("Bias")
        or sorted(conv.get("strides", [1, 1])) != [1, 2]
        or conv.get("padding_algorithm", "EXPLICIT") != "EXPLICIT"
        or conv.get("dilations", [1, 1]) != [1, 1]
    ):
        return False
    channels, _, *sides = graph.shape(conv.input("Filter"))
    side = sides[0]
    same = set(conv.get("paddings", [0, 0])) == {side // 2}
    return sides == [side, side] and side in _SIDES and channels % 4 == 0 and same


def _halve_height(graph: Graph, conv: Operator, height: int) -> bool:
    if height < 2 or (height % 2 and height > _MOST_ROWS):
        return False
    y = conv.output("Output")
    writer = Writer(graph, conv, y)
    whole = writer.variable(height)
    conv.set("strides", [1, 1])
    conv.set_output("Output", whole)
    graph.changed()
    writer.second_rows(whole, height, y)
    return True


def _halve_width(graph: Graph, conv: Operator, height: int) -> bool:
    values = graph.weight(conv.input("Filter"))
    if height < 2 or height % 2 or values.shape[2] != 3:
        return False
    y = conv.output("Output")
    writer = Writer(graph, conv, y)
    even, odd = writer.variable(height // 2), writer.variable(height // 2)
    lower = np.zeros((*values.shape[:2], 5, 5))
    lower[:, :, 2:, 1:4] = values
    twin = conv.copy()
    conv.set("strides", [2, 2])
    conv.set_output("Output", even)
    twin.set("strides", [2, 2])
    twin.set("paddings", [2, 2])
    twin.set_input("Filter", graph.add_weight(lower, conv.input("Filter")))
    twin.set_output("Output", odd)
    graph.changed()
    writer.add(twin)
    writer.interlace(even, odd, height, y)
    return True
