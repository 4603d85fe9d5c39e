"""Means over all pixels as products with a vector of equal parts, for x86.

``mean(x)[c] = sum_p x[c, p] / P = (x u)[c]`` with ``u[p] = 1 / P`` for P pixels. How many there are
is known only when the network runs; ``u = softmax(0 x[0])`` is that vector however many: each
exponential is 1, and so each part ``1 / P``.

Paddle-Lite adds the pixels up one after the other, each addition waiting for the one before
(lite/backends/x86/math/pooling.cc). That takes three times as long as MKL's product, and its result
is four times as far from the mean (64 x 160 x 160 of noise: 2.8e-8 and 0.7e-8). Of numbers that all
have one sign it is farther: in PP-OCRv6's small recogniser 1.2e-5 of the largest after a line 1600
pixels wide, which made 6e-4 of a probability in the end. Lines take the same time either way.
"""

from __future__ import annotations

from opt_models.folding.convolution import CHANNELS
from opt_models.folding.graph import Graph
from opt_models.folding.row_ops import Writer
from opt_models.folding.rule import Rule
from opt_models.formats.operator import AttributeValue, Operator


def _is_candidate(graph: Graph, operator: Operator) -> bool:
    if operator.type != "pool2d" or operator.get("pooling_type", "max") != "avg":
        return False
    to_one = operator.get("adaptive", False) and operator.get("ksize", []) == [1, 1]
    return to_one or bool(operator.get("global_pooling", False))


def _obstacle(graph: Graph, pool: Operator) -> str:
    shape = graph.shape(pool.input("X"))
    if len(shape) != 4 or shape[CHANNELS] < 1:
        return "the number of its channels is not known"
    return ""


def _rewrite(graph: Graph, pool: Operator) -> None:
    x, y = pool.input("X"), pool.output("Out")
    batch, channels = graph.shape(x)[:2]
    writer = Writer(graph, pool, x)

    def write(kind: str, inputs: dict[str, str], result: str, **attributes: AttributeValue) -> None:
        writer.add(Operator.new(kind, inputs, {"Out": result}, **attributes))

    rows, means = (graph.add_variable(y, (batch, channels, size)) for size in (-1, 1))
    first, zeros, parts = (graph.add_variable(y, (batch, 1, -1)) for _ in range(3))
    writer.reshape(x, rows, [0, channels, -1])
    write("slice", {"Input": rows}, first, axes=[1], starts=[0], ends=[1], infer_flags=[1])
    write("scale", {"X": first}, zeros, scale=0.0, bias=0.0, bias_after_scale=True)
    write("softmax", {"X": zeros}, parts, axis=-1)
    write("matmul_v2", {"X": rows, "Y": parts}, means, trans_x=False, trans_y=True)
    writer.reshape(means, y, [0, channels, 1, 1])
    graph.remove(pool)


as_product = Rule(_is_candidate, _obstacle, _rewrite)
