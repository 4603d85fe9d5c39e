"""Convolutions and transposed convolutions in two dimensions."""

from __future__ import annotations

from opt_models.importing.onnx_network import Array, Node
from opt_models.importing.onnx_operators.windows import Window, window
from opt_models.importing.onnx_translation import Tensor, Translation
from opt_models.importing.sizes import Shape
from opt_models.importing.unsupported import UnsupportedError


def conv(translation: Translation, node: Node) -> None:
    """A convolution and, as Paddle exports it, an addition for its bias."""
    x, filters = translation.tensor(node, 0), _filters(translation, node)
    groups = node.attributes.get("group", 1)
    area = window(node, filters.shape[2:], x.shape[2:])
    depthwise = groups == x.shape[1] == filters.shape[0] and groups > 1
    _emit(
        translation,
        node,
        "depthwise_conv2d" if depthwise else "conv2d",
        (x.shape[0], filters.shape[0], *area.output(x.shape[2:])),
        area,
    )


def conv_transpose(translation: Translation, node: Node) -> None:
    """A transposed convolution: pads are cut off, ``output_padding`` is added behind."""
    x, filters = translation.tensor(node, 0), _filters(translation, node)
    groups = node.attributes.get("group", 1)
    area = window(node, filters.shape[2:], x.shape[2:])
    more = node.attributes.get("output_padding", (0, 0))
    shape = (x.shape[0], filters.shape[1] * groups, *_grown(area, x.shape[2:], more))
    if node.attributes.get("output_shape"):
        raise UnsupportedError("names its output's shape", "export it with pads instead")
    _emit(translation, node, "conv2d_transpose", shape, area)


def _grown(area: Window, sizes: Shape, more: tuple[int, ...]) -> Shape:
    spans = [dilation * (size - 1) + 1 for dilation, size in zip(area.dilations, area.kernel)]
    cut = (area.pads[0] + area.pads[1], area.pads[2] + area.pads[3])
    return tuple(
        (size - 1) * area.strides[axis] + (spans[axis] - cut[axis] + more[axis])
        for axis, size in enumerate(sizes)
    )


def _emit(translation: Translation, node: Node, kind: str, shape: Shape, area: Window) -> None:
    name = node.outputs[0]
    bias = translation.optional_numbers(node, 2, "bias")
    inputs = {"Input": translation.tensor(node, 0), "Filter": translation.tensor(node, 1)}
    result = translation.emit(
        kind,
        inputs,
        name if bias is None else f"{name}.unbiased",
        shape,
        side="Output",
        dilations=list(area.dilations),
        groups=int(node.attributes.get("group", 1)),
        data_format="NCHW",
        **area.attributes(),
    )
    if bias is not None:
        result = add_bias(translation, result, node.input(2), bias, name)
    translation.bind(name, result)


def add_bias(translation: Translation, x: Tensor, like: str, bias: Array, name: str) -> Tensor:
    """A tensor plus one number per channel."""
    weight = translation.weight(like, bias.reshape(-1))
    return translation.emit("elementwise_add", {"X": x, "Y": weight}, name, x.shape, axis=1)


def _filters(translation: Translation, node: Node) -> Array:
    filters = translation.numbers(node, 1, "filters")
    if filters.ndim != 4:
        raise UnsupportedError(f"has filters with {filters.ndim} axes, expected 4")
    return filters


OPERATORS = {"Conv": conv, "ConvTranspose": conv_transpose}
