"""``swish(x) = x sigmoid(x)`` (Ramachandran et al. 2017, arXiv 1710.05941)."""

from __future__ import annotations

from opt_models.importing.onnx_network import Node
from opt_models.importing.onnx_patterns.match import Match, other, replaced
from opt_models.importing.onnx_translation import Translation


def match(translation: Translation, first: Node) -> Match | None:
    """From the sigmoid on."""
    if first.operator != "Sigmoid":
        return None
    share = first.outputs[0]
    product = translation.network.only_consumer(share, "Mul")
    if product is None or other(product, share) != first.inputs[0]:
        return None
    return replaced("Swish", (first.inputs[0],), (first, product))
