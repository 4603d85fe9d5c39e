"""Two transposed convolutions of 2x2 in a row as a convolution of 1x1 and one transposed of 4x4.

With stride 2 the windows of ``u = f(T1 x + b)`` and ``y = T2 u`` do not overlap: each pixel of
``x`` makes 2x2 of ``u`` and 4x4 of ``y``. Let the four of ``u`` be channels, with a filter of 1x1,
``v[4 c + 2 p + q] = f(sum_k T1[k, c, p, q] x[k] + b[c])``. Then ``y`` at row ``4 i + 2 p + r`` and
column ``4 j + 2 q + s`` is ``sum_c T2[c, o, r, s] v[4 c + 2 p + q]`` at row i and column j: a
transposed convolution of 4x4 with stride 4, in whose filter each channel of ``v`` has ``T2`` at row
2 p and column 2 q and zeros elsewhere, which add nothing. The products are the same.

Paddle-Lite puts what a transposed convolution gives to its places number by number (col2im in
lite/backends/arm/math/col_im_transform.cc and lite/backends/x86/math/conv2d_transpose.cc). This
spares the tensor between, which with C channels has C / 4 times as many numbers as the result.
"""

from __future__ import annotations

import numpy as np

from opt_models.folding import convolution, layers
from opt_models.folding.graph import Array, Graph
from opt_models.folding.rule import Rule
from opt_models.formats.operator import Operator

_SIDE = 2
#: That the first makes of one; also the side of the window of both together.
_PIXELS = _SIDE * _SIDE


def _is_candidate(graph: Graph, operator: Operator) -> bool:
    shape = graph.shape(operator.input("Filter"))
    square = operator.type == "conv2d_transpose" and shape[2:] == (_SIDE, _SIDE)
    return square and operator.get("strides", [1, 1]) == [_SIDE, _SIDE]


def _obstacle(graph: Graph, conv: Operator) -> str:
    layer = layers.after(graph, conv)
    if layer is None or not _is_candidate(graph, layer.taker):
        return "not only another one takes its result"
    if not _is_plain(graph, conv) or not _is_plain(graph, layer.taker) or conv.input("Bias"):
        return "one of the two is fused, grouped, padded or dilated"
    if graph.shape(layer.taker.input("Filter"))[1] != 1:
        # With the filter's zeros the second takes four times as many products.
        return "the second gives more than one channel"
    return ""


def _is_plain(graph: Graph, conv: Operator) -> bool:
    return (
        convolution.is_convolution(graph, conv)
        and conv.get("groups", 1) == 1
        and not any(conv.get("paddings", [0, 0]))
        and conv.get("padding_algorithm", "EXPLICIT") != "SAME"
        and conv.get("dilations", [1, 1]) == [1, 1]
        and not any(conv.get("output_padding", []))
        and not any(size > 0 for size in conv.get("output_size", [0]))
        and not conv.input("OutputSize")
    )


def _join(graph: Graph, conv: Operator) -> None:
    layer = layers.known_after(graph, conv)
    first, second = conv.input("Filter"), layer.taker.input("Filter")
    conv.message.type = "conv2d"
    conv.set("strides", [1, 1])
    conv.set_input("Filter", graph.add_weight(as_channels(graph.weight(first)), first))
    layer.taker.set("strides", [_PIXELS, _PIXELS])
    layer.taker.set_input("Filter", graph.add_weight(of_pixels(graph.weight(second)), second))
    for shift in layer.shifts:
        name = shift.input("Y")
        shift.set_input("Y", graph.add_weight(np.repeat(graph.weight(name), _PIXELS), name))
    for name in (name for operator in (conv, *layer.between) for name in operator.outputs):
        batch, channels, *_ = graph.shape(name)
        graph.set_shape(name, (batch, channels * _PIXELS, -1, -1))
    graph.changed()


def as_channels(values: Array) -> Array:
    """The filter of the convolution of 1x1.

    Args:
        values: ``[in, C, 2, 2]``, of the first transposed convolution.

    Returns:
        ``[4 C, in, 1, 1]``.
    """
    inputs = values.shape[0]
    result: Array = values.reshape(inputs, -1).T.reshape(-1, inputs, 1, 1)
    return result


def of_pixels(values: Array) -> Array:
    """The filter of the transposed convolution of 4x4.

    Args:
        values: ``[C, out, 2, 2]``, of the second transposed convolution.

    Returns:
        ``[4 C, out, 4, 4]``.
    """
    channels, outputs = values.shape[:2]
    wide = np.zeros((channels, _SIDE, _SIDE, outputs, _PIXELS, _PIXELS))
    for row in range(_SIDE):
        for column in range(_SIDE):
            rows = slice(_SIDE * row, _SIDE * (row + 1))
            columns = slice(_SIDE * column, _SIDE * (column + 1))
            wide[:, row, column, :, rows, columns] = values
    return wide.reshape(-1, outputs, _PIXELS, _PIXELS)


join = Rule(_is_candidate, _obstacle, _join)
