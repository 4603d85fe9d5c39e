"""What patterns have in common: following values, and constants of one number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from opt_models.importing.onnx_network import Node
from opt_models.importing.onnx_translation import Translation


@dataclass(frozen=True)
class Match:
    """A formula in a network.

    Attributes:
        node: what stands for it.
        covered: the nodes it is written out in.
    """

    node: Node
    covered: tuple[Node, ...]


def replaced(
    operator: str, inputs: tuple[str, ...], covered: tuple[Node, ...], **attributes: Any
) -> Match:
    """A match whose node gives what the last covered one gave."""
    last = covered[-1]
    return Match(Node(operator, inputs, last.outputs, attributes, last.opset, last.name), covered)


def other(node: Node, name: str) -> str:
    """The input of a node of two inputs that is not the named one; empty if there is none."""
    if len(node.inputs) != 2 or name not in node.inputs:
        return ""
    return node.inputs[1 - node.inputs.index(name)]


def number(translation: Translation, name: str) -> float | None:
    """The one number a value always has."""
    values = translation.constant(name)
    return float(values.reshape(())) if values is not None and values.size == 1 else None


def close(value: float | None, expected: float) -> bool:
    """Whether a constant is a number, as exactly as exporters write it."""
    return value is not None and bool(np.isclose(value, expected, rtol=1e-4, atol=0.0))


def scaled_by(translation: Translation, node: Node | None, name: str, factor: float) -> bool:
    """Whether a node multiplies a value by a factor, or divides it by the inverse."""
    if node is None:
        return False
    value = number(translation, other(node, name))
    if node.operator == "Mul":
        return close(value, factor)
    return node.operator == "Div" and node.inputs[0] == name and close(value, 1 / factor)
