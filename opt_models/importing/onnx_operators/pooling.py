"""Pools over windows, and over whole pictures."""

from __future__ import annotations

from opt_models.importing.onnx_network import Node
from opt_models.importing.onnx_operators.windows import window
from opt_models.importing.onnx_translation import Tensor, Translation
from opt_models.importing.unsupported import UnsupportedError


def pool(translation: Translation, node: Node) -> None:
    """``MaxPool`` or ``AveragePool``."""
    x, name = translation.tensor(node, 0), node.outputs[0]
    if len(node.outputs) > 1 and node.outputs[1]:
        raise UnsupportedError("gives the places of its maxima, too")
    area = window(node, node.attributes["kernel_shape"], x.shape[2:])
    if area.dilations != (1, 1):
        raise UnsupportedError(f"has dilations {list(area.dilations)}")
    ceil = bool(node.attributes.get("ceil_mode", 0))
    result = translation.emit(
        "pool2d",
        {"X": x},
        name,
        (*x.shape[:2], *area.output(x.shape[2:], ceil)),
        pooling_type="max" if node.operator == "MaxPool" else "avg",
        ksize=list(area.kernel),
        ceil_mode=ceil,
        exclusive=not node.attributes.get("count_include_pad", 0),
        global_pooling=False,
        adaptive=False,
        **area.attributes(),
    )
    translation.bind(name, result)


def global_pool(translation: Translation, node: Node) -> None:
    """The mean or maximum of each channel."""
    x, name = translation.tensor(node, 0), node.outputs[0]
    kind = "max" if node.operator == "GlobalMaxPool" else "avg"
    translation.bind(name, over_picture(translation, x, name, kind))


def over_picture(translation: Translation, x: Tensor, name: str, kind: str) -> Tensor:
    """One number for each channel of ``[N, C, H, W]``, as Paddle exports it."""
    if x.rank != 4:
        raise UnsupportedError(f"takes a tensor with {x.rank} axes, expected 4")
    return translation.emit(
        "pool2d",
        {"X": x},
        name,
        (*x.shape[:2], 1, 1),
        pooling_type=kind,
        ksize=[1, 1],
        strides=[1, 1],
        paddings=[0, 0],
        padding_algorithm="EXPLICIT",
        ceil_mode=False,
        exclusive=True,
        global_pooling=False,
        adaptive=True,
    )


OPERATORS = {
    "AveragePool": pool,
    "GlobalAveragePool": global_pool,
    "GlobalMaxPool": global_pool,
    "MaxPool": pool,
}
