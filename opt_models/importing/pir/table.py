"""The table of operators: what Paddle 3 calls them, and how each is translated."""

from __future__ import annotations

from typing import Mapping

from opt_models.formats.pir_program import Operator
from opt_models.importing.pir import (
    activations,
    arithmetic,
    constants,
    convolutions,
    identities,
    interpolation,
    joining,
    layout,
    normalisation,
    pooling,
    products,
    reductions,
    slicing,
)
from opt_models.importing.pir.rule import Rule

_FAMILIES = (
    *(activations, arithmetic, constants, convolutions, identities, interpolation, joining),
    *(layout, normalisation, pooling, products, reductions, slicing),
)
_RULES: Mapping[str, Mapping[str, Rule]] = {
    "pd_op": {name: rule for family in _FAMILIES for name, rule in family.RULES.items()},
    "builtin": {**joining.BUILTIN, **slicing.BUILTIN},
}


def find(operator: Operator) -> Rule | None:
    """How an operator is translated; None if it is not known.

    A ``_`` behind a name says that the operator may write over its first operand, and nothing else.
    """
    rules = _RULES[operator.dialect]
    return rules.get(operator.name) or rules.get(operator.name.rstrip("_"))
