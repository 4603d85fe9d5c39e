"""Means, maxima, minima and sums over axes."""

from __future__ import annotations

from typing import Any, Callable, Mapping

import numpy as np

from opt_models.importing.pir.rule import Rule, Translate
from opt_models.importing.pir.scope import Array
from opt_models.importing.pir.step import Step


def axes(step: Step) -> list[int]:
    """The axes to reduce, counted from the front; all of them if none is named."""
    rank = len(step.shape(0))
    named = step.integers(1, "axes") if step.has(1) else []
    if not all(-rank <= axis < rank for axis in named):
        raise step.error(f"reduces the axes {named} of a tensor of {rank}")
    return sorted({axis % rank for axis in named} or range(rank))


def _reduced(kind: str) -> Translate:
    def translate(step: Step) -> None:
        dim = axes(step)
        keep = step.attribute("keepdim", bool, False)
        everything = len(dim) == len(step.shape(0))
        left = [axis if axis not in dim else None for axis in range(len(step.shape(0)))]
        axes_left = left if keep else [axis for axis in left if axis is not None]
        inputs, outputs = {"X": step.name(0)}, {"Out": step.output(step.carried(axes_left))}
        step.emit(kind, inputs, outputs, dim=dim, keep_dim=keep, reduce_all=everything)

    return translate


def _known(reduce: Callable[..., Any]) -> Callable[[Step, list[Array]], Array]:
    def fold(step: Step, values: list[Array]) -> Array:
        keep = step.attribute("keepdim", bool, False)
        return np.asarray(reduce(values[0], axis=tuple(axes(step)), keepdims=keep))

    return fold


#: By name in Paddle 3.
RULES: Mapping[str, Rule] = {
    "mean": Rule(_reduced("reduce_mean"), _known(np.mean)),
    "max": Rule(_reduced("reduce_max"), _known(np.max)),
    "min": Rule(_reduced("reduce_min"), _known(np.min)),
    "sum": Rule(_reduced("reduce_sum"), _known(np.sum)),
    "prod": Rule(_reduced("reduce_prod"), _known(np.prod)),
}
