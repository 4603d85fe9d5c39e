"""Affine maps ``y = scale * x + shift`` of a tensor along one of its axes, and who computes them.

Per channel (axis 1 of ``[N, C, H, W]``) after a convolution, per column (the last axis) after a
linear layer. A scale or shift of one number for all is a vector of one element here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np

from opt_models.folding.graph import Array, Graph
from opt_models.formats.operator import Operator


@dataclass(frozen=True)
class Affine:
    """One map.

    Attributes:
        x: the variable it takes.
        y: the variable it gives.
        scale, shift: ``[C]``, or ``[1]`` for the same on the whole axis.
    """

    x: str
    y: str
    scale: Array
    shift: Array

    @property
    def is_identity(self) -> bool:
        return bool((self.scale == 1).all() and (self.shift == 0).all())

    def then(self, other: Affine) -> Affine:
        """This map and another one after it: ``s2 (s1 x + t1) + t2``."""
        scale = other.scale * self.scale
        shift = other.scale * self.shift + other.shift
        return Affine(self.x, other.y, scale, shift)


def read(graph: Graph, operator: Operator, axis: int) -> Affine | None:
    """The map an operator computes; None if it computes something else.

    Args:
        axis: of the tensor, counted from its front.
    """
    reader = _READERS.get(operator.type)
    return reader(graph, operator, axis) if reader else None


def _batch_norm(graph: Graph, operator: Operator, axis: int) -> Affine | None:
    """``y = (x - mean) / sqrt(variance + epsilon) * scale + bias``, as in training's end."""
    names = [operator.input(side) for side in ("Scale", "Bias", "Mean", "Variance")]
    fixed = operator.get("is_test", False) or operator.get("use_global_stats", False)
    layout = operator.get("data_layout", "NCHW")
    if axis != 1 or not fixed or layout != "NCHW" or not all(map(graph.is_weight, names)):
        return None
    gamma, beta, mean, variance = (graph.weight(name).reshape(-1) for name in names)
    scale = gamma / np.sqrt(variance + operator.get("epsilon", 1e-5))
    return Affine(operator.input("X"), operator.output("Y"), scale, beta - mean * scale)


def _scale(graph: Graph, operator: Operator, axis: int) -> Affine | None:
    """``scale * x + bias`` or ``scale * (x + bias)``, perhaps with a fused activation after it."""
    if operator.input("ScaleTensor") or operator.get("activation_type", ""):
        return None
    scale, bias = operator.get("scale", 1.0), operator.get("bias", 0.0)
    if not operator.get("bias_after_scale", True):
        bias *= scale
    return Affine(operator.input("X"), operator.output("Out"), np.array([scale]), np.array([bias]))


def _dropout(graph: Graph, operator: Operator, axis: int) -> Affine | None:
    """Nothing at inference if values were scaled up in training, else times ``1 - p``."""
    if not operator.get("is_test", False):
        return None
    way = operator.get("dropout_implementation", "downgrade_in_infer")
    kept = 1.0 if way == "upscale_in_train" else 1.0 - operator.get("dropout_prob", 0.5)
    return Affine(operator.input("X"), operator.output("Out"), np.array([kept]), np.zeros(1))


def _assign(graph: Graph, operator: Operator, axis: int) -> Affine | None:
    return Affine(operator.input("X"), operator.output("Out"), np.ones(1), np.zeros(1))


def _elementwise(graph: Graph, operator: Operator, axis: int) -> Affine | None:
    """A tensor and a weight, on either side, added, subtracted, multiplied or divided."""
    left, right = operator.input("X"), operator.input("Y")
    if graph.is_weight(left) == graph.is_weight(right) or operator.get("act", ""):
        return None
    swapped = graph.is_weight(left)
    x, weight = (right, left) if swapped else (left, right)
    rank = len(graph.shape(x))
    values = along(graph.weight(weight), rank, operator.get("axis", -1), axis)
    if values is None:
        return None
    identity, zero = np.ones(1), np.zeros(1)
    kind = operator.type
    if kind == "elementwise_add":
        scale, shift = identity, values
    elif kind == "elementwise_sub":
        scale, shift = (-identity, values) if swapped else (identity, -values)
    elif kind == "elementwise_mul":
        scale, shift = values, zero
    elif not swapped and (values != 0).all():
        scale, shift = 1 / values, zero
    else:
        return None  # a weight divided by a tensor is no affine map of it
    return Affine(x, operator.output("Out"), scale, shift)


def along(weight: Array, rank: int, start: int, axis: int) -> Array | None:
    """A weight that an elementwise operator broadcasts, as a vector along one axis of the tensor.

    Paddle lays the weight's axes on the tensor's from ``start`` on, from the last axes backwards if
    that is -1 (Paddle, paddle/phi/kernels/funcs/elementwise_base.h).

    Args:
        weight: of any shape.
        rank: of the tensor.
        start: the operator's attribute ``axis``.
        axis: of the tensor.

    Returns:
        ``[C]`` or ``[1]``; None if the weight varies along another axis.
    """
    if weight.size == 1:
        # More axes than the tensor's would make the result one of a higher rank.
        return weight.reshape(1) if weight.ndim <= max(rank, 1) else None
    begin = rank - weight.ndim if start == -1 else start
    if begin < 0 or begin + weight.ndim > rank:
        return None
    sizes = {begin + axis: size for axis, size in enumerate(weight.shape) if size != 1}
    return weight.reshape(-1) if list(sizes) == [axis] else None


_READERS: dict[str, Callable[[Graph, Operator, int], Affine | None]] = {
    "batch_norm": _batch_norm,
    "scale": _scale,
    "dropout": _dropout,
    "assign": _assign,
    "elementwise_add": _elementwise,
    "elementwise_sub": _elementwise,
    "elementwise_mul": _elementwise,
    "elementwise_div": _elementwise,
}
