"""Parts of tensors."""

from __future__ import annotations

from typing import Mapping

from opt_models.importing.pir.rule import Rule
from opt_models.importing.pir.scope import Array
from opt_models.importing.pir.step import Step


def _slice(step: Step) -> None:
    axes, dropped = (step.integer_list(name) for name in ("axes", "decrease_axis"))
    starts, ends = step.integers(1, "starts"), step.integers(2, "ends")
    whole = [axis if axis not in axes else None for axis in range(len(step.shape(0)))]
    kept = [origin for axis, origin in enumerate(whole) if axis not in dropped]
    inputs, outputs = {"Input": step.name(0)}, {"Out": step.output(step.carried(kept))}
    more = {"decrease_axis": dropped} if dropped else {}
    step.emit("slice", inputs, outputs, axes=axes, starts=starts, ends=ends, **more)


def _slice_known(step: Step, values: list[Array]) -> Array:
    axes, dropped = (step.integer_list(name) for name in ("axes", "decrease_axis"))
    window = [slice(None)] * values[0].ndim
    for axis, start, end in zip(axes, step.integers(1, "starts"), step.integers(2, "ends")):
        window[axis] = slice(start, end)
    return values[0][tuple(window)].squeeze(tuple(dropped))


def _split(step: Step) -> None:
    """Into parts of given sizes."""
    axis = int(step.number(2, "axis")) % max(len(step.shape(0)), 1)
    sections = [part.shape[axis] for part in step.tensors]
    if min(sections) < 1:
        raise step.error("makes parts whose size depends on the input, expected fixed ones")
    inputs, outputs = {"X": step.name(0)}, {"Out": _elements(step)}
    step.emit("split", inputs, outputs, axis=axis, num=0, sections=sections)


def _split_evenly(step: Step) -> None:
    """Into a number of parts of one size."""
    axis = int(step.number(1, "axis")) % max(len(step.shape(0)), 1)
    inputs, outputs = {"X": step.name(0)}, {"Out": _elements(step)}
    step.emit("split", inputs, outputs, axis=axis, num=len(step.tensors), sections=[])


def _unbind(step: Step) -> None:
    """A slice for each index, as exporters write it for one."""
    axis = step.attribute("axis", int, 0) % max(len(step.shape(0)), 1)
    x = step.name(0)
    for index, part in enumerate(_elements(step)):
        window = {"axes": [axis], "starts": [index], "ends": [index + 1]}
        step.emit("slice", {"Input": x}, {"Out": part}, **window, decrease_axis=[axis])


def _elements(step: Step) -> list[str]:
    """Declare the variables of an output that is a list."""
    keys = [(step.result, index) for index in range(len(step.tensors))]
    step.scope.define_list(step.result, tuple(keys))
    return [
        step.declare(key, tensor, f"{step.label}.{key[1]}")
        for key, tensor in zip(keys, step.tensors)
    ]


def _open(step: Step) -> None:
    """All elements of a list."""
    for output, row in zip(step.source.outputs, step.elements(0)):
        step.scope.define(output.id, row)


def _pick(step: Step) -> None:
    """One element of a list."""
    step.scope.define(step.result, step.elements(0)[step.attribute("index", int)])


#: By name in Paddle 3.
RULES: Mapping[str, Rule] = {
    "slice": Rule(_slice, _slice_known),
    "split": Rule(_split),
    "split_with_num": Rule(_split_evenly),
    "unbind": Rule(_unbind),
}

#: Those of the dialect that all programs share: they work on lists of tensors.
BUILTIN: Mapping[str, Rule] = {"split": Rule(_open), "slice": Rule(_pick)}
