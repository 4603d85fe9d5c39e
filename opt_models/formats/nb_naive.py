"""Topology and weights of ``.nb`` files of layout 0, written before Paddle-Lite 2.7.

A "naive buffer": the fields of each structure one after the other, always all of them, numbers
little-endian; texts and lists have their length before them as uint64 (Paddle-Lite,
lite/model_parser/naive_buffer/naive_buffer.h and proto/framework.nb.h).
"""

from __future__ import annotations

import struct
from typing import Callable, TypeVar

from opt_models.formats.damage import DamageError
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

_T = TypeVar("_T")

#: Types in the order of this layout, by their numbers in framework.proto.
_TYPES = (0, 1, 2, 3, 4, 5, 6, 19, 20, 21, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 18)


def topology(data: bytes) -> Topology:
    """Operators and variables.

    Args:
        data: the topology's bytes.

    Raises:
        DamageError: they are damaged.
    """
    reader = _Reader(data)
    variables: dict[str, Variable] = {}
    operators: list[Operator] = []

    def block() -> None:
        reader.numbers("ii")  # its own number and its parent's
        for variable in reader.list(lambda: _variable(reader)):
            variables.setdefault(variable.name, variable)
        operators.extend(reader.list(lambda: _operator(reader)))
        reader.number("i")  # forward block

    blocks = len(reader.list(block))
    reader.number("q")  # version
    reader.finish("topology")
    return Topology(tuple(operators), variables, blocks)


def weights(data: bytes) -> tuple[Variable, ...]:
    """The weights.

    Args:
        data: all bytes behind the topology.

    Raises:
        DamageError: they are damaged, or there are too few or too many of them.
    """
    reader = _Reader(data)
    stored = tuple(reader.list(lambda: _weight(reader)))
    reader.finish("last weight")
    return stored


class _Reader:
    """A place in the data, moving on; raises DamageError at its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def numbers(self, kinds: str) -> tuple[int, ...]:
        """Some numbers of the kinds the module ``struct`` gives letters to."""
        offset = self.skip(struct.calcsize("<" + kinds))
        return struct.unpack_from("<" + kinds, self._data, offset)

    def number(self, kind: str) -> int:
        return self.numbers(kind)[0]

    def text(self) -> str:
        length = self.number("Q")
        offset = self.skip(length)
        try:
            return self._data[offset : offset + length].decode()
        except UnicodeDecodeError:
            raise DamageError(f"byte {offset} should be text") from None

    def list(self, element: Callable[[], _T]) -> list[_T]:
        count = self.number("Q")
        # Each element has a byte at least: a wrong count must not be worked through.
        if count > len(self._data) - self._place:
            raise DamageError(f"byte {self._place} begins a list longer than the rest")
        return [element() for _ in range(count)]

    def skip(self, length: int) -> int:
        """Go on; returns the place before."""
        offset = self._place
        if length > len(self._data) - offset:
            raise DamageError(f"{length - len(self._data) + offset} bytes are missing at its end")
        self._place = offset + length
        return offset

    def finish(self, what: str) -> None:
        """Make sure that this is the end."""
        if self._place != len(self._data):
            raise DamageError(f"{len(self._data) - self._place} bytes follow after the {what}")


def _type(reader: _Reader) -> int:
    number = reader.number("i")
    if not 0 <= number < len(_TYPES):
        raise DamageError(f"there is no type {number}")
    return _TYPES[number]


def _tensor(reader: _Reader) -> tuple[int, tuple[int, ...]]:
    """Element type and shape."""
    kind, shape = _type(reader), tuple(reader.list(lambda: reader.number("q")))
    if len(shape) > MAX_RANK:
        raise DamageError(f"a tensor has {len(shape)} dimensions")
    return kind, shape


def _leveled(reader: _Reader) -> tuple[int, tuple[int, ...]]:
    tensor = _tensor(reader)
    reader.number("i")  # levels of detail
    return tensor


def _variable(reader: _Reader) -> Variable:
    name, kind = reader.text(), _type(reader)
    _tensor(reader)  # selected rows
    element, shape = _leveled(reader)
    _leveled(reader)  # array of tensors
    reader.list(lambda: _leveled(reader))  # reader
    reader.list(lambda: _type(reader))  # tuple
    persistable = bool(reader.number("B"))
    if kind != TENSOR:
        return Variable(name, kind, persistable=persistable)
    return Variable(name, kind, dtype(element), shape, persistable)


def _operator(reader: _Reader) -> Operator:
    kind = reader.text()
    inputs, outputs = _sides(reader), _sides(reader)
    rows = reader.list(lambda: _attribute(reader))
    reader.number("B")  # is a target
    attributes = {name: value for name, value in rows if value is not None}
    return Operator(kind, inputs, outputs, attributes)


def _sides(reader: _Reader) -> dict[str, tuple[str, ...]]:
    return dict(reader.list(lambda: (reader.text(), tuple(reader.list(reader.text)))))


def _attribute(reader: _Reader) -> tuple[str, Attribute | None]:
    """Name, and the value if it is one of the kinds that count here."""
    name, kind = reader.text(), reader.number("i")
    values: dict[int, Attribute] = {0: reader.number("i")}
    reader.skip(4)  # float
    values[2] = reader.text()
    reader.list(lambda: reader.skip(4))  # ints
    reader.list(lambda: reader.skip(4))  # floats
    reader.list(reader.text)
    values[6] = bool(reader.number("B"))
    reader.list(lambda: reader.skip(1))  # truth values
    reader.skip(4)  # number of a block
    values[9] = reader.number("q")
    reader.list(lambda: reader.skip(4))  # numbers of blocks
    reader.list(lambda: reader.skip(8))  # long ints
    return name, values.get(kind)


def _weight(reader: _Reader) -> Variable:
    name = reader.text()
    reader.numbers("IQ")  # version of the model; levels of detail
    reader.list(lambda: reader.list(lambda: reader.number("Q")))
    if reader.number("I") != 0:
        raise DamageError(f"weight {name!r} has an unknown version")
    kind, shape = _tensor(reader)
    length = reader.number("Q")
    reader.skip(length)
    if bytes_of(kind, shape) != length:
        raise DamageError(f"the {length} bytes of weight {name!r} do not fit its shape")
    return Variable(name, TENSOR, dtype(kind), shape, persistable=True)
