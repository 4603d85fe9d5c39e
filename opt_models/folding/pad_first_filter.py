"""Convolutions that Paddle-Lite for x86 compiles for the one shape their model is first run with.

It writes machine code for dense convolutions of 3x3, 5x5 and 7x7 with the tensors' sizes in it
(lite/kernels/x86/conv_direct.h, chosen in conv_compute.cc); inputs of another shape are then read
and written out of bounds. A model with such a convolution must be opened anew for every shape.
"""

from __future__ import annotations

import numpy as np

from opt_models.folding import convolution
from opt_models.folding.graph import Graph
from opt_models.folding.row_ops import ROWS
from opt_models.formats.operator import Operator

#: Sides of kernels it compiles.
_SIDES = (3, 5, 7)
#: It compiles those whose number of outputs is a multiple of this.
_BLOCK = 8
#: Most channels a convolution may take for its other way, im2col and a matrix product, to be as
#: fast: 3, the picture's. With 96, in a detector, the network takes 1.9 times as long.
_FEW_CHANNELS = 4
#: The same for lines of text, whose height is known. PP-OCRv6's recognisers take 3 % longer with
#: 24 and 96; to open the small one anew takes 28 % of what it takes to read a line.
_FEW_CHANNELS_OF_LINES = 96


def pad(graph: Graph) -> int:
    """Give such convolutions a column of zeros: no kernel is compiled for 3x4.

    ``W' = [W, 0]`` with one column of padding more on the right computes the same from every input.
    Left as it is where any of them takes many channels: then nothing would be won.

    Returns:
        how many filters were padded.
    """
    convolutions = [operator for operator in graph.operators if is_compiled(graph, operator)]
    if any(graph.shape(conv.input("Filter"))[1] > _few(graph, conv) for conv in convolutions):
        return 0
    for conv in convolutions:
        values = graph.weight(conv.input("Filter"))
        padding = conv.get("paddings", [0, 0])[0]
        wide = np.pad(values, [(0, 0), (0, 0), (0, 0), (0, 1)])
        conv.set_input("Filter", graph.add_weight(wide, conv.input("Filter")))
        conv.set("paddings", [padding, padding, padding, padding + 1])
        graph.changed()
    return len(convolutions)


def _few(graph: Graph, conv: Operator) -> int:
    is_of_line = graph.shape(conv.input("Input"))[ROWS] > 0
    return _FEW_CHANNELS_OF_LINES if is_of_line else _FEW_CHANNELS


def is_compiled(graph: Graph, operator: Operator) -> bool:
    """Whether Paddle-Lite compiles this convolution for a shape."""
    if operator.type not in ("conv2d", "depthwise_conv2d"):
        return False
    if not convolution.is_convolution(graph, operator):
        return False
    outputs, _, height, width = graph.shape(operator.input("Filter"))
    down, right = operator.get("strides", [1, 1])
    paddings = set(operator.get("paddings", [0, 0]))
    return (
        outputs % _BLOCK == 0
        and operator.get("groups", 1) == 1
        and height == width
        and height in _SIDES
        and down == right
        and down in (1, 2)
        and set(operator.get("dilations", [1, 1])) == {1}
        and operator.get("padding_algorithm", "EXPLICIT") == "EXPLICIT"
        and len(paddings) == 1
        and max(paddings) <= down
    )
