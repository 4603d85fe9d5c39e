"""Squeeze-and-excitation blocks (Hu et al. 2018, arXiv 1709.01507): channels weighted by a gate."""

from __future__ import annotations

import numpy as np

from opt_models.folding.convolution import CHANNELS, add_shift
from opt_models.folding.graph import Graph
from opt_models.formats.operator import Operator


def fold_residual(graph: Graph) -> int:
    """Let gates with a shortcut around them work on the gate: ``x + x g = x (1 + g)``.

    The gate is ``[N, C, 1, 1]``, so that adding there is next to nothing, while the sum of two full
    tensors is one more pass over memory.

    Returns:
        how many blocks were rewritten.
    """
    return sum(
        _fold(graph, operator)
        for operator in list(graph.operators)
        if operator.type == "elementwise_mul"
    )


def _fold(graph: Graph, product: Operator) -> bool:
    x, gate = product.input("X"), product.input("Y")
    if graph.shape(x)[-2:] == (1, 1):
        x, gate = gate, x
    users = graph.users(product.output("Out"))
    shape = graph.shape(gate)
    small = len(shape) == 4 and shape[2:] == (1, 1) and shape[CHANNELS] > 0
    if not small or len(users) != 1 or users[0].type != "elementwise_add":
        return False
    total = users[0]
    if {total.input("X"), total.input("Y")} != {x, product.output("Out")}:
        return False
    same = graph.shape(x)[:2] == graph.shape(total.output("Out"))[:2]
    maker = graph.maker(gate)
    if not same or maker is None or shape[CHANNELS] != graph.shape(x)[CHANNELS]:
        return False
    more = graph.add_variable(gate)
    add_shift(graph, gate, more, np.ones(shape[CHANNELS]), after=maker)
    product.rename_input(gate, more)
    product.set_output("Out", total.output("Out"))
    graph.remove(total)
    return True
