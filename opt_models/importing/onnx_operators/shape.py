"""Tensors of another shape, and shapes that a network computes."""

from __future__ import annotations

import numpy as np

from opt_models.importing.onnx_network import Array, Node
from opt_models.importing.onnx_operators.reduction import axes_of
from opt_models.importing.onnx_translation import Tensor, Translation
from opt_models.importing.sizes import Shape, Size, divide, mark, product
from opt_models.importing.unsupported import UnsupportedError


def shape(translation: Translation, node: Node) -> None:
    """Sizes of a tensor, all or from ``start`` to ``end``."""
    x = translation.value(node, 0)
    start, end = node.attributes.get("start", 0), node.attributes.get("end")
    translation.bind(node.outputs[0], as_content(list(x.shape)[start:end]))


def as_content(sizes: list[Size]) -> Array:
    """Sizes as the content of a tensor: numbers if none is free."""
    if all(isinstance(size, int) for size in sizes):
        return np.array(sizes, np.int64)
    content = np.empty(len(sizes), object)
    content[:] = sizes
    return content


def reshape(translation: Translation, node: Node) -> None:
    """To a shape in which 0 keeps a size and -1 takes what is left."""
    target = translation.content(node, 1)
    content = translation.content(node, 0)
    if target is None:
        raise UnsupportedError("computes its shape while it runs")
    sizes = [size if not isinstance(size, np.integer) else int(size) for size in target.tolist()]
    if content is not None:
        return translation.bind(node.outputs[0], content.reshape([int(size) for size in sizes]))
    x = translation.tensor(node, 0)
    keeps = not node.attributes.get("allowzero", 0)
    result = reshape_to(translation, x, _resolved(x.shape, sizes, keeps), node.outputs[0])
    return translation.bind(node.outputs[0], result)


def reshape_to(translation: Translation, x: Tensor, target: Shape, name: str) -> Tensor:
    """A tensor in another shape; itself if it has it.

    Raises:
        UnsupportedError: more than one size is free that the input has not in the same place.
    """
    if target == x.shape:
        return x
    known = [
        size if isinstance(size, int) else 0 if x.shape[axis : axis + 1] == (size,) else -1
        for axis, size in enumerate(target)
    ]
    if known.count(-1) > 1:
        raise UnsupportedError(
            f"reshapes to {_text(target)}, of which {known.count(-1)} sizes are free",
            "export the network with a fixed height",
        )
    return translation.emit("reshape2", {"X": x}, name, target, extra=("XShape",), shape=known)


def _resolved(source: Shape, sizes: list[Size], keeps: bool) -> Shape:
    """A shape with sizes instead of 0 and -1."""
    kept = [source[axis] if size == 0 and keeps else size for axis, size in enumerate(sizes)]
    if -1 not in kept:
        return tuple(kept)
    others = product(size for size in kept if size != -1)
    left = divide(product(source), others)
    rest = mark(f"({product(source)})/({others})") if left is None else left
    return tuple(rest if size == -1 else size for size in kept)


def _text(target: Shape) -> str:
    return f"[{', '.join(map(str, target))}]"


def flatten(translation: Translation, node: Node) -> None:
    """To a matrix: axes before one, and from it on."""
    x = translation.tensor(node, 0)
    axis = node.attributes.get("axis", 1)
    axis = axis + x.rank if axis < 0 else axis
    target = (product(x.shape[:axis]), product(x.shape[axis:]))
    name = node.outputs[0]
    translation.bind(name, reshape_to(translation, x, target, name))


def transpose(translation: Translation, node: Node) -> None:
    """With axes in another order; in the reverse one if none is given."""
    x, name = translation.tensor(node, 0), node.outputs[0]
    order = [int(axis) for axis in node.attributes.get("perm", range(x.rank)[::-1])]
    if order == list(range(x.rank)):
        return translation.bind(name, x)
    target = tuple(x.shape[axis] for axis in order)
    result = translation.emit("transpose2", {"X": x}, name, target, extra=("XShape",), axis=order)
    return translation.bind(name, result)


def squeeze(translation: Translation, node: Node) -> None:
    """Without axes of size 1: those named, or all."""
    content, name = translation.content(node, 0), node.outputs[0]
    if content is not None:
        axes = axes_of(translation, node, 1, content.ndim)
        return translation.bind(name, content.squeeze(axes or None))
    x = translation.tensor(node, 0)
    axes = axes_of(translation, node, 1, x.rank)
    axes = axes or tuple(axis for axis, size in enumerate(x.shape) if size == 1)
    target = tuple(size for axis, size in enumerate(x.shape) if axis not in axes)
    result = translation.emit(
        "squeeze2", {"X": x}, name, target, extra=("XShape",), axes=list(axes)
    )
    return translation.bind(name, result)


def unsqueeze(translation: Translation, node: Node) -> None:
    """With new axes of size 1, counted in the result."""
    content, name = translation.content(node, 0), node.outputs[0]
    rank = content.ndim if content is not None else translation.tensor(node, 0).rank
    count = len(node.attributes.get("axes", ())) or _count(translation, node)
    axes = axes_of(translation, node, 1, rank + count)
    if content is not None:
        return translation.bind(name, np.expand_dims(content, axes))
    x = translation.tensor(node, 0)
    rest = iter(x.shape)
    target = tuple(1 if axis in axes else next(rest) for axis in range(rank + count))
    result = translation.emit(
        "unsqueeze2", {"X": x}, name, target, extra=("XShape",), axes=list(axes)
    )
    return translation.bind(name, result)


def _count(translation: Translation, node: Node) -> int:
    axes = translation.optional_numbers(node, 1, "axes")
    return 0 if axes is None else int(axes.size)


def same(translation: Translation, node: Node) -> None:
    """What changes nothing when a network is used."""
    translation.bind(node.outputs[0], translation.value(node, 0))


def cast(translation: Translation, node: Node) -> None:
    """Sizes stay what they are; so do fractions among themselves."""
    content = translation.content(node, 0)
    if content is None and translation.tensor(node, 0).dtype != "float32":
        raise UnsupportedError("casts what the network computes while it runs")
    same(translation, node)


OPERATORS = {
    "Cast": cast,
    "Dropout": same,
    "Flatten": flatten,
    "Identity": same,
    "Reshape": reshape,
    "Shape": shape,
    "Squeeze": squeeze,
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
}
