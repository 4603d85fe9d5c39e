"""Convolutions, and such that enlarge."""

from __future__ import annotations

from typing import Mapping

from opt_models.formats.operator import AttributeValue
from opt_models.importing.pir.rule import Rule
from opt_models.importing.pir.step import Step


def nchw(step: Step) -> None:
    """Refuse the layout that Paddle-Lite has no kernels for."""
    layout = step.attribute("data_format", str, "NCHW")
    if layout not in ("NCHW", "AnyLayout"):
        raise step.error(f"is of layout {layout}, expected NCHW")


def _geometry(step: Step) -> dict[str, AttributeValue]:
    nchw(step)
    return {
        "strides": step.integer_list("strides"),
        "paddings": step.integer_list("paddings"),
        "padding_algorithm": step.attribute("padding_algorithm", str, "EXPLICIT"),
        "dilations": step.integer_list("dilations"),
        "groups": step.attribute("groups", int, 1),
    }


def _convolution(step: Step) -> None:
    """As depthwise where each channel has a filter of its own: the kernels for that are others."""
    filters, geometry = step.shape(1), _geometry(step)
    deep = geometry["groups"] == filters[0] and filters[1] == 1 and filters[0] > 1
    _emit(step, "depthwise_conv2d" if deep else "conv2d", geometry)


def _transposed(step: Step) -> None:
    geometry = _geometry(step)
    if padding := step.integer_list("output_padding"):
        geometry["output_padding"] = padding
    if step.has(2) and (size := step.integers(2, "output size")):
        geometry["output_size"] = size
    # Never as depthwise: only the kernel for groups exists on both processors.
    _emit(step, "conv2d_transpose", geometry)


def _emit(step: Step, kind: str, geometry: dict[str, AttributeValue]) -> None:
    inputs = {"Input": step.name(0), "Filter": step.name(1)}
    step.emit(kind, inputs, {"Output": step.output(step.carried([0]))}, **geometry)


#: By name in Paddle 3.
RULES: Mapping[str, Rule] = {
    "conv2d": Rule(_convolution),
    "depthwise_conv2d": Rule(_convolution),
    "conv2d_transpose": Rule(_transposed),
    "depthwise_conv2d_transpose": Rule(_transposed),
}
