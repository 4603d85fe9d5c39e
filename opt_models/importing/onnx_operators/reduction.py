"""Means, sums and the like over axes."""

from __future__ import annotations

from typing import Any, Callable, Mapping

import numpy as np

from opt_models.importing.onnx_network import Array, Node
from opt_models.importing.onnx_operators.pooling import over_picture
from opt_models.importing.onnx_translation import Tensor, Translation, axis_of
from opt_models.importing.sizes import Shape
from opt_models.importing.unsupported import UnsupportedError

_KINDS = {
    "ReduceMean": "reduce_mean",
    "ReduceSum": "reduce_sum",
    "ReduceMax": "reduce_max",
    "ReduceMin": "reduce_min",
    "ReduceProd": "reduce_prod",
}
_ON_SIZES: Mapping[str, Callable[..., Any]] = {"ReduceProd": np.prod, "ReduceSum": np.sum}


def reduce(translation: Translation, node: Node) -> None:
    """Over the axes that an attribute or, in later opsets, an input names; over all if none."""
    content = translation.content(node, 0)
    if content is not None:
        return _on_sizes(translation, node, content)
    x, name = translation.tensor(node, 0), node.outputs[0]
    axes = axes_of(translation, node, 1, x.rank)
    if not axes and node.attributes.get("noop_with_empty_axes", 0):
        return translation.bind(name, x)
    return translation.bind(name, _emit(translation, node, x, axes or tuple(range(x.rank))))


def axes_of(translation: Translation, node: Node, index: int, rank: int) -> tuple[int, ...]:
    """Axes by attribute or input, counted from the front and sorted; empty if left out."""
    axes = node.attributes.get("axes")
    if axes is None:
        values = translation.optional_numbers(node, index, "axes")
        axes = [] if values is None else values.reshape(-1).tolist()
    return tuple(sorted({axis_of(int(axis), rank) for axis in axes}))


def reduced(shape: Shape, axes: tuple[int, ...], keep: bool) -> Shape:
    """A shape whose axes were reduced to 1, or dropped."""
    sizes = ((axis, 1 if axis in axes else size) for axis, size in enumerate(shape))
    return tuple(size for axis, size in sizes if keep or axis not in axes)


def _emit(translation: Translation, node: Node, x: Tensor, axes: tuple[int, ...]) -> Tensor:
    name, keep = node.outputs[0], bool(node.attributes.get("keepdims", 1))
    if node.operator == "ReduceMean" and x.rank == 4 and axes == (2, 3) and keep:
        return over_picture(translation, x, name, "avg")
    return translation.emit(
        _KINDS[node.operator],
        {"X": x},
        name,
        reduced(x.shape, axes, keep),
        dim=list(axes),
        keep_dim=keep,
        reduce_all=len(axes) == x.rank,
    )


def _on_sizes(translation: Translation, node: Node, content: Array) -> None:
    if node.operator not in _ON_SIZES:
        raise UnsupportedError("computes a size in a way that cannot be followed")
    axes = axes_of(translation, node, 1, content.ndim) or tuple(range(content.ndim))
    keep = bool(node.attributes.get("keepdims", 1))
    result = _ON_SIZES[node.operator](content.astype(object), axis=axes, keepdims=keep)
    translation.bind(node.outputs[0], np.asarray(result, object))


OPERATORS = dict.fromkeys(_KINDS, reduce)
