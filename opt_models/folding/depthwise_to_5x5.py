"""Depthwise convolutions of other windows as one or more of 5x5 whose results are added.

``W * x = sum_p Wp * x``, where ``Wp`` holds what the filter has in the 5x5 from row r and column c
on and no piece before it holds, and zeros elsewhere. Each product is computed once and those with
zeros add nothing, so the sum is the same but for the order of its additions. A side of up to 5 is
in the middle of one piece, one of 6 or 7 takes two: 7x7 is four pieces, 1x7 two, 3x3 one.

Paddle-Lite has depthwise kernels of 3x3 and 5x5. For others it copies out all inputs of each output
(im2col) and multiplies matrices of one row (lite/kernels/arm/conv_compute.cc, lite/kernels/x86/
conv_compute.cc).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Callable, Iterator

import numpy as np

from opt_models.folding import convolution, layers, paddings
from opt_models.folding.graph import Array, Graph
from opt_models.folding.row_ops import ROWS, Writer
from opt_models.folding.rule import Rule
from opt_models.formats.operator import Operator

_SIDE = 5
#: Longest side of a window that two pieces cover.
_LONGEST = 7
#: Beyond the end of every axis, for ``slice``.
_END = 2**31 - 1


@dataclass(frozen=True)
class Span:
    """Where a piece lies along one axis.

    Attributes:
        start: of the piece in the filter, negative if it begins before that.
        before, after: zeros to put before and after the tensor.
    """

    start: int
    before: int
    after: int


#: Writes a piece: the operators' writer, its convolution without paddings, its bias or nothing, and
#: its rows and columns. Gives the variable of the result.
_Writing = Callable[[Writer, Operator, str, Span, Span], str]


def spans(side: int, before: int) -> Iterator[Span]:
    """The pieces along one axis.

    Args:
        side: of the window.
        before: zeros that the convolution puts before the tensor, of ``side - 1`` in all.
    """
    starts = (0, side - _SIDE) if side > _SIDE else ((side - _SIDE) // 2,)
    for start in starts:
        # The result's first value needs the filter's first at -before, so the piece's at this:
        first = before - start
        yield Span(start, first, _SIDE - 1 - first)


def part(values: Array, row: int, column: int) -> Array:
    """Cut 5x5 out of filters, which are then zeros there.

    Args:
        values: ``[C, 1, H, W]``; changed.
        row, column: where the piece begins, in the filter's rows and columns.

    Returns:
        ``[C, 1, 5, 5]``.
    """
    result = np.zeros((*values.shape[:2], _SIDE, _SIDE))
    top, left = max(row, 0), max(column, 0)
    window = values[:, :, top : row + _SIDE, left : column + _SIDE]
    height, width = window.shape[2:]
    result[:, :, top - row : top - row + height, left - column : left - column + width] = window
    window[:] = 0
    return result


def _is_candidate(graph: Graph, operator: Operator) -> bool:
    outputs, inputs, *window = graph.shape(operator.input("Filter")) or (0, 0)
    return (
        operator.type in ("conv2d", "depthwise_conv2d")
        and inputs == 1
        and operator.get("groups", 1) == outputs > 1
        and operator.get("strides", [1, 1]) == [1, 1]
        and len(window) == 2
        and max(window) > 1
        and window != [_SIDE, _SIDE]
    )


def _is_candidate_on_arm(graph: Graph, operator: Operator) -> bool:
    has_kernel = graph.shape(operator.input("Filter"))[2:] == (3, 3)
    return not has_kernel and _is_candidate(graph, operator)


def _obstacle(graph: Graph, conv: Operator) -> str:
    if not convolution.is_convolution(graph, conv) or conv.input("Bias"):
        return "it is fused with another operator"
    if conv.get("dilations", [1, 1]) != [1, 1]:
        return "it is dilated"
    height, width = graph.shape(conv.input("Filter"))[2:]
    if max(height, width) > _LONGEST:
        return f"its window is longer than {_LONGEST}"
    around = paddings.of_stride_1(conv, height, width)
    if around is None or sum(around[:2]) != height - 1 or sum(around[2:]) != width - 1:
        return "it does not keep the size"
    return ""


def _rewrite(write: _Writing, graph: Graph, conv: Operator) -> None:
    writer = Writer(graph, conv, conv.output("Output"))
    name = conv.input("Filter")
    rest = graph.weight(name).copy()
    height, width = rest.shape[2:]
    top, _, left, _ = paddings.of_stride_1(conv, height, width) or (0, 0, 0, 0)
    end, bias = layers.take_bias(graph, conv)
    parts = []
    for rows in spans(height, top):
        for columns in spans(width, left):
            values = part(rest, rows.start, columns.start)
            piece = _piece(conv, graph.add_weight(values, name))
            parts.append(write(writer, piece, bias, rows, columns))
            bias = ""
    graph.remove(conv)
    layers.add_up(graph, writer, parts, end)


def _piece(conv: Operator, filters: str) -> Operator:
    piece = conv.copy()
    piece.message.type = "depthwise_conv2d"
    piece.set("padding_algorithm", "EXPLICIT")
    piece.set_input("Filter", filters)
    return piece


def _padded(writer: Writer, piece: Operator, bias: str, rows: Span, columns: Span) -> str:
    piece.set("paddings", [rows.before, rows.after, columns.before, columns.after])
    return layers.convolve(writer, piece, bias)


def _cut(writer: Writer, piece: Operator, bias: str, rows: Span, columns: Span) -> str:
    around = max(rows.before, rows.after, columns.before, columns.after)
    piece.set("paddings", [around, around])
    whole = layers.convolve(writer, piece, bias)
    starts = [around - span.before for span in (rows, columns)]
    ends = [span.after - around or _END for span in (rows, columns)]
    if starts == [0, 0] and ends == [_END, _END]:
        return whole
    result = writer.variable()
    writer.add(
        Operator.new(
            "slice",
            {"Input": whole},
            {"Out": result},
            axes=[ROWS, ROWS + 1],
            starts=starts,
            ends=ends,
            infer_flags=[1, 1],
        )
    )
    return result


#: ARM's kernel of 5x5 takes any paddings; that of 3x3 is as fast as it gets.
for_arm = Rule(_is_candidate_on_arm, _obstacle, partial(_rewrite, _padded))
#: x86's kernels take equal paddings, so a piece of 7x7 gives two rows and columns more than needed,
#: which are cut off. That of 5x5 (lite/backends/x86/math/conv_depthwise_5x5.cc) takes 45 to 83 % of
#: the time of that of 3x3, for maps from 192 x 3 x 40 to 48 x 160 x 160.
for_x86 = Rule(_is_candidate, _obstacle, partial(_rewrite, _cut))
