"""Affine maps folded ahead: into the convolutions that take their result.

After an activation an affine map cannot go back into the convolution before it. With
``y = s x + t``, each convolution that takes ``y`` has ``W * y = (W s) * (x + t / s)``: the scale
always goes into its filter, the shift becomes part of its bias where nothing is padded, and stays
as one ``elementwise_add`` per channel where zeros are padded around ``y``.
"""

from __future__ import annotations

from functools import partial
from typing import Callable

import numpy as np

from opt_models.folding import affine, convolution
from opt_models.folding.affine import Affine
from opt_models.folding.convolution import CHANNELS
from opt_models.folding.graph import Array, Graph
from opt_models.formats.operator import Operator

#: What a scale per channel passes through unchanged.
_INTERPOLATIONS = ("nearest_interp", "nearest_interp_v2", "bilinear_interp", "bilinear_interp_v2")
#: A scale this much smaller than the largest one would make ``t / s`` lose the other's digits.
_SMALLEST = 1e-4

_Step = Callable[[], None]


def fold(graph: Graph) -> int:
    """Fold affine maps into the convolutions after them.

    Returns:
        how many operators were folded.
    """
    folded = 0
    for operator in list(graph.operators):
        if operator in graph.operators:
            folded += _fold(graph, operator)
    return folded


def _fold(graph: Graph, first: Operator) -> int:
    chain = _chain(graph, first)
    if not chain:
        return 0
    total = chain[0][1]
    for _, step in chain[1:]:
        total = total.then(step)
    channels = graph.shape(total.y)[CHANNELS]
    if total.is_identity or channels < 1 or {total.scale.size, total.shift.size} - {1, channels}:
        return 0
    scale = np.array(np.broadcast_to(total.scale, channels))
    shift = np.array(np.broadcast_to(total.shift, channels))
    operators = [operator for operator, _ in chain]
    return _fold_scale(graph, operators, total, scale, shift)


def _chain(graph: Graph, first: Operator) -> list[tuple[Operator, Affine]]:
    """The affine maps from an operator on, each the only one to use the one before."""
    chain: list[tuple[Operator, Affine]] = []
    operator = first
    while (step := affine.read(graph, operator, CHANNELS)) and len(graph.shape(step.x)) == 4:
        if not chain and _belongs_to_convolution(graph, step):
            return []
        chain.append((operator, step))
        users = graph.users(step.y)
        if len(users) != 1:
            break
        operator = users[0]
    return chain


def _belongs_to_convolution(graph: Graph, step: Affine) -> bool:
    maker = graph.maker(step.x)
    alone = len(graph.users(step.x)) == 1
    return alone and maker is not None and convolution.is_convolution(graph, maker)


def _fold_scale(
    graph: Graph, chain: list[Operator], total: Affine, scale: Array, shift: Array
) -> int:
    steps: list[_Step] | None = []
    if (scale != 1).any():
        sizes = np.abs(scale)
        usable = sizes.min() > _SMALLEST * sizes.max()
        steps = absorb(graph, total.y, scale) if usable else None
    if steps is None:
        return 0
    shift = shift / scale
    shifts = _absorb_shift(graph, total.y, scale, shift)
    moved = shifts is not None
    # One add per channel that stays is as good as it gets.
    if not moved and not steps and len(chain) == 1 and convolution.is_shift(graph, chain[0]):
        return 0
    for step in (*(shifts or ()), *steps):
        step()
    # Users of an empty map take its input; else one add keeps the name of the result.
    start = chain[0]
    if moved:
        graph.rename(total.y, total.x)
    else:
        convolution.add_shift(graph, total.x, total.y, shift, after=start)
    for operator in chain:
        graph.remove(operator)
    return len(chain)


def _absorb_shift(graph: Graph, name: str, scale: Array, shift: Array) -> list[_Step] | None:
    """What to do so that all users of a variable do without its shift; None if one cannot.

    Args:
        scale: that will be folded into the users' filters besides.
        shift: of the variable before it is scaled.
    """
    if (shift == 0).all():
        return []
    steps: list[_Step] = []
    for user in graph.users(name):
        if not _takes(graph, user, name):
            return None
        added = convolution.shift_inputs(graph, user, scale * shift)
        if added is None:
            return None
        steps.append(partial(_shift_outputs, graph, user, added))
    return steps


def _shift_outputs(graph: Graph, conv: Operator, shift: Array) -> None:
    """Let a convolution put out more by a number per channel; :mod:`convolution` folds it."""
    y = conv.output("Output")
    inner = graph.add_variable(y)
    conv.set_output("Output", inner)
    graph.changed()
    convolution.add_shift(graph, inner, y, shift, after=conv)


def absorb(graph: Graph, name: str, scale: Array) -> list[_Step] | None:
    """What to do so that all users of a variable do without its scale.

    Args:
        scale: ``[C]``, by which the variable will be smaller.

    Returns:
        the steps; None if some user cannot do without.
    """
    steps: list[_Step] = []
    for user in graph.users(name):
        user_steps = _absorb(graph, user, name, scale)
        if user_steps is None:
            return None
        steps += user_steps
    return steps


def _absorb(graph: Graph, user: Operator, name: str, scale: Array) -> list[_Step] | None:
    if _takes(graph, user, name):
        return [partial(convolution.scale_inputs, graph, user, scale)]
    if user.type == "concat":
        return _absorb_beside(graph, user, name, scale)
    positive = bool((scale > 0).all())
    if user.type == "pool2d":
        # An average of scaled values is the scaled average; a maximum, if signs stay.
        passes = positive or user.get("pooling_type", "max") == "avg"
    elif user.type in ("relu", "leaky_relu"):
        passes = positive
    elif user.type == "elementwise_mul":
        passes = _is_gate(graph, user, len(scale))
    else:
        passes = user.type in _INTERPOLATIONS
    return absorb(graph, user.output("Out"), scale) if passes else None


def _absorb_beside(graph: Graph, concat: Operator, name: str, scale: Array) -> list[_Step] | None:
    """The same for one of several variables laid side by side along their channels."""
    if concat.get("axis", 0) != CHANNELS or concat.input("AxisTensor"):
        return None
    parts = []
    for part in concat.many("X"):
        channels = graph.shape(part)[CHANNELS]
        if channels < 1:
            return None
        parts.append(scale if part == name else np.ones(channels))
    return absorb(graph, concat.output("Out"), np.concatenate(parts))


def _takes(graph: Graph, user: Operator, name: str) -> bool:
    """Whether it is a convolution that has the variable as its input."""
    return convolution.is_convolution(graph, user) and user.input("Input") == name


def _is_gate(graph: Graph, user: Operator, channels: int) -> bool:
    """Whether it multiplies two tensors channel by channel, as squeeze-and-excitation does."""
    x, y = user.input("X"), user.input("Y")
    shapes = [graph.shape(x), graph.shape(y)]
    return x != y and all(len(shape) == 4 and shape[CHANNELS] == channels for shape in shapes)
