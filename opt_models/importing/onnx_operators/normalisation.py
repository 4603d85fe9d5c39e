"""Normalisation over channels, layers and classes."""

from __future__ import annotations

import numpy as np

from opt_models.importing.onnx_network import Node
from opt_models.importing.onnx_translation import Tensor, Translation, axis_of
from opt_models.importing.sizes import product
from opt_models.importing.unsupported import UnsupportedError


def batch_norm(translation: Translation, node: Node) -> None:
    """One of pictures as it is; of other ranks, which Paddle-Lite lacks, as scale and shift."""
    if node.attributes.get("training_mode", 0) or len([n for n in node.outputs if n]) > 1:
        raise UnsupportedError("is in training mode", "export the network for inference")
    x, name = translation.tensor(node, 0), node.outputs[0]
    epsilon = float(node.attributes.get("epsilon", 1e-5))
    if x.rank != 4:
        return _as_affine(translation, node, x, epsilon)
    sides = ("Scale", "Bias", "Mean", "Variance")
    weights = {side: translation.tensor(node, index) for index, side in enumerate(sides, 1)}
    result = translation.emit(
        "batch_norm",
        {"X": x, **weights},
        name,
        x.shape,
        side="Y",
        epsilon=epsilon,
        momentum=0.9,
        is_test=True,
        use_global_stats=False,
        data_layout="NCHW",
    )
    return translation.bind(name, result)


def _as_affine(translation: Translation, node: Node, x: Tensor, epsilon: float) -> None:
    gamma, beta, mean, variance = (
        translation.numbers(node, index, "statistics").astype(np.float64) for index in range(1, 5)
    )
    scale = gamma / np.sqrt(variance + epsilon)
    name = node.outputs[0]
    steps = (
        ("elementwise_mul", scale, node.input(1), f"{name}.scaled"),
        ("elementwise_add", beta - mean * scale, node.input(2), name),
    )
    for kind, values, like, output in steps:
        weight = translation.weight(like, values)
        x = translation.emit(kind, {"X": x, "Y": weight}, output, x.shape, axis=1)
    translation.bind(name, x)


def layer_norm(translation: Translation, node: Node) -> None:
    """Over the last axes (Ba et al. 2016, arXiv 1607.06450)."""
    x, name = translation.tensor(node, 0), node.outputs[0]
    if len([output for output in node.outputs if output]) > 1:
        raise UnsupportedError("gives mean and deviation, too")
    begin = axis_of(node.attributes.get("axis", -1), x.rank)
    inputs = {"X": x}
    for side, index in (("Scale", 1), ("Bias", 2)):
        values = translation.optional_numbers(node, index, "weights")
        if values is not None:
            inputs[side] = translation.weight(node.input(index), values.reshape(-1))
    result = translation.emit(
        "layer_norm",
        inputs,
        name,
        x.shape,
        side="Y",
        extra=("Mean", "Variance"),
        begin_norm_axis=begin,
        epsilon=float(node.attributes.get("epsilon", 1e-5)),
    )
    translation.bind(name, result)


def softmax(translation: Translation, node: Node) -> None:
    """Along one axis; before opset 13 over all axes from one on."""
    x, name = translation.tensor(node, 0), node.outputs[0]
    axis = axis_of(node.attributes.get("axis", -1 if node.opset >= 13 else 1), x.rank)
    over = product(x.shape[axis:])
    if node.opset >= 13 or over == x.shape[axis]:
        result = translation.emit("softmax", {"X": x}, name, x.shape, axis=axis)
        return translation.bind(name, result)
    raise UnsupportedError(
        f"normalises over all axes from {axis} on", "export the network with opset 13 or later"
    )


OPERATORS = {
    "BatchNormalization": batch_norm,
    "LayerNormalization": layer_norm,
    "Softmax": softmax,
}
