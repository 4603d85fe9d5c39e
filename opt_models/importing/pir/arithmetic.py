"""Operators of two tensors, element by element, and the scale of one."""

from __future__ import annotations

from typing import Callable, Mapping

import numpy as np

from opt_models.importing.pir.rule import Rule, Translate
from opt_models.importing.pir.scope import Array
from opt_models.importing.pir.step import Step


def _combined(kind: str, swaps: bool) -> Translate:
    """An operator of two tensors.

    Args:
        kind: as Paddle-Lite calls it.
        swaps: whether both may change places.
    """

    def translate(step: Step) -> None:
        left, right = 0, 1
        if step.constant(0) is not None or _is_spread(step):
            if not swaps:
                _weight_first(step, kind)
                return
            left, right = right, left
        _write(step, kind, step.name(left), len(step.shape(left)), right)

    return translate


def _write(step: Step, kind: str, x: str, rank: int, right: int) -> None:
    """Combine a variable with an operand that is of no more axes."""
    values = step.constant(right)
    axis = -1
    if values is None:
        y = step.name(right)
    else:
        values, axis = along(values, rank)
        y = step.scope.weight(step.operand(right).name, values)
    if len(step.tensor.shape) > rank:
        raise step.error(f"spreads a tensor of {rank} axes over more, which Paddle-Lite has not")
    step.emit(kind, {"X": x, "Y": y}, {"Out": step.output(step.spread(0, 1))}, axis=axis)


def along(values: Array, rank: int) -> tuple[Array, int]:
    """A weight without the axes along which it does not vary, and the axis it begins at.

    A bias of ``[1, C, 1, 1]`` becomes ``[C]`` from axis 1 on, which Paddle-Lite makes part of a
    convolution, or has fast kernels for.

    Args:
        values: of the weight.
        rank: of the tensor it is combined with.
    """
    if values.size == 1:
        return values.reshape(1), -1
    sizes = (*(1,) * (rank - values.ndim), *values.shape)
    varies = [axis for axis, size in enumerate(sizes) if size != 1]
    return values.reshape(sizes[varies[0] : varies[-1] + 1]), varies[0]


def _is_spread(step: Step) -> bool:
    """Whether the first of two variables is the one that is spread over the other."""
    if step.constant(1) is not None:
        return False
    first, second = step.shape(0), step.shape(1)
    if len(first) != len(second):
        return len(first) < len(second)
    return any(size == 1 and other != 1 for size, other in zip(first, second))


def _weight_first(step: Step, kind: str) -> None:
    """``w - x`` as ``-x + w``, ``w / x`` as ``1 / x * w``: the smaller one must not come first."""
    if kind not in ("elementwise_sub", "elementwise_div"):
        raise step.error("takes the tensor that is spread over the other first, expected it second")
    x, shape = step.name(1), step.shape(1)
    turned = step.intermediate("turned", shape, step.tensor.dtype)
    if kind == "elementwise_sub":
        scaled(step, x, turned, -1.0)
        _write(step, "elementwise_add", turned, len(shape), 0)
    else:
        step.emit("reciprocal", {"X": x}, {"Out": turned})
        _write(step, "elementwise_mul", turned, len(shape), 0)


def scaled(step: Step, x: str, y: str, factor: float) -> None:
    """Let a variable be another one times a number."""
    attributes = {"scale": factor, "bias": 0.0, "bias_after_scale": True}
    step.emit("scale", {"X": x}, {"Out": y}, **attributes)


def _scale(step: Step) -> None:
    """``x * scale + bias``, or ``(x + bias) * scale``.

    A bias becomes an operator of its own: Paddle-Lite for x86 gives wrong results where it joins a
    scale with a bias to what stands before it.
    """
    factor, bias = step.number(1, "factor"), _bias(step)
    if factor == 1 and bias == 0:
        step.alias(0)
        return
    x, shape = step.name(0), step.shape(0)
    y = step.output(step.spread(0))
    if factor != 1:
        product = step.intermediate("scaled", shape, step.tensor.dtype) if bias else y
        scaled(step, x, product, factor)
        x = product
    if bias:
        weight = step.weight("bias", np.full(1, bias, np.float32))
        step.emit("elementwise_add", {"X": x, "Y": weight}, {"Out": y}, axis=-1)


def _bias(step: Step) -> float:
    """The number added after the product."""
    bias = step.attribute("bias", float, 0.0)
    if step.attribute("bias_after_scale", bool, True):
        return bias
    return bias * step.number(1, "factor")


def _scale_known(step: Step, values: list[Array]) -> Array:
    factor, bias = values[1].reshape(()).item(), _bias(step)
    if values[0].dtype.kind == "f":
        return np.asarray(values[0] * factor + bias, values[0].dtype)
    scaled_values = values[0] * (int(factor) if int(factor) == factor else factor)
    return scaled_values + int(bias) if bias else scaled_values


def _known(combine: np.ufunc) -> Callable[[Step, list[Array]], Array]:
    return lambda step, values: np.asarray(combine(values[0], values[1]))


#: By name in Paddle 3.
RULES: Mapping[str, Rule] = {
    "add": Rule(_combined("elementwise_add", True), _known(np.add)),
    "subtract": Rule(_combined("elementwise_sub", False), _known(np.subtract)),
    "multiply": Rule(_combined("elementwise_mul", True), _known(np.multiply)),
    "divide": Rule(_combined("elementwise_div", False), _known(np.divide)),
    "floor_divide": Rule(_combined("elementwise_floordiv", False), _known(np.floor_divide)),
    "maximum": Rule(_combined("elementwise_max", True), _known(np.maximum)),
    "minimum": Rule(_combined("elementwise_min", True), _known(np.minimum)),
    "elementwise_pow": Rule(_combined("elementwise_pow", False)),
    "scale": Rule(_scale, _scale_known),
}
