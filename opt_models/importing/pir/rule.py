"""How one kind of operator is translated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, List

from opt_models.importing.pir.scope import Array
from opt_models.importing.pir.step import Step

Translate = Callable[[Step], None]
Fold = Callable[[Step, List[Array]], Array]


@dataclass(frozen=True)
class Rule:
    """A row of the table.

    Attributes:
        translate: writes what takes the operator's place.
        fold: computes its output where all of its operands are known before the network runs: sizes
            of tensors, and weights that exporters reshape or scale.
    """

    translate: Translate
    fold: Fold | None = None
