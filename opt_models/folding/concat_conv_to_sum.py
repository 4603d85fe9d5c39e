"""A convolution of tensors side by side as the sum of a convolution of each, for x86.

``W * [x1; x2] = W1 * x1 + W2 * x2`` with ``W = [W1, W2]`` along the input channels: the same
products, added up in another order.

``concat`` copies all of its inputs. Where a convolution with a stride of 2 follows, the results are
a quarter of that, so that adding them touches less memory than copying.
"""

from __future__ import annotations

import numpy as np

from opt_models.folding import convolution, layers
from opt_models.folding.convolution import CHANNELS
from opt_models.folding.graph import Graph
from opt_models.folding.row_ops import Writer
from opt_models.folding.rule import Rule
from opt_models.formats.operator import Operator

#: More tensors would need as many additions more.
_MOST = 2


def _is_candidate(graph: Graph, operator: Operator) -> bool:
    if operator.type != "concat" or operator.get("axis", 0) != CHANNELS:
        return False
    users = graph.users(operator.output("Out"))
    return len(users) == 1 and users[0].type == "conv2d"


def _obstacle(graph: Graph, concat: Operator) -> str:
    (conv,) = graph.users(concat.output("Out"))
    if not convolution.is_convolution(graph, conv) or conv.input("Bias"):
        return "the convolution is fused with another operator"
    if conv.get("groups", 1) != 1 or concat.input("AxisTensor"):
        return "the convolution is grouped, or the axis is a tensor"
    if min(conv.get("strides", [1, 1])) < 2:
        return "the results are no smaller than what is put side by side"
    names = concat.many("X")
    if len(names) != _MOST or min(graph.shape(name)[CHANNELS] for name in names) < 1:
        return f"it is not {_MOST} tensors of a known number of channels"
    return ""


def _split(graph: Graph, concat: Operator) -> None:
    (conv,) = graph.users(concat.output("Out"))
    writer = Writer(graph, conv, conv.output("Output"))
    end, bias = layers.take_bias(graph, conv)
    names = concat.many("X")
    channels = [graph.shape(name)[CHANNELS] for name in names]
    filters = np.split(graph.weight(conv.input("Filter")), np.cumsum(channels)[:-1], axis=1)
    parts = []
    for name, values in zip(names, filters):
        part = conv.copy()
        part.set_input("Input", name)
        part.set_input("Filter", graph.add_weight(values, conv.input("Filter")))
        parts.append(layers.convolve(writer, part, bias))
        bias = ""
    graph.remove(conv)
    graph.remove(concat)
    layers.add_up(graph, writer, parts, end)


split = Rule(_is_candidate, _obstacle, _split)
