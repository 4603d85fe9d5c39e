"""Enlargement to the nearest pixel as copies of columns and of rows, for x86.

``up(x)[s i + a, s j + b] = x[i, j]`` for a and b from 0 to s - 1. Columns are repeated by a product
with ones, ``x[i, j] [1 ... 1]``, rows by putting each s times on top of itself: every number comes
out as it went in.

Paddle-Lite computes the place of each pixel in floats (lite/backends/x86/math/interpolate.cc),
which takes three times as long as a product of MKL and copies of whole rows.
"""

from __future__ import annotations

import numpy as np

from opt_models.folding.convolution import CHANNELS
from opt_models.folding.graph import Graph
from opt_models.folding.row_ops import Writer
from opt_models.folding.rule import Rule
from opt_models.formats.operator import Operator

#: Scales with which both ways take the same pixels: their inverse is exact in floating point.
_SCALES = (2.0, 4.0, 8.0)


def _is_candidate(graph: Graph, operator: Operator) -> bool:
    return operator.type == "nearest_interp_v2"


def _obstacle(graph: Graph, operator: Operator) -> str:
    if any(operator.many(side) for side in ("OutSize", "SizeTensor", "Scale")):
        return "its size is a tensor"
    if operator.get("align_corners", False) or operator.get("data_layout", "NCHW") != "NCHW":
        return "it aligns corners, or its layout is not NCHW"
    scales = _scales(operator)
    if len(set(scales)) != 1 or scales[0] not in _SCALES:
        return f"its scales are {scales}, not one that is 2, 4 or 8"
    shape = graph.shape(operator.input("X"))
    if len(shape) != 4 or shape[CHANNELS] < 1:
        return "the number of its channels is not known"
    return ""


def _scales(operator: Operator) -> tuple[float, ...]:
    """Of rows and columns, or of both; empty if sizes are given instead."""
    value = operator.get("scale", ())
    return (value,) if isinstance(value, float) else tuple(value)


def scale(operator: Operator) -> int:
    """How many times an operator without an obstacle enlarges both sides."""
    return int(_scales(operator)[0])


def _rewrite(graph: Graph, operator: Operator) -> None:
    x, y = operator.input("X"), operator.output("Out")
    batch, channels = graph.shape(x)[:2]
    times = scale(operator)
    ones = graph.add_weight(np.ones((1, times)), y)
    writer = Writer(graph, operator, x)
    single, repeated = (graph.add_variable(x, (batch, channels, -1, -1, n)) for n in (1, times))
    wide, rows, stacked = (writer.variable() for _ in range(3))
    writer.reshape(x, single, [0, 0, 0, 0, 1])
    inputs = {"X": single, "Y": ones}
    writer.add(Operator.new("mul", inputs, {"Out": repeated}, x_num_col_dims=4, y_num_col_dims=1))
    writer.reshape(repeated, wide, [0, 0, 0, -1])
    # Each row of each channel as a picture of one row.
    writer.reshape(wide, rows, [0, -1, 1, 0])
    writer.stack([rows] * times, stacked)
    writer.reshape(stacked, y, [0, channels, -1, 0])
    graph.remove(operator)


as_copies = Rule(_is_candidate, _obstacle, _rewrite)
