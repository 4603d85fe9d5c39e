"""Pooling: affine maps done after it, and windows that Paddle-Lite is slow with."""

from __future__ import annotations

import numpy as np

from opt_models.folding import affine
from opt_models.folding.convolution import CHANNELS
from opt_models.folding.graph import Graph
from opt_models.folding.row_ops import ROWS, Writer
from opt_models.formats.operator import Operator

#: Height and width of the window that is fast, at a stride of its size (pooling2x2s2p0 in
#: lite/backends/arm/math/pooling.cc); only on tensors that are higher than the window.
_FAST = 2
#: Windows up to this height are rewritten; more rows would be too many operators.
_HIGHEST = 4


def move_past(graph: Graph) -> int:
    """Swap an affine map per channel with the pooling after it, which leaves less to do.

    The mean of ``s x + t`` is ``s`` times the mean of ``x`` plus ``t``, and the maximum likewise if
    ``s`` is positive. Where zeros are padded and counted that is not so.

    Returns:
        how many maps were moved.
    """
    return sum(_move(graph, operator) for operator in list(graph.operators))


def _move(graph: Graph, operator: Operator) -> bool:
    step = affine.read(graph, operator, CHANNELS)
    if step is None or len(graph.shape(step.x)) != 4 or operator.type == "batch_norm":
        return False
    users = graph.users(step.y)
    alone = len(graph.users(step.x)) == 1
    if len(users) != 1 or users[0].type != "pool2d" or not alone:
        return False
    pool = users[0]
    padded = any(pool.get("paddings", [0, 0])) or pool.get("padding_algorithm", "") == "SAME"
    average = pool.get("pooling_type", "max") == "avg"
    if not (average or (step.scale > 0).all()) or (padded and not pool.get("exclusive", True)):
        return False
    y = pool.output("Out")
    between = graph.add_variable(y)
    pool.rename_input(step.y, step.x)
    pool.set_output("Out", between)
    operator.rename_input(step.x, between)
    operator.set_output("Out", y)
    graph.remove(operator)
    graph.insert(operator, pool)
    return True


def over_rows(graph: Graph) -> int:
    """Write pooling with a window as high as the tensor as one of rows, then of pairs.

    Paddle-Lite compares the name of the kind of pooling for each element of a window it has no
    kernel for (pooling_basic in lite/backends/arm/math/pooling.cc). The maximum, or sum, of all
    rows is one operator on whole rows; the window of two columns that is left is a fast one if the
    row is there three times.

    Returns:
        how many were rewritten.
    """
    return sum(
        _over_rows(graph, operator)
        for operator in list(graph.operators)
        if operator.type == "pool2d"
    )


def _over_rows(graph: Graph, pool: Operator) -> bool:
    window = pool.get("ksize", [0, 0])
    shape = graph.shape(pool.input("X"))
    if len(shape) != 4 or shape[CHANNELS] < 1:
        return False
    height = shape[ROWS]
    if (
        window != [height, _FAST]
        or not 1 < height <= _HIGHEST
        or pool.get("strides", [1, 1]) != window
        or any(pool.get("paddings", [0, 0]))
        or pool.get("padding_algorithm", "EXPLICIT") == "SAME"
        or pool.get("ceil_mode", False)
        or pool.get("global_pooling", False)
        or pool.get("adaptive", False)
    ):
        return False
    average = pool.get("pooling_type", "max") == "avg"
    before = graph.maker(pool.input("X"))
    if before is None:
        return False
    y = pool.output("Out")
    writer = Writer(graph, before, pool.input("X"))
    rows = writer.rows(pool.input("X"), height)
    total = rows[0]
    for row in rows[1:]:
        both = writer.variable(1)
        kind = "elementwise_add" if average else "elementwise_max"
        writer.add(Operator.new(kind, {"X": total, "Y": row}, {"Out": both}, axis=-1))
        total = both
    tall = writer.variable(_FAST + 1)
    writer.stack([total] * (_FAST + 1), tall)
    pool.set_input("X", tall)
    pool.set("ksize", [_FAST, _FAST])
    pool.set("strides", [_FAST, _FAST])
    graph.changed()
    if average:
        # Of the rows only their sum was taken.
        channels = graph.shape(y)[CHANNELS]
        between = writer.variable(1)
        pool.set_output("Out", between)
        part = graph.add_weight(np.full(channels, 1 / height), f"{y}.part")
        graph.insert(
            Operator.new("elementwise_mul", {"X": between, "Y": part}, {"Out": y}, axis=CHANNELS),
            pool,
        )
    return True
