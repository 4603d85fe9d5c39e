"""Functions of single numbers."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from opt_models.importing.onnx_network import Node
from opt_models.importing.onnx_translation import Translation
from opt_models.importing.unsupported import UnsupportedError

Emit = Callable[[Translation, Node], None]


def plain(kind: str, **fixed: Any) -> Emit:
    """An operator that has no attributes but fixed ones."""

    def emit(translation: Translation, node: Node) -> None:
        _unary(translation, node, kind, **fixed)

    return emit


def hard_sigmoid(translation: Translation, node: Node) -> None:
    """``max(0, min(1, alpha x + beta))``."""
    alpha, beta = node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
    _unary(translation, node, "hard_sigmoid", slope=float(alpha), offset=float(beta))


def leaky_relu(translation: Translation, node: Node) -> None:
    """``x``, or ``alpha x`` below zero (Maas et al. 2013)."""
    _unary(translation, node, "leaky_relu", alpha=float(node.attributes.get("alpha", 0.01)))


def elu(translation: Translation, node: Node) -> None:
    """``x``, or ``alpha (exp(x) - 1)`` below zero (Clevert et al. 2015, arXiv 1511.07289)."""
    _unary(translation, node, "elu", alpha=float(node.attributes.get("alpha", 1.0)))


def gelu(translation: Translation, node: Node) -> None:
    """``x (1 + erf(x / sqrt(2))) / 2``, or its approximation by tanh (Hendrycks, Gimpel 2016)."""
    approximate = node.attributes.get("approximate", "none") == "tanh"
    _unary(translation, node, "gelu", approximate=approximate)


def prelu(translation: Translation, node: Node) -> None:
    """A slope for numbers below zero: one for all, or one for each channel."""
    x, slope = translation.tensor(node, 0), translation.numbers(node, 1, "slopes")
    channels = x.shape[1] if x.rank > 1 else None
    if slope.size == 1:
        mode = "all"
    elif slope.size == channels and slope.shape in (
        (channels, *(1,) * (x.rank - 2)),
        (1, channels, *(1,) * (x.rank - 2)),
    ):
        mode = "channel"
    else:
        raise UnsupportedError(f"has slopes of shape {list(slope.shape)}, expected one per channel")
    alpha = translation.weight(node.input(1), slope.reshape(-1))
    name = node.outputs[0]
    inputs = {"X": x, "Alpha": alpha}
    translation.bind(name, translation.emit("prelu", inputs, name, x.shape, mode=mode))


def clip(translation: Translation, node: Node) -> None:
    """Bounds, as attributes before opset 11 and inputs since; either may be left out."""
    low, high = (_bound(translation, node, index, key) for index, key in ((1, "min"), (2, "max")))
    if low == 0 and high is None:
        return _unary(translation, node, "relu")
    if low == 0 and high == 6:
        return _unary(translation, node, "relu6", threshold=6.0)
    # Paddle wants both.
    largest = float(np.finfo(np.float32).max)
    return _unary(
        translation,
        node,
        "clip",
        min=-largest if low is None else low,
        max=largest if high is None else high,
    )


def _bound(translation: Translation, node: Node, index: int, key: str) -> float | None:
    if key in node.attributes:
        return float(node.attributes[key])
    value = translation.optional_numbers(node, index, "bounds")
    return None if value is None else float(value.reshape(()))


def _unary(translation: Translation, node: Node, kind: str, **attributes: Any) -> None:
    x, name = translation.tensor(node, 0), node.outputs[0]
    translation.bind(name, translation.emit(kind, {"X": x}, name, x.shape, **attributes))


OPERATORS: dict[str, Emit] = {
    "Abs": plain("abs"),
    "Clip": clip,
    "Elu": elu,
    "Erf": plain("erf"),
    "Exp": plain("exp"),
    "Floor": plain("floor"),
    "Gelu": gelu,
    "HardSigmoid": hard_sigmoid,
    "HardSwish": plain("hard_swish", threshold=6.0, scale=6.0, offset=3.0),
    "LeakyRelu": leaky_relu,
    "Log": plain("log"),
    "Mish": plain("mish", threshold=20.0),
    "Neg": plain("scale", scale=-1.0, bias=0.0, bias_after_scale=True),
    "PRelu": prelu,
    "Reciprocal": plain("reciprocal"),
    "Relu": plain("relu"),
    "Sigmoid": plain("sigmoid"),
    "Sqrt": plain("sqrt"),
    "Swish": plain("swish", beta=1.0),
    "Tanh": plain("tanh"),
}
