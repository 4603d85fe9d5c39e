"""Convolutions: what an affine map before or after one does to its filter.

A convolution is linear in its input and in its filter, so a scale of its output channels is one of
the filter's, and so is a scale of its input channels. Filters are ``[out, in / groups, h, w]``,
those of transposed convolutions ``[in, out / groups, h, w]``.
"""

from __future__ import annotations

import numpy as np

from opt_models.folding import affine
from opt_models.folding.affine import Affine
from opt_models.folding.graph import Array, Graph
from opt_models.formats.operator import Operator

_TRANSPOSED = ("conv2d_transpose", "depthwise_conv2d_transpose")
_KINDS = ("conv2d", "depthwise_conv2d", *_TRANSPOSED)
#: The axis of channels in ``[N, C, H, W]``.
CHANNELS = 1


def is_convolution(graph: Graph, operator: Operator) -> bool:
    """Whether it is one whose filter can be folded into: not fused with more, in NCHW."""
    return (
        operator.type in _KINDS
        and graph.is_weight(operator.input("Filter"))
        and operator.get("data_format", "NCHW") in ("NCHW", "AnyLayout")
        and not operator.input("ResidualData")
        and not operator.get("with_act", False)
        and not operator.get("fuse_relu", False)
        and not operator.get("fuse_activation", "")
    )


def outputs(graph: Graph, operator: Operator) -> int:
    """How many channels it puts out."""
    shape = graph.shape(operator.input("Filter"))
    if operator.type in _TRANSPOSED:
        return shape[1] * int(operator.get("groups", 1))
    return shape[0]


def fold_after(graph: Graph) -> int:
    """Fold the affine maps after convolutions into their filters and one shift.

    ``s (W * x + b) + t = (s W) * x + (s b + t)``: batch norm, a bias and learnable scales after
    each other become one filter and one ``elementwise_add`` per channel, which opt in turn makes
    the convolution's bias. It also leaves nothing between a convolution and its activation, so
    that opt fuses them.

    Returns:
        how many operators were folded.
    """
    folded = 0
    for operator in list(graph.operators):
        if is_convolution(graph, operator):
            folded += _fold_chain(graph, operator)
    return folded


def _fold_chain(graph: Graph, conv: Operator) -> int:
    chain: list[Operator] = []
    total: Affine | None = None
    end = start = conv.output("Output")
    while len(users := graph.users(end)) == 1:
        step = affine.read(graph, users[0], CHANNELS)
        if step is None or step.x != end or len(graph.shape(end)) != 4:
            break
        total = step if total is None else total.then(step)
        chain.append(users[0])
        end = step.y
    bias = conv.input("Bias")
    if total is None or (len(chain) == 1 and not bias and is_shift(graph, chain[0])):
        return 0
    count = outputs(graph, conv)
    if {total.scale.size, total.shift.size} - {1, count}:
        return 0
    scale_outputs(graph, conv, total.scale)
    shift = np.broadcast_to(total.shift, count)
    if bias:
        shift = shift + total.scale * graph.weight(bias).reshape(-1)
        conv.set_input("Bias", "")
    for operator in chain:
        graph.remove(operator)
    if (shift == 0).all():
        conv.set_output("Output", end)
        graph.changed()
        return len(chain)
    add_shift(graph, start, end, shift, after=conv)
    return len(chain)


def is_shift(graph: Graph, operator: Operator) -> bool:
    """Whether it adds one number per channel in the form :func:`add_shift` writes."""
    name = operator.input("Y")
    return (
        operator.type == "elementwise_add"
        and graph.is_weight(name)
        and len(graph.shape(name)) == 1
        and operator.get("axis", -1) == CHANNELS
        and graph.shape(name)[0] == graph.shape(operator.input("X"))[CHANNELS]
    )


def add_shift(graph: Graph, x: str, y: str, shift: Array, after: Operator) -> None:
    """Let ``y`` be ``x`` plus one number per channel.

    An ``elementwise_add`` with axis 1, which Paddle-Lite runs fast on all processors and fuses into
    convolutions; a ``scale`` with a bias gives wrong results on x86 there.
    """
    name = graph.add_weight(shift, f"{y}.shift")
    graph.insert(
        Operator.new("elementwise_add", {"X": x, "Y": name}, {"Out": y}, axis=CHANNELS), after
    )


def scale_outputs(graph: Graph, conv: Operator, scale: Array) -> None:
    """Multiply each output channel's part of a filter.

    Args:
        scale: ``[out]`` or ``[1]``.
    """
    values = graph.weight(conv.input("Filter"))
    if conv.type in _TRANSPOSED:
        groups = int(conv.get("groups", 1))
        # Row i of the filter belongs to the group of input channel i.
        rows = np.broadcast_to(scale, outputs(graph, conv)).reshape(groups, -1)
        factor = np.repeat(rows, values.shape[0] // groups, axis=0)
    else:
        factor = scale[:, None]
    _set_filter(graph, conv, values * factor[:, :, None, None])


def scale_inputs(graph: Graph, conv: Operator, scale: Array) -> None:
    """Multiply what a filter takes from each input channel.

    Args:
        scale: ``[in]``.
    """
    values = graph.weight(conv.input("Filter"))
    factor = scale[:, None] if conv.type in _TRANSPOSED else _by_output(conv, values, scale)
    _set_filter(graph, conv, values * factor[:, :, None, None])


def shift_inputs(graph: Graph, conv: Operator, shift: Array) -> Array | None:
    """What a shift of the input channels adds to each output channel.

    ``W * (x + t) = W * x + sum(W) t``, if every output sees all of the filter over values that were
    shifted: not where padding brings in zeros, and not with a transposed convolution, whose
    outputs see a part of the filter each.

    Args:
        shift: ``[in]``.

    Returns:
        ``[out]``, or None.
    """
    if conv.type in _TRANSPOSED or _is_padded(conv):
        return None
    values = graph.weight(conv.input("Filter"))
    result: Array = (values.sum(axis=(2, 3)) * _by_output(conv, values, shift)).sum(axis=1)
    return result


def _is_padded(conv: Operator) -> bool:
    way = conv.get("padding_algorithm", "EXPLICIT")
    return way == "SAME" or (way != "VALID" and any(conv.get("paddings", [0, 0])))


def _by_output(conv: Operator, values: Array, vector: Array) -> Array:
    """A vector of input channels as ``[out, in / groups]``: each output sees its group's."""
    groups = int(conv.get("groups", 1))
    return np.repeat(vector.reshape(groups, -1), values.shape[0] // groups, axis=0)


def _set_filter(graph: Graph, conv: Operator, values: Array) -> None:
    # A new weight: others may share the old one.
    conv.set_input("Filter", graph.add_weight(values, conv.input("Filter")))
    graph.changed()
