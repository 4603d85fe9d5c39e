"""Linear layers in the form whose weights opt and runtime agree on.

With ``--quant_model`` opt also quantises the weights of ``matmul`` and ``matmul_v2``
(lite/core/optimizer/mir/post_quant_dynamic_pass.cc), but the runtime turns only those of ``mul``,
``fc`` and convolutions back into floats (lite/api/light_api.cc, DequantizeWeight), and computes
with integers taken for floats: PP-OCRv4's recogniser gives NaN. ``mul`` of a tensor with a matrix
of weights is the same product, to the last bit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from opt_models.errors import OptError
from opt_models.formats import program

_INT = 0
#: Switches of the two operators that ``mul`` has not, and what they must be for it to do.
_PLAIN = {
    "trans_x": False,
    "trans_y": False,
    "transpose_X": False,
    "transpose_Y": False,
    "alpha": 1.0,
}


def rewrite(source: Path, target: Path) -> None:
    """Write a program with each product of a tensor and a matrix of weights as ``mul``.

    Args:
        source: an inference program; its weights stay as they are.
        target: the file to write.

    Raises:
        OptError: the file is no inference program, or has such a product ``mul`` cannot do.
    """
    message = program.parse(source)
    # Blocks within others use the variables of those, too; an outer one's name goes first.
    blocks = reversed(message.blocks)
    variables = {variable.name: variable for block in blocks for variable in block.vars}
    for block in message.blocks:
        for operator in block.ops:
            if operator.type in ("matmul", "matmul_v2"):
                left, right = (_argument(operator, variables, side) for side in ("X", "Y"))
                if left.persistable or right.persistable:
                    _to_mul(operator, len(_dims(left)), _dims(right), source)
    target.write_bytes(message.SerializeToString())


def _argument(operator: Any, variables: Any, side: str) -> Any:
    """The variable an operator takes at a side."""
    (name,) = (one.arguments[0] for one in operator.inputs if one.parameter == side)
    return variables[name]


def _dims(variable: Any) -> list[int]:
    return list(variable.type.lod_tensor.tensor.dims)


def _to_mul(operator: Any, rank: int, weights: list[int], source: Path) -> None:
    plain = all(
        (one.b if isinstance(_PLAIN[one.name], bool) else one.f) == _PLAIN[one.name]
        for one in operator.attrs
        if one.name in _PLAIN
    )
    if not plain or rank < 2 or len(weights) != 2:
        raise OptError(
            f"{source}: has a {operator.type} with weights {weights} that Paddle-Lite would"
            " quantise and not turn back; leave --precision int8 or int16 out"
        )
    operator.type = "mul"
    for place in reversed(range(len(operator.attrs))):
        if operator.attrs[place].name in _PLAIN:
            del operator.attrs[place]
    operator.attrs.add(name="x_num_col_dims", type=_INT, i=rank - 1)
    operator.attrs.add(name="y_num_col_dims", type=_INT, i=1)
