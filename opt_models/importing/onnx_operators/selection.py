"""Parts of tensors, and tensors put together."""

from __future__ import annotations

import numpy as np

from opt_models.formats.operator import Operator
from opt_models.importing.onnx_network import Node
from opt_models.importing.onnx_translation import Tensor, Translation, axis_of, set_attributes
from opt_models.importing.sizes import Size
from opt_models.importing.unsupported import UnsupportedError

#: The largest number an attribute of Paddle's takes; stands for the end of an axis.
_END = 2**31 - 1


def concat(translation: Translation, node: Node) -> None:
    """Tensors, or parts of a shape, one behind the other."""
    contents = [translation.content(node, index) for index in range(len(node.inputs))]
    name, axis = node.outputs[0], node.attributes["axis"]
    known = [content for content in contents if content is not None]
    if len(known) == len(contents):
        parts = [content.astype(object) for content in known]
        return translation.bind(name, np.concatenate(parts, axis))
    tensors = [translation.tensor(node, index) for index in range(len(node.inputs))]
    axis = axis_of(axis, tensors[0].rank)
    shape = list(tensors[0].shape)
    for tensor in tensors[1:]:
        shape[axis] = shape[axis] + tensor.shape[axis]
    result = translation.emit("concat", {"X": tensors}, name, tuple(shape), axis=axis)
    return translation.bind(name, result)


def gather(translation: Translation, node: Node) -> None:
    """Entries of a shape, or of a tensor at constant places."""
    indices = translation.numbers(node, 1, "places")
    content = translation.content(node, 0)
    axis, name = node.attributes.get("axis", 0), node.outputs[0]
    if content is None:
        raise UnsupportedError("takes entries of what the network computes")
    translation.bind(name, np.asarray(np.take(content, indices, axis), content.dtype))


def slice_(translation: Translation, node: Node) -> None:
    """Stretches of axes, by attributes before opset 10 and inputs since."""
    content, name = translation.content(node, 0), node.outputs[0]
    rank = content.ndim if content is not None else translation.tensor(node, 0).rank
    starts, ends, axes, steps = _bounds(translation, node, rank)
    if content is not None:
        parts = [slice(None)] * rank
        for axis, start, end, step in zip(axes, starts, ends, steps):
            parts[axis] = slice(start, end, step)
        return translation.bind(name, content[tuple(parts)])
    x = translation.tensor(node, 0)
    if any(step != 1 for step in steps):
        raise UnsupportedError(f"takes steps of {steps}, expected 1")
    shape = list(x.shape)
    for axis, start, end in zip(axes, starts, ends):
        shape[axis] = _length(x.shape[axis], start, end)
    result = translation.emit(
        "slice",
        {"Input": x},
        name,
        tuple(shape),
        axes=axes,
        starts=[_bounded(start) for start in starts],
        ends=[_bounded(end) for end in ends],
        decrease_axis=[],
        infer_flags=[1] * len(axes),
    )
    return translation.bind(name, result)


def _bounds(
    translation: Translation, node: Node, rank: int
) -> tuple[list[int], list[int], list[int], list[int]]:
    values: list[list[int] | None] = []
    for index, key in enumerate(("starts", "ends", "axes", "steps"), 1):
        given = node.attributes.get(key)
        if given is None:
            numbers = translation.optional_numbers(node, index, key)
            given = None if numbers is None else numbers.reshape(-1).tolist()
        values.append(given)
    starts, ends, axes, steps = values
    if starts is None or ends is None:
        raise UnsupportedError("lacks starts or ends", "copy or export the network again")
    axes = axes or list(range(len(starts)))
    return starts, ends, [axis_of(axis, rank) for axis in axes], steps or [1] * len(starts)


def _length(size: Size, start: int, end: int) -> Size:
    if isinstance(size, int):
        return len(range(size)[start:end])
    if start >= 0 and end >= _END:
        return size - start
    if start < 0 <= _END <= end:
        return -start
    if start >= 0 > end:
        return size + (end - start)
    return end - start


def _bounded(value: int) -> int:
    return max(-_END, min(_END, value))


def split(translation: Translation, node: Node) -> None:
    """Into parts of given or, if none are, equal sizes."""
    x = translation.tensor(node, 0)
    axis = axis_of(node.attributes.get("axis", 0), x.rank)
    sizes = node.attributes.get("split")
    if sizes is None:
        numbers = translation.optional_numbers(node, 1, "parts")
        sizes = None if numbers is None else numbers.tolist()
    size = x.shape[axis]
    if sizes is None:
        if not isinstance(size, int):
            raise UnsupportedError("splits a free size into equal parts")
        part = -(-size // len(node.outputs))
        sizes = [min(part, size - part * index) for index in range(len(node.outputs))]
    _emit_split(translation, node, x, axis, [int(part) for part in sizes])


def _emit_split(
    translation: Translation, node: Node, x: Tensor, axis: int, sizes: list[int]
) -> None:
    operator = Operator.new("split", {"X": x.name}, {})
    outputs = []
    for name, size in zip(node.outputs, sizes):
        shape = (*x.shape[:axis], size, *x.shape[axis + 1 :])
        outputs.append(translation.declare(name or f"{node.outputs[0]}.unused", shape))
        if name:
            translation.bind(name, outputs[-1])
    operator.give("Out", [tensor.name for tensor in outputs])
    set_attributes(operator, {"axis": axis, "num": 0, "sections": sizes})
    translation.writer.add(operator)


OPERATORS = {"Concat": concat, "Gather": gather, "Slice": slice_, "Split": split}
