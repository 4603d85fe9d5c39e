"""Combined parameters of Paddle's inference models: ``inference.pdiparams`` or ``params``.

The weights stand one after the other in the order of their names, without the names and without
a count. Each is a record: version (uint32), levels of detail (uint64, then for each its size in
bytes as uint64 and its data), version of the tensor (uint32), length of its description (int32),
the description (``TensorDesc``), and the values (Paddle-Lite, lite/model_parser/pb/tensor_io.cc).
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Iterable, Mapping

import numpy as np
import numpy.typing as npt
from google.protobuf.message import DecodeError

from opt_models.errors import OptError
from opt_models.formats import program as programs
from opt_models.formats.program_schema import TensorDesc
from opt_models.formats.topology import Variable, bytes_of, dtype, number

#: A type and some dimensions; real descriptions have about ten bytes.
_MAX_DESCRIPTION = 1024
#: Its number in framework.proto.
FLOAT32 = 5


@dataclass(frozen=True)
class Record:
    """One weight.

    Attributes:
        start: where it begins in the file, in bytes.
        offset, length: where its values lie in the file, in bytes.
    """

    dtype: str
    shape: tuple[int, ...]
    start: int
    offset: int
    length: int


def check(program: Path, params: Path) -> None:
    """Make sure that a file holds the weights of a program, all of them and nothing else.

    Raises:
        OptError: the program is none; or the weights are cut off, too many or too few, or have
            other shapes, as those of another model do.
    """
    check_weights(programs.topology(programs.parse(program)).weights, program.name, params)


def check_weights(weights: Mapping[str, Variable], program: str, params: Path) -> None:
    """As :func:`check`, of the weights of a program that was read already.

    Args:
        weights: of the program, sorted by name.
        program: name of its file, for messages.
        params: the file with the weights.

    Raises:
        OptError: as of :func:`check`.
    """
    check_shapes({name: weight.shape for name, weight in weights.items()}, program, params)


def check_shapes(
    expected: Mapping[str, tuple[int, ...]], program: str, params: Path
) -> tuple[Record, ...]:
    """Make sure that a file holds weights of given shapes, all of them and nothing else.

    Args:
        expected: shapes by name, sorted by name.
        program: name of the file they are from, for messages.
        params: the file with the weights.

    Returns:
        the weights, in the same order.

    Raises:
        OptError: it does not.
    """
    stored = records(params)
    if len(stored) != len(expected):
        raise OptError(
            f"{params}: holds {len(stored)} weights, expected the {len(expected)} of {program};"
            " it is cut off or belongs to another model, copy both files again"
        )
    for (name, shape), record in zip(expected.items(), stored):
        if shape != record.shape:
            raise OptError(
                f"{params}: holds weights of another model: {name!r} has shape"
                f" {list(record.shape)}, expected {list(shape)} as in {program};"
                " copy both files again"
            )
    return stored


def is_params(path: Path) -> bool:
    """Whether a file of unknown name holds combined parameters."""
    try:
        return bool(records(path))
    except OptError:
        return False


def records(path: Path) -> tuple[Record, ...]:
    """All weights in the order of the file.

    Raises:
        OptError: the file is something else, or ends in the middle of a weight.
    """
    size = path.stat().st_size
    tensors: list[Record] = []
    with path.open("rb") as file:
        while (start := file.tell()) < size:
            try:
                tensors.append(_record(file, size))
            except _EndError as error:
                raise OptError(
                    f"{path}: is cut off or damaged: weight {len(tensors) + 1} reaches to byte"
                    f" {error.reach}, the file has {size}; copy it again"
                ) from None
            except _ForeignError:
                raise OptError(
                    f"{path}: is not a file of combined Paddle parameters, or damaged at byte"
                    f" {start}; expected inference.pdiparams or params of an exported model"
                ) from None
    if not tensors:
        raise OptError(f"{path}: is empty; copy it again")
    return tuple(tensors)


def load(path: Path, names: Iterable[str]) -> dict[str, bytes]:
    """The records of weights, as they are in the file.

    Args:
        path: of a file :func:`check` has nothing against.
        names: of the weights, sorted as in the file.
    """
    content = path.read_bytes()
    return {
        name: content[record.start : record.offset + record.length]
        for name, record in zip(names, records(path))
    }


def array(record: bytes) -> npt.NDArray[np.generic]:
    """The values of a weight.

    Args:
        record: of :func:`load`; its type must be one numpy knows.
    """
    tensor = _record(io.BytesIO(record), len(record))
    return np.frombuffer(record, tensor.dtype, offset=tensor.offset).reshape(tensor.shape)


def record(values: npt.NDArray[np.generic]) -> bytes:
    """The record of a weight; fractions are stored as float32, whole numbers as they are.

    Raises:
        ValueError: the format has no such type.
    """
    stored = np.ascontiguousarray(values, "<f4" if values.dtype.kind == "f" else None)
    described = TensorDesc(data_type=number(stored.dtype.name), dims=stored.shape)
    described = described.SerializeToString()
    return b"".join((struct.pack("<IQIi", 0, 0, 0, len(described)), described, stored.tobytes()))


class _EndError(Exception):
    """A record reaches beyond the end of the file."""

    def __init__(self, reach: int) -> None:
        super().__init__(reach)
        self.reach = reach


class _ForeignError(Exception):
    """What is here is no record."""


def _record(file: BinaryIO, size: int) -> Record:
    """Read one record but for its values, which are passed over."""
    start = file.tell()
    version, levels = struct.unpack("<IQ", _read(file, 12, size))
    # Weights have no levels of detail; the format allows some, no model has many.
    if version != 0 or levels > 8:
        raise _ForeignError
    for _ in range(levels):
        (length,) = struct.unpack("<Q", _read(file, 8, size))
        _pass(file, length, size)
    version, length = struct.unpack("<Ii", _read(file, 8, size))
    if version != 0 or not 0 < length <= _MAX_DESCRIPTION:
        raise _ForeignError
    described = TensorDesc()
    try:
        described.ParseFromString(_read(file, length, size))
    except DecodeError:
        raise _ForeignError from None
    shape = tuple(described.dims)
    values = bytes_of(described.data_type, shape)
    if not described.IsInitialized() or values < 0:
        raise _ForeignError
    offset = file.tell()
    _pass(file, values, size)
    return Record(dtype(described.data_type), shape, start, offset, values)


def _read(file: BinaryIO, length: int, size: int) -> bytes:
    start = file.tell()
    _pass(file, length, size)
    file.seek(start)
    return file.read(length)


def _pass(file: BinaryIO, length: int, size: int) -> None:
    reach = file.tell() + length
    if reach > size:
        raise _EndError(reach)
    file.seek(reach)
