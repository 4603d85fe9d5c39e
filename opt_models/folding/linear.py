"""Linear layers: a tensor times a matrix of weights, ``[..., in] x [in, out]``.

As ``mul`` in all cases. opt makes one ``fc`` of a ``mul`` and the bias after it, on x86 of no other
product (lite/core/optimizer/mir/fusion/fc_fuse_pass.cc). And of ``matmul`` and ``matmul_v2`` opt
also quantises the weights with ``--quant_model`` (post_quant_dynamic_pass.cc), while the runtime
turns only those of ``mul``, ``fc`` and convolutions back into floats (lite/api/light_api.cc,
DequantizeWeight): PP-OCRv4's recogniser then gives NaN.
"""

from __future__ import annotations

import numpy as np

from opt_models.folding import affine
from opt_models.folding.affine import Affine
from opt_models.folding.graph import Array, Graph
from opt_models.formats.operator import Operator

_OTHERS = ("matmul", "matmul_v2")
#: Attributes of the two products that ``mul`` has not, by what they say.
_TURNED_X = ("trans_x", "transpose_X")
_TURNED_Y = ("trans_y", "transpose_Y")


def as_mul(graph: Graph) -> int:
    """Write each product of a tensor and a matrix of weights as ``mul``: the same, to the last bit.

    Returns:
        how many were rewritten.
    """
    return sum(_as_mul(graph, operator) for operator in graph.operators)


def others(graph: Graph) -> list[str]:
    """Products of a tensor and weights that are no ``mul``: kinds, and shapes of the weights."""
    return [
        f"{operator.type} with weights {list(graph.shape(name))}"
        for operator in graph.operators
        for name in (operator.input("X"), operator.input("Y"))
        if operator.type in _OTHERS and graph.is_weight(name)
    ]


def _as_mul(graph: Graph, operator: Operator) -> bool:
    if operator.type not in _OTHERS:
        return False
    x, weight = operator.input("X"), operator.input("Y")
    rank, shape = len(graph.shape(x)), graph.shape(weight)
    turned = any(operator.get(name, False) for name in _TURNED_X)
    if not graph.is_weight(weight) or turned or rank < 2 or len(shape) != 2:
        return False
    values = graph.weight(weight)
    alpha = float(operator.get("alpha", 1.0))
    if any(operator.get(name, False) for name in _TURNED_Y):
        values = values.T
    if values is not graph.weight(weight) or alpha != 1:
        operator.set_input("Y", graph.add_weight(values * alpha, weight))
    operator.message.type = "mul"
    for name in (*_TURNED_X, *_TURNED_Y, "alpha"):
        operator.drop(name)
    operator.set("x_num_col_dims", rank - 1)
    operator.set("y_num_col_dims", 1)
    graph.changed()
    return True


def fold_after(graph: Graph) -> int:
    """Fold the affine maps of columns after linear layers into their weights and one bias.

    ``s (x W + b) + t = x (W s) + (s b + t)``.

    Returns:
        how many operators were folded.
    """
    return sum(
        _fold_chain(graph, operator)
        for operator in list(graph.operators)
        if operator.type == "mul" and graph.is_weight(operator.input("Y"))
    )


def _fold_chain(graph: Graph, product: Operator) -> int:
    start = end = product.output("Out")
    axis = len(graph.shape(start)) - 1
    chain: list[Operator] = []
    total: Affine | None = None
    while axis > 0 and len(users := graph.users(end)) == 1:
        step = affine.read(graph, users[0], axis)
        if step is None or step.x != end:
            break
        total = step if total is None else total.then(step)
        chain.append(users[0])
        end = step.y
    if total is None or (len(chain) == 1 and _is_bias(graph, chain[0], axis)):
        return 0
    weight = product.input("Y")
    values = graph.weight(weight)
    columns = values.shape[1]
    if values.ndim != 2 or {total.scale.size, total.shift.size} - {1, columns}:
        return 0
    if (total.scale != 1).any():
        product.set_input("Y", graph.add_weight(values * total.scale, weight))
    for operator in chain:
        graph.remove(operator)
    shift = np.broadcast_to(total.shift, columns)
    if (shift == 0).all():
        product.set_output("Out", end)
        graph.changed()
        return len(chain)
    add_bias(graph, start, end, shift, after=product)
    return len(chain)


def add_bias(graph: Graph, x: str, y: str, bias: Array, after: Operator) -> None:
    """Let ``y`` be ``x`` plus one number per column."""
    name = graph.add_weight(bias, f"{y}.bias")
    axis = len(graph.shape(x)) - 1
    graph.insert(Operator.new("elementwise_add", {"X": x, "Y": name}, {"Out": y}, axis=axis), after)


def _is_bias(graph: Graph, operator: Operator, axis: int) -> bool:
    name = operator.input("Y")
    return (
        operator.type == "elementwise_add"
        and graph.is_weight(name)
        and len(graph.shape(name)) == 1
        and operator.get("axis", -1) in (-1, axis)
        and graph.shape(name)[0] == graph.shape(operator.input("X"))[axis]
    )
