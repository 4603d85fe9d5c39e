"""``(x - mean) / sqrt(variance + epsilon) * gamma + beta``, over the last axis.

Ba et al. 2016, arXiv 1607.06450.
"""

from __future__ import annotations

from opt_models.importing.onnx_network import Node
from opt_models.importing.onnx_operators.reduction import axes_of
from opt_models.importing.onnx_patterns.match import Match, number, other, replaced
from opt_models.importing.onnx_translation import Tensor, Translation


def match(translation: Translation, first: Node) -> Match | None:
    """From the mean on: ReduceMean, Sub, Pow, ReduceMean, Add, Sqrt, Div, Mul, Add."""
    x = translation.value(first, 0)
    if first.operator != "ReduceMean" or not isinstance(x, Tensor) or not x.rank:
        return None
    size = x.shape[-1]
    centred = translation.network.only_consumer(first.outputs[0], "Sub")
    if not _is_mean(translation, first, x.rank) or centred is None:
        return None
    if centred.inputs != (first.inputs[0], first.outputs[0]):
        return None
    deviation = _deviation(translation, centred, x.rank)
    if deviation is None:
        return None
    squares, epsilon = deviation
    divided = translation.network.only_consumer(squares[-1].outputs[0], "Div")
    if divided is None or divided.inputs != (centred.outputs[0], squares[-1].outputs[0]):
        return None
    users = translation.network.consumers[centred.outputs[0]]
    if {id(user) for user in users} != {id(squares[0]), id(divided)}:
        return None
    affine = _affine(translation, divided, size)
    if affine is None:
        return None
    steps, weights = affine
    return replaced(
        "LayerNormalization",
        (first.inputs[0], *weights),
        (first, centred, *squares, divided, *steps),
        axis=-1,
        epsilon=epsilon,
    )


def _is_mean(translation: Translation, node: Node, rank: int) -> bool:
    keeps = node.attributes.get("keepdims", 1)
    return bool(keeps) and axes_of(translation, node, 1, rank) == (rank - 1,)


def _deviation(
    translation: Translation, centred: Node, rank: int
) -> tuple[tuple[Node, ...], float] | None:
    """The nodes of ``sqrt(mean(centred ^ 2) + epsilon)``, and epsilon."""
    network, name = translation.network, centred.outputs[0]
    for square in network.consumers[name]:
        mean = network.only_consumer(square.outputs[0], "ReduceMean")
        if mean is None or not _is_square(translation, square, name):
            continue
        plus = network.only_consumer(mean.outputs[0], "Add")
        root = plus and network.only_consumer(plus.outputs[0], "Sqrt")
        epsilon = number(translation, other(plus, mean.outputs[0])) if plus else None
        if plus and root and epsilon is not None and _is_mean(translation, mean, rank):
            return (square, mean, plus, root), epsilon
    return None


def _is_square(translation: Translation, node: Node, name: str) -> bool:
    if node.operator == "Mul":
        return node.inputs == (name, name)
    power = number(translation, node.input(1))
    return node.operator == "Pow" and node.inputs[0] == name and power == 2


def _affine(
    translation: Translation, divided: Node, size: object
) -> tuple[tuple[Node, ...], tuple[str, ...]] | None:
    """The product and sum behind, and their weights; each one number a column."""
    network = translation.network
    steps, weights, name = [], [], divided.outputs[0]
    for operator in ("Mul", "Add"):
        step = network.only_consumer(name, operator)
        weight = other(step, name) if step else ""
        values = translation.constant(weight)
        if step is None or values is None or values.shape[-1:] != (size,):
            return None
        if values.size != size:
            return None
        steps.append(step)
        weights.append(weight)
        name = step.outputs[0]
    return tuple(steps), tuple(weights)
