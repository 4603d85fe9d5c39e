"""Convolutions of 2x2 that keep the size as ones of 3x3.

``W' * x = W * x`` with ``W'[a + 1 - top, b + 1 - left] = W[a, b]``, where ``top`` and ``left`` are
the zeros that ``W * x`` puts before the first row and column, and zeros in what is left of ``W'``.
With one row and column of zeros around ``x`` on each side the sums have the same products and some
with zeros, which add nothing.

For 3x3 with stride 1 Paddle-Lite has Winograd's algorithm on ARM (Lavin and Gray 2015, arXiv
1509.09308) and compiles machine code on x86; for 2x2 it copies out the inputs of each output
(im2col) and multiplies matrices (lite/kernels/arm/conv_compute.cc, lite/kernels/x86/
conv_compute.cc).
"""

from __future__ import annotations

import numpy as np

from opt_models.folding import convolution, paddings
from opt_models.folding.graph import Graph
from opt_models.folding.rule import Rule
from opt_models.formats.operator import Operator

_SIDE = 2
#: x86 compiles convolutions whose outputs come in blocks of so many. For others 3x3 takes 2.3
#: times the copying of 2x2.
_BLOCK = 8


def _is_candidate(graph: Graph, operator: Operator) -> bool:
    shape = graph.shape(operator.input("Filter"))
    dense = operator.type == "conv2d" and operator.get("groups", 1) == 1
    return dense and shape[2:] == (_SIDE, _SIDE)


def _obstacle(graph: Graph, conv: Operator) -> str:
    if not convolution.is_convolution(graph, conv):
        return "it is fused with another operator"
    if conv.get("strides", [1, 1]) != [1, 1]:
        return "its stride is not 1"
    if conv.get("dilations", [1, 1]) != [1, 1]:
        return "it is dilated"
    around = paddings.of_stride_1(conv, _SIDE, _SIDE)
    if around is None or sorted(around[:2]) != [0, 1] or sorted(around[2:]) != [0, 1]:
        return "it does not keep the size"
    return ""


def _obstacle_on_x86(graph: Graph, conv: Operator) -> str:
    if convolution.outputs(graph, conv) % _BLOCK:
        return f"its outputs are no multiple of {_BLOCK}"
    return _obstacle(graph, conv)


def _enlarge(graph: Graph, conv: Operator) -> None:
    top, bottom, left, right = paddings.of_stride_1(conv, _SIDE, _SIDE) or (0, 0, 0, 0)
    name = conv.input("Filter")
    wide = np.pad(graph.weight(name), [(0, 0), (0, 0), (bottom, top), (right, left)])
    conv.set_input("Filter", graph.add_weight(wide, name))
    conv.set("paddings", [1, 1])
    conv.set("padding_algorithm", "EXPLICIT")
    graph.changed()


for_arm = Rule(_is_candidate, _obstacle, _enlarge)
for_x86 = Rule(_is_candidate, _obstacle_on_x86, _enlarge)
