"""Operators that change nothing once a network is trained, and other types of elements."""

from __future__ import annotations

from typing import Mapping

from opt_models.formats.topology import number
from opt_models.importing.pir.arithmetic import scaled
from opt_models.importing.pir.rule import Rule
from opt_models.importing.pir.scope import Array, Variable
from opt_models.importing.pir.step import Step


def _same(step: Step) -> None:
    step.alias(0)


def _dropout(step: Step) -> None:
    """Nothing at inference where values were scaled up in training, else times ``1 - p``."""
    if not step.attribute("is_test", bool, False):
        raise step.error("is exported as it trains", "call eval() on the network before the export")
    if step.attribute("mode", str) == "upscale_in_train":
        step.alias(0)
    else:
        kept = 1 - step.number(2, "probability")
        scaled(step, step.name(0), step.output(step.spread(0)), kept)


def _cast(step: Step) -> None:
    given, dtype = step.operand(0), step.tensor.dtype
    if not isinstance(given, Variable) or given.dtype == dtype:
        step.alias(0)
        return
    kinds = {"in_dtype": number(given.dtype), "out_dtype": number(dtype)}
    step.emit("cast", {"X": given.name}, {"Out": step.output(step.spread(0))}, **kinds)


def _cast_known(step: Step, values: list[Array]) -> Array:
    # Sizes that depend on the input have no type.
    return values[0] if values[0].dtype == object else values[0].astype(step.tensor.dtype)


#: By name in Paddle 3.
RULES: Mapping[str, Rule] = {
    "assign": Rule(_same),
    "share_data": Rule(_same),
    "dropout": Rule(_dropout),
    "cast": Rule(_cast, _cast_known),
}
