"""Products of matrices."""

from __future__ import annotations

from typing import Mapping

from opt_models.importing.pir.rule import Rule
from opt_models.importing.pir.step import Step


def _matmul(step: Step) -> None:
    turned = [step.attribute(name, bool, False) for name in ("transpose_x", "transpose_y")]
    inputs = {"X": step.name(0), "Y": step.name(1)}
    out = step.output(None if turned[0] else step.carried([0]))
    step.emit("matmul_v2", inputs, {"Out": out}, trans_x=turned[0], trans_y=turned[1])


#: By name in Paddle 3.
RULES: Mapping[str, Rule] = {"matmul": Rule(_matmul), "bmm": Rule(_matmul)}
