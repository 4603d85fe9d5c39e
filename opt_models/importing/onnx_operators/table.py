"""All operators that can be imported, by ONNX's name."""

from __future__ import annotations

from typing import Callable, Mapping

from opt_models.importing.onnx_network import Node
from opt_models.importing.onnx_operators import (
    activation,
    arithmetic,
    convolution,
    matrix,
    normalisation,
    pooling,
    reduction,
    resizing,
    selection,
    shape,
)
from opt_models.importing.onnx_translation import Translation

#: Adds what an operator becomes to the program, and binds its outputs.
Emit = Callable[[Translation, Node], None]

OPERATORS: Mapping[str, Emit] = {
    **activation.OPERATORS,
    **arithmetic.OPERATORS,
    **convolution.OPERATORS,
    **matrix.OPERATORS,
    **normalisation.OPERATORS,
    **pooling.OPERATORS,
    **reduction.OPERATORS,
    **resizing.OPERATORS,
    **selection.OPERATORS,
    **shape.OPERATORS,
}
