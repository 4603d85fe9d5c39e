"""``hard_swish(x) = x hard_sigmoid(x)`` with ``hard_sigmoid(x) = clip(x + 3, 0, 6) / 6``.

Howard et al. 2019, arXiv 1905.02244. Exporters write one operator; a hard sigmoid and a product; or
a sum, bounds, a product and a quotient, the last two in either order.
"""

from __future__ import annotations

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
    """From the hard sigmoid or the sum on."""
    if first.operator == "HardSigmoid":
        return _from_hard_sigmoid(translation, first)
    if first.operator == "Add":
        return _from_sum(translation, first)
    return None


def _from_hard_sigmoid(translation: Translation, first: Node) -> Match | None:
    alpha, beta = first.attributes.get("alpha", 0.2), first.attributes.get("beta", 0.5)
    gate, x = first.outputs[0], first.inputs[0]
    product = translation.network.only_consumer(gate, "Mul")
    if product is None or other(product, gate) != x or not close(alpha, 1 / 6) or beta != 0.5:
        return None
    return replaced("HardSwish", (x,), (first, product))


def _from_sum(translation: Translation, first: Node) -> Match | None:
    network = translation.network
    constants = [name for name in first.inputs if number(translation, name) == 3]
    clip = network.only_consumer(first.outputs[0], "Clip")
    if len(constants) != 1 or clip is None or not _is_to_six(translation, clip):
        return None
    x, bounded = other(first, constants[0]), clip.outputs[0]
    behind = network.only_consumer(bounded, "Mul", "Div")
    if behind is None:
        return None
    if other(behind, bounded) == x and behind.operator == "Mul":
        share = network.only_consumer(behind.outputs[0], "Mul", "Div")
        if share and scaled_by(translation, share, behind.outputs[0], 1 / 6):
            return replaced("HardSwish", (x,), (first, clip, behind, share))
    elif scaled_by(translation, behind, bounded, 1 / 6):
        product = network.only_consumer(behind.outputs[0], "Mul")
        if product and other(product, behind.outputs[0]) == x:
            return replaced("HardSwish", (x,), (first, clip, behind, product))
        gate = (first, clip, behind)
        return replaced("HardSigmoid", (x,), gate, alpha=1 / 6, beta=0.5)
    return None


def _is_to_six(translation: Translation, clip: Node) -> bool:
    low = clip.attributes.get("min", number(translation, clip.input(1)))
    high = clip.attributes.get("max", number(translation, clip.input(2)))
    return bool(low == 0 and high == 6)
