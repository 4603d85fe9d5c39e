"""The maximum of each pixel and three neighbours as one of a tensor and its shifts, for ARM.

``m = max(x, right(x)); y = max(m, down(m))`` with ``right(x)[i, j] = x[i, j + 1]`` and
``down(m)[i, j] = m[i + 1, j]``, which are depthwise convolutions of 3x3 with a single 1 in the
filter. Beyond the edges they bring in zeros, where the pooling has nothing: the same, if no ``x``
is below 0.

For 2x2 with stride 1 and unequal paddings Paddle-Lite compares the name of the kind of pooling for
each of the four (pooling_basic in lite/backends/arm/math/pooling.cc), 480 instructions a pixel;
this takes 12. With equal paddings and a cut it would take 80, but there all threads of that library
write to one buffer (pooling_common_padding_s1_max): with four of them a third of the values came
out wrong.
"""

from __future__ import annotations

import numpy as np

from opt_models.folding import paddings
from opt_models.folding.convolution import CHANNELS
from opt_models.folding.graph import Graph
from opt_models.folding.row_ops import Writer
from opt_models.folding.rule import Rule
from opt_models.formats.operator import Operator

_SIDE = 2
#: Functions that give nothing below 0.
_NOT_NEGATIVE = ("relu", "relu6", "sigmoid", "hard_sigmoid")
#: Row and column of the 1 in a filter of 3x3.
_RIGHT, _DOWN = (1, 2), (2, 1)


def _is_candidate(graph: Graph, operator: Operator) -> bool:
    return (
        operator.type == "pool2d"
        and operator.get("pooling_type", "max") == "max"
        and operator.get("ksize", []) == [_SIDE, _SIDE]
        and operator.get("strides", [1, 1]) == [1, 1]
        and not operator.get("adaptive", False)
        and not operator.get("global_pooling", False)
    )


def _obstacle(graph: Graph, pool: Operator) -> str:
    if paddings.of_stride_1(pool, _SIDE, _SIDE) != (0, 1, 0, 1):
        return "it does not pad one row below and one column to the right"
    maker = graph.maker(pool.input("X"))
    if maker is None or maker.type not in _NOT_NEGATIVE:
        return "its input may be below 0"
    shape = graph.shape(pool.input("X"))
    if len(shape) != 4 or shape[CHANNELS] < 1:
        return "the number of its channels is not known"
    return ""


def _rewrite(graph: Graph, pool: Operator) -> None:
    x, y = pool.input("X"), pool.output("Out")
    writer = Writer(graph, pool, x)
    wide = writer.variable()
    _maximum(graph, writer, x, _RIGHT, wide)
    _maximum(graph, writer, wide, _DOWN, y)
    graph.remove(pool)


def _maximum(graph: Graph, writer: Writer, x: str, offset: tuple[int, int], y: str) -> None:
    """Let ``y`` be the larger one of ``x`` and its shift."""
    channels, shifted = graph.shape(x)[CHANNELS], writer.variable()
    single = np.zeros((channels, 1, 3, 3))
    single[:, :, offset[0], offset[1]] = 1
    writer.add(
        Operator.new(
            "depthwise_conv2d",
            {"Input": x, "Filter": graph.add_weight(single, y)},
            {"Output": shifted},
            strides=[1, 1],
            paddings=[1, 1],
            dilations=[1, 1],
            groups=channels,
        )
    )
    writer.add(Operator.new("elementwise_max", {"X": x, "Y": shifted}, {"Out": y}, axis=-1))


as_shifts = Rule(_is_candidate, _obstacle, _rewrite)
