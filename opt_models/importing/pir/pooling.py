"""Maxima and means of windows."""

from __future__ import annotations

from typing import Mapping

from opt_models.importing.pir.convolutions import nchw
from opt_models.importing.pir.rule import Rule
from opt_models.importing.pir.step import Step


def _pool(step: Step) -> None:
    nchw(step)
    _emit(
        step,
        step.integers(1, "window"),
        step.attribute("pooling_type", str),
        exclusive=step.attribute("exclusive", bool, True),
        padding_algorithm=step.attribute("padding_algorithm", str, "EXPLICIT"),
    )


def _max_with_index(step: Step) -> None:
    """A maximum that would also say where it was; nobody here can ask."""
    _emit(step, step.integer_list("kernel_size"), "max")


def _emit(step: Step, window: list[int], kind: str, **more: bool | str) -> None:
    adaptive = step.attribute("adaptive", bool, False)
    everything = step.attribute("global_pooling", bool, False)
    if kind == "max" and adaptive:
        # The x86 kernel knows adaptive means only; a maximum of all is the same as a global one.
        if window != [1, 1]:
            raise step.error(f"makes adaptive maxima of {window}, which Paddle-Lite has not")
        adaptive, everything = False, True
    step.emit(
        "pool2d",
        {"X": step.name(0)},
        {"Out": step.output(step.carried([0]))},
        pooling_type=kind,
        ksize=window * 2 if len(window) == 1 else window,
        strides=step.integer_list("strides"),
        paddings=step.integer_list("paddings"),
        ceil_mode=step.attribute("ceil_mode", bool, False),
        global_pooling=everything,
        adaptive=adaptive,
        **more,
    )


#: By name in Paddle 3.
RULES: Mapping[str, Rule] = {
    "pool2d": Rule(_pool),
    "max_pool2d_with_index": Rule(_max_with_index),
}
