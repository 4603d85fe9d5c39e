"""Numbers that stand in the program, and sizes of tensors."""

from __future__ import annotations

from math import prod
from typing import Mapping

import numpy as np

from opt_models.importing.pir.rule import Rule
from opt_models.importing.pir.sizes import as_array
from opt_models.importing.pir.step import Step

#: Elements of one constant; exporters write single numbers and short lists.
_MAX_ELEMENTS = 1 << 24


def _full(step: Step) -> None:
    shape, value = step.integer_list("shape"), step.attribute("value", float)
    dtype = step.attribute("dtype", str)
    if min(shape, default=0) < 0 or prod(shape) > _MAX_ELEMENTS:
        raise step.error(f"makes a constant of shape {shape}")
    step.fold(np.full(shape, value).astype(dtype))


def _full_int_array(step: Step) -> None:
    step.fold(np.array(step.integer_list("value"), step.attribute("dtype", str)))


def _assign_value(step: Step) -> None:
    values = np.array(step.attribute("values", tuple), step.attribute("dtype", str))
    step.fold(values.reshape(step.integer_list("shape")))


def _shape(step: Step) -> None:
    step.fold(as_array(step.sizes(0)))


#: By name in Paddle 3.
RULES: Mapping[str, Rule] = {
    "full": Rule(_full),
    "full_int_array": Rule(_full_int_array),
    "assign_value": Rule(_assign_value),
    "shape": Rule(_shape),
    "shape64": Rule(_shape),
}
