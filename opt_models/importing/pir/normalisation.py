"""Normalisation: by what was learnt, and by the tensor itself."""

from __future__ import annotations

from math import prod
from typing import Mapping

import numpy as np

from opt_models.importing.pir.convolutions import nchw
from opt_models.importing.pir.rule import Rule
from opt_models.importing.pir.step import Step


def _batch(step: Step) -> None:
    nchw(step)
    fixed = [step.attribute(name, bool, False) for name in ("is_test", "use_global_stats")]
    if not any(fixed):
        raise step.error("is exported as it trains", "call eval() on the network before the export")
    sides = ("X", "Mean", "Variance", "Scale", "Bias")
    inputs = {side: step.name(index) for index, side in enumerate(sides)}
    step.emit(
        "batch_norm",
        inputs,
        {"Y": step.output(step.spread(0))},
        is_test=True,
        use_global_stats=True,
        epsilon=step.attribute("epsilon", float),
        momentum=step.attribute("momentum", float, 0.9),
        data_layout="NCHW",
    )


def _layer(step: Step) -> None:
    """Scale and bias are written even if there are none: the x86 kernel needs them."""
    start = step.attribute("begin_norm_axis", int)
    shape = step.shape(0)
    start = start % max(len(shape), 1)
    if min(shape[start:], default=1) < 1:
        raise step.error("normalises over a size that depends on the input, expected a fixed one")
    inputs = {"X": step.name(0)}
    for index, (side, number) in enumerate((("Scale", 1.0), ("Bias", 0.0)), 1):
        if step.has(index):
            inputs[side] = step.name(index)
        else:
            inputs[side] = step.weight(
                side.lower(), np.full(prod(shape[start:]), number, np.float32)
            )
    outputs = {"Y": step.output(step.spread(0))}
    for side in ("Mean", "Variance"):
        outputs[side] = step.intermediate(side.lower(), shape[:start])
    epsilon = step.attribute("epsilon", float)
    step.emit("layer_norm", inputs, outputs, begin_norm_axis=start, epsilon=epsilon)


#: By name in Paddle 3, where a ``_`` behind it says that the operator also writes to its operands.
RULES: Mapping[str, Rule] = {"batch_norm": Rule(_batch), "layer_norm": Rule(_layer)}
