"""Tensors put together of others, or of themselves several times."""

from __future__ import annotations

from typing import Mapping

import numpy as np

from opt_models.importing.pir.rule import Rule
from opt_models.importing.pir.scope import Array
from opt_models.importing.pir.sizes import Size, Sizes, fresh
from opt_models.importing.pir.step import Step


def _combine(step: Step) -> None:
    """A list of tensors."""
    step.scope.define_list(step.result, step.source.inputs)


def _names(step: Step) -> list[str]:
    """Variables of the elements of the first operand."""
    return [step.scope.name(row) for row in step.elements(0)]


def _concat(step: Step) -> None:
    axis = int(step.number(1, "axis")) % max(len(step.tensor.shape), 1)
    out = step.output(_joined(step, axis))
    step.emit("concat", {"X": _names(step)}, {"Out": out}, axis=axis)


def _joined(step: Step, axis: int) -> Sizes:
    """Sizes of tensors put together along an axis: the others are those of each of them."""
    known = list(fresh(step.result, step.tensor.shape))
    for row in step.elements(0):
        sizes = getattr(row, "sizes", ())
        for index, size in enumerate(sizes):
            if index != axis and isinstance(known[index], Size):
                known[index] = size
    return tuple(known)


def _concat_known(step: Step, values: list[Array]) -> Array:
    return np.concatenate(values[:-1], int(step.number(1, "axis")))


def _stack(step: Step) -> None:
    axis = step.attribute("axis", int, 0) % max(len(step.tensor.shape), 1)
    step.emit("stack", {"X": _names(step)}, {"Y": step.output()}, axis=axis)


def _stack_known(step: Step, values: list[Array]) -> Array:
    return np.stack(values, step.attribute("axis", int, 0))


def _expand(step: Step) -> None:
    """To sizes that are fixed, or stay what they are."""
    given, target = step.sizes(0), step.numbers(1, "shape")
    padded = (*(1,) * (len(target) - len(given)), *given)
    shape: list[int] = []
    for size, own in zip(target, padded):
        if isinstance(size, Size) and size != own:
            raise step.error("spreads a tensor over sizes of the input, which Paddle-Lite has not")
        shape.append(-1 if size == own else int(size))
    step.emit("expand_v2", {"X": step.name(0)}, {"Out": step.output()}, shape=shape)


def _tile(step: Step) -> None:
    times = step.integers(1, "repeats")
    step.emit("tile", {"X": step.name(0)}, {"Out": step.output()}, repeat_times=times)


#: By name in Paddle 3.
RULES: Mapping[str, Rule] = {
    "concat": Rule(_concat, _concat_known),
    "stack": Rule(_stack, _stack_known),
    "expand": Rule(_expand),
    "tile": Rule(_tile),
}

#: That of the dialect that all programs share.
BUILTIN: Mapping[str, Rule] = {"combine": Rule(_combine)}
