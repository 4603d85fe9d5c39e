"""All patterns, and the order they are tried in."""

from __future__ import annotations

from typing import Callable

from opt_models.importing.onnx_network import Node
from opt_models.importing.onnx_patterns import gelu, hard_swish, layer_norm, swish
from opt_models.importing.onnx_patterns.match import Match
from opt_models.importing.onnx_translation import Translation

Pattern = Callable[[Translation, Node], "Match | None"]

PATTERNS: tuple[Pattern, ...] = (gelu.match, layer_norm.match, swish.match, hard_swish.match)


def match(translation: Translation, node: Node) -> Match | None:
    """The formula that begins at a node; None if there is none."""
    for pattern in PATTERNS:
        result = pattern(translation, node)
        if result is not None:
            return result
    return None
