"""Enlarging and shrinking of pictures."""

from __future__ import annotations

from typing import Mapping

from opt_models.formats.operator import AttributeValue
from opt_models.importing.pir.convolutions import nchw
from opt_models.importing.pir.rule import Rule
from opt_models.importing.pir.sizes import Size
from opt_models.importing.pir.step import Step


def _resized(step: Step) -> None:
    """By factors, to fixed sizes, or to the size of another tensor."""
    nchw(step)
    if step.has(2) or step.has(3):
        raise step.error(
            "computes its size when the network runs, expected factors or a fixed size"
        )
    kind = step.source.name
    attributes: dict[str, AttributeValue] = {
        "interp_method": step.attribute("interp_method", str, kind.partition("_")[0]),
        "align_corners": step.attribute("align_corners", bool, False),
        "align_mode": step.attribute("align_mode", int, 1),
        "out_h": step.attribute("out_h", int, -1),
        "out_w": step.attribute("out_w", int, -1),
    }
    inputs = {"X": step.name(0)}
    factors = step.attribute("scale", tuple, ())
    if step.has(1):
        sizes = step.numbers(1, "size")
        if all(isinstance(size, int) for size in sizes):
            attributes.update(out_h=sizes[0], out_w=sizes[-1])
        else:
            inputs["OutSize"] = _size_of(step, sizes)
    elif factors:
        numbers = [float(factor) for factor in factors if isinstance(factor, (int, float))]
        attributes["scale"] = numbers if len(numbers) > 1 else numbers * 2
    out = step.output(step.carried([0]))
    step.emit(f"{kind}_v2", inputs, {"Out": out}, **attributes)


def _size_of(step: Step, sizes: list[int | Size]) -> str:
    """Height and width of another tensor, taken when the network runs."""
    marks = [size.marks for size in sizes if isinstance(size, Size) and size.factor == 1]
    if len(sizes) != 2 or len(marks) != 2 or {len(mark) for mark in marks} != {1}:
        raise step.error("computes with sizes, expected those of another tensor as they are")
    ((key, first),), ((other, second),) = marks
    tensor = step.scope.find(key)
    if key != other or second != first + 1 or tensor is None:
        raise step.error("takes its height and width from two tensors, expected one")
    shape = step.intermediate("shape", [len(tensor.shape)], "int32")
    size = step.intermediate("size", [2], "int32")
    step.emit("shape", {"Input": tensor.name}, {"Out": shape})
    window = {"axes": [0], "starts": [first], "ends": [second + 1]}
    step.emit("slice", {"Input": shape}, {"Out": size}, **window)
    return size


#: By name in Paddle 3.
RULES: Mapping[str, Rule] = {"nearest_interp": Rule(_resized), "bilinear_interp": Rule(_resized)}
