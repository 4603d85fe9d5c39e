"""Layers: a convolution, its bias and activation, and what takes the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

from opt_models.folding import convolution
from opt_models.folding.graph import Graph
from opt_models.folding.row_ops import Writer
from opt_models.formats.operator import Operator

#: Functions of single elements that are finite for 0.
_ACTIVATIONS = ("relu", "relu6", "leaky_relu", "hard_swish", "swish", "gelu", "sigmoid")


@dataclass(frozen=True)
class Layer:
    """What follows a convolution.

    Attributes:
        shifts: operators that add a bias per channel, as :func:`convolution.is_shift` knows them.
        activations: the other operators on single elements.
        taker: the one operator that takes the result, of any type.
    """

    shifts: tuple[Operator, ...]
    activations: tuple[Operator, ...]
    taker: Operator

    @property
    def between(self) -> tuple[Operator, ...]:
        """All operators before the taker."""
        return self.shifts + self.activations


def after(graph: Graph, conv: Operator) -> Layer | None:
    """What follows a convolution; None if several operators take its result, or none."""
    shifts: list[Operator] = []
    activations: list[Operator] = []
    name = conv.output("Output")
    while len(users := graph.users(name)) == 1:
        user = users[0]
        if convolution.is_shift(graph, user):
            shifts.append(user)
        elif user.type in _ACTIVATIONS:
            activations.append(user)
        else:
            return Layer(tuple(shifts), tuple(activations), user)
        name = user.output("Out")
    return None


def known_after(graph: Graph, conv: Operator) -> Layer:
    """What follows a convolution of which :func:`after` already gave a layer.

    Raises:
        ValueError: nothing does.
    """
    layer = after(graph, conv)
    if layer is None:
        raise ValueError(f"not one operator alone takes the result of {conv}")
    return layer


def take_bias(graph: Graph, conv: Operator) -> tuple[str, str]:
    """Take out the bias that is added to a convolution's result, which nothing else takes.

    One part of a sum of convolutions should add it: opt makes it that convolution's own. Added to
    the sum it would be one more pass over memory.

    Returns:
        the variable of the layer's result, and that of the bias, empty if there is none.
    """
    y = conv.output("Output")
    users = graph.users(y)
    if len(users) != 1 or not convolution.is_shift(graph, users[0]):
        return y, ""
    graph.remove(users[0])
    return users[0].output("Out"), users[0].input("Y")


def convolve(writer: Writer, conv: Operator, bias: str) -> str:
    """Write a convolution and its bias, if any; gives the variable of the result."""
    result = writer.variable()
    conv.set_output("Output", result)
    writer.add(conv)
    if not bias:
        return result
    shifted = writer.variable()
    inputs = {"X": result, "Y": bias}
    writer.add(Operator.new("elementwise_add", inputs, {"Out": shifted}, axis=convolution.CHANNELS))
    return shifted


def add_up(graph: Graph, writer: Writer, parts: Sequence[str], y: str) -> None:
    """Let ``y`` be the sum of new tensors of one shape, from the first to the last."""
    total, *others = parts
    for part in others:
        both = writer.variable()
        writer.add(Operator.new("elementwise_add", {"X": total, "Y": part}, {"Out": both}, axis=-1))
        total = both
    graph.rename_output(total, y)
