"""Topology and weights of ``.nb`` files of layouts 1 and 2, written since Paddle-Lite 2.7.

The topology is a flatbuffer of ``ProgramDesc`` (Paddle-Lite, lite/model_parser/flatbuffers/
framework.fbs). In layout 1 one more flatbuffer, to the end of the file, holds all weights
(param.fbs); in layout 2 each weight has one of its own, with its length before it (io.cc).
"""

from __future__ import annotations

import struct
from typing import Callable, Sequence

from opt_models.formats.damage import DamageError
from opt_models.formats.flat import Buffer, Table, refer
from opt_models.formats.topology import (
    MAX_RANK,
    TENSOR,
    Attribute,
    Operator,
    Topology,
    Variable,
    bytes_of,
    dtype,
)


def topology(data: bytes) -> Topology:
    """Operators and variables.

    Args:
        data: the topology's bytes.

    Raises:
        DamageError: they are damaged.
    """
    variables: dict[str, Variable] = {}
    operators: list[Operator] = []
    blocks = 0
    for block in Buffer(data).root().tables(0):
        blocks += 1
        for table in block.tables(2):
            variable = _variable(table)
            variables.setdefault(variable.name, variable)
        operators.extend(_operator(table) for table in block.tables(3))
    return Topology(tuple(operators), variables, blocks)


def rename(data: bytes, operators: Sequence[Operator]) -> bytes:
    """Let operators take and give other variables; all else stays.

    Args:
        data: the topology's bytes.
        operators: all that are in it, but with names of other variables.

    Raises:
        DamageError: the bytes are damaged.
    """
    lists: dict[int, Sequence[str]] = {}
    rest = iter(operators)
    for block in Buffer(data).root().tables(0):
        for table in block.tables(3):
            operator = next(rest)
            for field, sides in ((1, operator.inputs), (2, operator.outputs)):
                for side in table.tables(field):
                    names = sides[side.text(0)]
                    if tuple(names) != side.texts(1):
                        lists[side.offset(1)] = names
    return refer(data, lists)


def together(data: bytes) -> tuple[Variable, ...]:
    """The weights of layout 1.

    Args:
        data: all bytes behind the topology.

    Raises:
        DamageError: they are damaged, or there are too few or too many of them.
    """
    buffer = Buffer(data)
    weights = tuple(_weight(table) for table in buffer.root().tables(0))
    # Only padding may follow; its length makes that of the whole a multiple of the alignment.
    rest = data[buffer.end :]
    if len(rest) >= 8 or any(rest) or len(data) % 4:
        raise DamageError(f"{len(rest)} bytes follow after the last weight")
    return weights


def one_by_one(data: bytes) -> tuple[Variable, ...]:
    """The weights of layout 2; arguments and errors as for layout 1."""
    position = 0

    def take(length: int, what: str) -> bytes:
        nonlocal position
        if position + length > len(data):
            raise DamageError(f"{position + length - len(data)} bytes of {what} are missing")
        position += length
        return data[position - length : position]

    version, length = struct.unpack("<HH", take(4, "the weights' head"))
    if version != 0:
        raise DamageError(f"the weights have version {version}, expected 0")
    take(length, "the weights' head")
    (length,) = struct.unpack("<H", take(2, "the weights' head"))
    if length < 6:
        raise DamageError("the weights' head is too short")
    (count,) = struct.unpack_from("<H", take(length, "the weights' head"))
    weights = []
    for number in range(1, count + 1):
        what = f"weight {number} of {count}"
        total, offset = struct.unpack("<II", take(8, what))
        if not 4 <= offset <= total:
            raise DamageError(f"{what} has no valid length")
        take(offset - 4, what)
        weights.append(_weight(Buffer(take(total - offset, what)).root()))
    if position != len(data):
        raise DamageError(f"{len(data) - position} bytes follow after the last weight")
    return tuple(weights)


def _variable(table: Table) -> Variable:
    name, kind = table.text(0), table.table(1)
    if not name or kind is None:
        raise DamageError("a variable has no name or no type")
    lod_tensor = kind.table(2) if kind.int32(0) == TENSOR else None
    tensor = None if lod_tensor is None else lod_tensor.table(0)
    return Variable(
        name=name,
        kind=kind.int32(0),
        dtype="unknown" if tensor is None else dtype(tensor.int32(0)),
        shape=() if tensor is None else _shape(tensor, 1),
        persistable=table.bool(2),
    )


def _shape(table: Table, field: int) -> tuple[int, ...]:
    shape = table.longs(field)
    if len(shape) > MAX_RANK:
        raise DamageError(f"a tensor has {len(shape)} dimensions")
    return shape


def _operator(table: Table) -> Operator:
    attributes: dict[str, Attribute] = {}
    for attribute in table.tables(3):
        value = _attribute(attribute)
        if value is not None:
            attributes[attribute.text(0)] = value
    return Operator(table.text(0), _sides(table, 1), _sides(table, 2), attributes)


def _sides(table: Table, field: int) -> dict[str, tuple[str, ...]]:
    return {side.text(0): side.texts(1) for side in table.tables(field)}


def _attribute(table: Table) -> Attribute | None:
    """An attribute's value, if it is one of the kinds that count here."""
    kind = table.int32(1)
    readers: dict[int, Callable[[], Attribute]] = {
        0: lambda: table.int32(2),
        1: lambda: table.float32(3),
        2: lambda: table.text(4),
        3: lambda: table.ints(5),
        4: lambda: table.floats(6),
        6: lambda: table.bool(8),
        9: lambda: table.int64(11),
    }
    return readers[kind]() if kind in readers else None


def _weight(table: Table) -> Variable:
    table.table(0)  # versions, not used since they were introduced
    name, tensor = table.text(1), table.table(3)
    if not name or tensor is None:
        raise DamageError("a weight has no name or no values")
    tensor.longs(1)  # levels of detail: weights have none
    shape, kind = _shape(tensor, 2), tensor.int32(3)
    _, length = tensor.vector(4, 1)
    if bytes_of(kind, shape) != length:
        raise DamageError(f"the {length} bytes of weight {name!r} do not fit its shape")
    return Variable(name, TENSOR, dtype(kind), shape, persistable=True)
