"""Functions of single elements."""

from __future__ import annotations

from typing import Mapping

import numpy as np

from opt_models.formats.operator import AttributeValue
from opt_models.importing.pir.rule import Rule, Translate
from opt_models.importing.pir.step import Step


def emit(step: Step, kind: str, **attributes: AttributeValue) -> None:
    """Write an operator that takes one tensor and gives one of the same shape."""
    x = step.name(0)
    step.emit(kind, {"X": x}, {"Out": step.output(step.spread(0))}, **attributes)


def _plain(kind: str, **attributes: AttributeValue) -> Translate:
    """A function whose attributes are always the same."""
    return lambda step: emit(step, kind, **attributes)


def _hard_sigmoid(step: Step) -> None:
    slope, offset = (step.attribute(name, float) for name in ("slope", "offset"))
    emit(step, "hard_sigmoid", slope=slope, offset=offset)


def _gelu(step: Step) -> None:
    emit(step, "gelu", approximate=step.attribute("approximate", bool, False))


def _leaky_relu(step: Step) -> None:
    emit(step, "leaky_relu", alpha=step.attribute("negative_slope", float))


def _elu(step: Step) -> None:
    emit(step, "elu", alpha=step.attribute("alpha", float, 1.0))


def _softplus(step: Step) -> None:
    beta, threshold = (step.attribute(name, float) for name in ("beta", "threshold"))
    emit(step, "softplus", beta=beta, threshold=threshold)


def _mish(step: Step) -> None:
    emit(step, "mish", threshold=step.attribute("lambda", float, 20.0))


def _prelu(step: Step) -> None:
    if step.attribute("data_format", str, "NCHW") != "NCHW":
        raise step.error("is of layout NHWC, expected NCHW")
    mode = step.attribute("mode", str)
    x, slopes = step.name(0), step.name(1)
    out = step.output(step.spread(0))
    step.emit("prelu", {"X": x, "Alpha": slopes}, {"Out": out}, mode=mode)


def _clip(step: Step) -> None:
    emit(step, "clip", min=step.number(1, "minimum"), max=step.number(2, "maximum"))


def _hardtanh(step: Step) -> None:
    low, high = (step.attribute(name, float) for name in ("t_min", "t_max"))
    emit(step, "clip", min=low, max=high)


def _pow(step: Step) -> None:
    emit(step, "pow", factor=step.attribute("y", float))


def _softmax(step: Step) -> None:
    rank = len(step.shape(0))
    emit(step, "softmax", axis=step.attribute("axis", int, -1) % max(rank, 1))


#: By name in Paddle 3. Where numbers stand, they are Paddle's own (paddle/phi/ops/yaml/ops.yaml and
#: the kernels it names).
RULES: Mapping[str, Rule] = {
    "relu": Rule(_plain("relu")),
    "relu6": Rule(_plain("relu6", threshold=6.0)),
    "sigmoid": Rule(_plain("sigmoid")),
    "tanh": Rule(_plain("tanh")),
    "abs": Rule(_plain("abs")),
    "exp": Rule(_plain("exp")),
    "log": Rule(_plain("log")),
    "floor": Rule(_plain("floor")),
    "erf": Rule(_plain("erf")),
    "sqrt": Rule(_plain("sqrt"), lambda step, values: np.sqrt(values[0])),
    "rsqrt": Rule(_plain("rsqrt")),
    "square": Rule(_plain("square")),
    "hardswish": Rule(_plain("hard_swish", threshold=6.0, scale=6.0, offset=3.0)),
    "hardsigmoid": Rule(_hard_sigmoid),
    # x sigmoid(x) under both names; Paddle-Lite fuses the one called swish.
    "swish": Rule(_plain("swish", beta=1.0)),
    "silu": Rule(_plain("swish", beta=1.0)),
    "gelu": Rule(_gelu),
    "mish": Rule(_mish),
    "elu": Rule(_elu),
    "leaky_relu": Rule(_leaky_relu),
    "softplus": Rule(_softplus),
    "prelu": Rule(_prelu),
    "clip": Rule(_clip),
    "hardtanh": Rule(_hardtanh),
    "pow": Rule(_pow),
    "softmax": Rule(_softmax),
}
