"""``gelu(x) = x (1 + erf(x / sqrt(2))) / 2`` (Hendrycks and Gimpel 2016, arXiv 1606.08415)."""

from __future__ import annotations

from math import sqrt

from opt_models.importing.onnx_network import Node
from opt_models.importing.onnx_patterns.match import (
    Match,
    close,
    number,
    other,
    replaced,
    scaled_by,
)
from opt_models.importing.onnx_translation import Translation


def match(translation: Translation, first: Node) -> Match | None:
    """From ``x / sqrt(2)`` on; the half stands behind, before the product, or at ``x`` itself."""
    network, x = translation.network, first.inputs[0]
    if not scaled_by(translation, first, x, 1 / sqrt(2)):
        return None
    erf = network.only_consumer(first.outputs[0], "Erf")
    plus = erf and network.only_consumer(erf.outputs[0], "Add")
    if not erf or not plus or not close(number(translation, other(plus, erf.outputs[0])), 1):
        return None
    behind = network.only_consumer(plus.outputs[0], "Mul", "Div")
    if behind is None:
        return None
    covered = (first, erf, plus, behind)
    if other(behind, plus.outputs[0]) == x:
        half = network.only_consumer(behind.outputs[0], "Mul", "Div")
        if half and scaled_by(translation, half, behind.outputs[0], 0.5):
            return replaced("Gelu", (x,), (*covered, half))
    elif scaled_by(translation, behind, plus.outputs[0], 0.5):
        product = network.only_consumer(behind.outputs[0], "Mul")
        if product and other(product, behind.outputs[0]) == x:
            return replaced("Gelu", (x,), (*covered, product))
    else:
        for half in network.consumers[x]:
            alone = network.only_consumer(half.outputs[0], "Mul") is behind
            if alone and behind.operator == "Mul" and scaled_by(translation, half, x, 0.5):
                return replaced("Gelu", (x,), (first, erf, plus, half, behind))
    return None
