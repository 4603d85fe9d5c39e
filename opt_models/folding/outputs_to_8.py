"""Convolutions given outputs of zeros until their number is a multiple of 8, for x86.

``[W; 0] * x = [W * x; 0]``, and behind a function f of single elements a convolution whose filter
has zeros for the new channels computes what it did: ``[V, 0] * f([W * x; 0]) = V * f(W * x)``.

Paddle-Lite compiles machine code for dense convolutions of 3x3 whose outputs come in blocks of 8
(lite/kernels/x86/conv_compute.cc). For others it copies out the inputs of each output (im2col): for
24 channels of 320 x 320, as in PP-OCRv6's small detector, to 88 MB.
"""

from __future__ import annotations

from typing import Sequence

import numpy as np

from opt_models.folding import convolution, layers
from opt_models.folding.convolution import CHANNELS
from opt_models.folding.graph import Graph
from opt_models.folding.rule import Rule
from opt_models.formats.operator import Operator

_BLOCK = 8
_SIDES = (2, 3)


def _is_candidate(graph: Graph, operator: Operator) -> bool:
    outputs, *_, height, width = graph.shape(operator.input("Filter")) or (0, 0, 0)
    # With fewer outputs than one block the zeros would be most of the work.
    dense = _is_dense(graph, operator) and outputs > _BLOCK and outputs % _BLOCK != 0
    return dense and height == width and height in _SIDES


def _is_dense(graph: Graph, operator: Operator) -> bool:
    return operator.type == "conv2d" and operator.get("groups", 1) == 1


def _obstacle(graph: Graph, conv: Operator) -> str:
    if not convolution.is_convolution(graph, conv) or conv.input("Bias"):
        return "it is fused with another operator"
    layer = layers.after(graph, conv)
    if layer is None or not _is_dense(graph, layer.taker):
        return "not only a dense convolution takes its result"
    if not convolution.is_convolution(graph, layer.taker):
        return "the convolution after it is fused with another operator"
    return ""


def _round_up(graph: Graph, conv: Operator) -> None:
    layer = layers.known_after(graph, conv)
    outputs = convolution.outputs(graph, conv)
    more = -outputs % _BLOCK
    _pad(graph, conv, "Filter", [(0, more), (0, 0), (0, 0), (0, 0)])
    _pad(graph, layer.taker, "Filter", [(0, 0), (0, more), (0, 0), (0, 0)])
    for shift in layer.shifts:
        _pad(graph, shift, "Y", [(0, more)])
    for name in (name for operator in (conv, *layer.between) for name in operator.outputs):
        shape = graph.shape(name)
        graph.set_shape(name, (*shape[:CHANNELS], outputs + more, *shape[CHANNELS + 1 :]))
    graph.changed()


def _pad(graph: Graph, operator: Operator, side: str, around: Sequence[tuple[int, int]]) -> None:
    """Put zeros around a weight of an operator."""
    name = operator.input(side)
    operator.set_input(side, graph.add_weight(np.pad(graph.weight(name), around), name))


round_up = Rule(_is_candidate, _obstacle, _round_up)
