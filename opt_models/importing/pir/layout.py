"""The same elements under other axes."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

import numpy as np

from opt_models.formats.operator import AttributeValue
from opt_models.importing.pir.rule import Rule
from opt_models.importing.pir.scope import Array
from opt_models.importing.pir.sizes import Size, Sizes, after_reshape, fresh, reshaped
from opt_models.importing.pir.step import Step


def emit(step: Step, kind: str, sizes: Sizes | None, **attributes: AttributeValue) -> None:
    """Write an operator that also says what shape its input had, as Paddle's own exports do."""
    inputs, before = {"X": step.name(0)}, (0, *step.shape(0))
    outputs = {"Out": step.output(sizes), "XShape": step.intermediate("xshape", before)}
    step.emit(kind, inputs, outputs, **attributes)


def _reshape(step: Step) -> None:
    target, given = step.numbers(1, "shape"), step.sizes(0)
    shape = reshaped(target, given)
    if shape.count(-1) > 1:
        raise step.error("makes more than one size that follows from none of its input's")
    sizes = after_reshape(fresh(step.result, step.tensor.shape), target, given)
    emit(step, "reshape2", sizes, shape=shape)


def _flatten(step: Step) -> None:
    start, stop = (step.attribute(name, int) for name in ("start_axis", "stop_axis"))
    rank = len(step.shape(0))
    start, stop = start % max(rank, 1), stop % max(rank, 1)
    sizes = step.carried([*range(start), None, *range(stop + 1, rank)])
    emit(step, "flatten_contiguous_range", sizes, start_axis=start, stop_axis=stop)


def _transpose(step: Step) -> None:
    given = step.sizes(0)
    order = [axis % max(len(given), 1) for axis in step.integer_list("perm")]
    emit(step, "transpose2", tuple(given[axis] for axis in order), axis=order)


def _squeeze(step: Step) -> None:
    given = step.sizes(0)
    axes = _squeezed(step)
    kept = tuple(size for axis, size in enumerate(given) if axis not in axes)
    emit(step, "squeeze2", kept, axes=axes)


def _squeezed(step: Step) -> list[int]:
    """The axes to drop: those named that may be of size 1; all of that size if none is named."""
    given = step.sizes(0)
    named = [axis % max(len(given), 1) for axis in step.integers(1, "axes")]
    if not named:
        return [axis for axis, size in enumerate(given) if size == 1]
    return [axis for axis in named if isinstance(given[axis], Size) or given[axis] == 1]


def _unsqueeze(step: Step) -> None:
    axes = _unsqueezed(step)
    sizes = list(step.sizes(0))
    for axis in axes:
        sizes.insert(axis, 1)
    emit(step, "unsqueeze2", tuple(sizes), axes=axes)


def _unsqueezed(step: Step) -> list[int]:
    """The new axes, each counted from the front as it stands after those before it."""
    rank, axes = len(step.shape(0)), []
    for axis in step.integers(1, "axes"):
        rank += 1
        axes.append(axis % rank)
    return axes


def _reshape_known(step: Step, values: list[Array]) -> Array:
    given: Sequence[Any] = values[0].shape
    target = [given[axis] if size == 0 else size for axis, size in enumerate(values[1].tolist())]
    return np.reshape(values[0], target)


def _flatten_known(step: Step, values: list[Array]) -> Array:
    shape = values[0].shape
    start, stop = (
        step.attribute(name, int) % max(len(shape), 1) for name in ("start_axis", "stop_axis")
    )
    return np.reshape(values[0], (*shape[:start], -1, *shape[stop + 1 :]))


def _transpose_known(step: Step, values: list[Array]) -> Array:
    return np.transpose(values[0], step.integer_list("perm"))


def _squeeze_known(step: Step, values: list[Array]) -> Array:
    return np.squeeze(values[0], tuple(_squeezed(step)))


def _unsqueeze_known(step: Step, values: list[Array]) -> Array:
    result: Array = values[0]
    for axis in _unsqueezed(step):
        result = np.expand_dims(result, axis)
    return result


#: By name in Paddle 3.
RULES: Mapping[str, Rule] = {
    "reshape": Rule(_reshape, _reshape_known),
    "flatten": Rule(_flatten, _flatten_known),
    "transpose": Rule(_transpose, _transpose_known),
    "squeeze": Rule(_squeeze, _squeeze_known),
    "unsqueeze": Rule(_unsqueeze, _unsqueeze_known),
}
