"""``.nb`` files, Paddle-Lite's model format.

Bytes 0-1 hold the layout's version, 2-17 the release of the ``opt`` that wrote the file, padded
with zeros, 18-25 the length of the topology; then come the topology and, to the end of the file,
the weights (Paddle-Lite, lite/model_parser/model_parser.cc). The layout says how these are written.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from opt_models.errors import OptError
from opt_models.formats.damage import DamageError
from opt_models.formats.summary import KERNEL, Summary, summarise
from opt_models.formats.topology import Operator, Topology, Variable

_LENGTH = 18
_VERSION = slice(2, _LENGTH)
_TOPOLOGY = _LENGTH + 8
#: Published ones have up to 200 MB, the server models; more is not worth reading to find out.
_MAX_BYTES = 512 << 20

#: Processors by their number in kernels (Paddle-Lite, lite/api/paddle_place.h). `host` is what
#: runs on any of them.
_HOST = "1"
_PROCESSORS = {
    "2": "x86",
    "3": "cuda",
    "4": "arm",
    "5": "opencl",
    "7": "fpga",
    "8": "npu",
    "9": "xpu",
    "10": "bm",
    "11": "mlu",
    "12": "rknpu",
    "13": "apu",
    "14": "huawei_ascend_npu",
    "15": "imagination_nna",
    "16": "intel_fpga",
    "17": "metal",
    "18": "nnadapter",
}


@dataclass(frozen=True)
class Header:
    """What an ``.nb`` file says of itself."""

    layout: int
    opt_version: str


@dataclass(frozen=True)
class Model:
    """A whole ``.nb`` file.

    Attributes:
        arch: what its kernels are made for: ``arm``, ``x86`` or another of Paddle-Lite's targets,
            several joined by "+"; ``host`` if it runs on any processor.
        size: of the file in bytes.
    """

    header: Header
    arch: str
    size: int
    summary: Summary


def read(path: Path) -> Model:
    """Read all of a model but the values of its weights.

    Raises:
        OptError: the file is not an ``.nb`` model, or is cut off or damaged. Flipped bits within
            the values are not noticed: the format has no checksum.
    """
    header, data, topology, weights = _read(path)
    summary = summarise(topology, {weight.dtype for weight in weights})
    return Model(header, _arch(topology), len(data), summary)


def read_header(path: Path) -> Header:
    """Read the header of a model.

    Raises:
        OptError: the file is not an ``.nb`` model.
    """
    with path.open("rb") as file:
        head = file.read(_LENGTH)
    version = head[_VERSION].split(b"\0")[0].decode("latin-1")
    layout = int.from_bytes(head[:2], "little")
    printable = version.isascii() and version.isprintable() and version != ""
    if len(head) < _LENGTH or layout > 9 or not printable:
        raise OptError(f"{path}: is not a Paddle-Lite model (.nb); expected one written by opt")
    return Header(layout, version)


def clear_padding(path: Path) -> None:
    """Zero what ``opt`` leaves behind its version: stray memory, different each time.

    With it gone the same model and the same ``opt`` give the same file.
    """
    with path.open("r+b") as file:
        file.seek(_VERSION.start)
        field = file.read(_LENGTH - _VERSION.start)
        file.seek(_VERSION.start)
        file.write(field.split(b"\0")[0].ljust(len(field), b"\0"))


def read_topology(path: Path) -> Topology:
    """Operators and variables of a model.

    Raises:
        OptError: as for :func:`read`.
    """
    return _read(path)[2]


def rename(path: Path, operators: Sequence[Operator]) -> None:
    """Let operators take and give other variables of a model, and change nothing else.

    Args:
        path: a model of layout 1 or 2.
        operators: its own, but with names of other variables that it declares.

    Raises:
        OptError: as for :func:`read`.
    """
    from opt_models.formats import nb_flat

    _, data, _, _ = _read(path)
    (length,) = struct.unpack_from("<Q", data, _LENGTH)
    topology = nb_flat.rename(data[_TOPOLOGY : _TOPOLOGY + length], operators)
    weights = data[_TOPOLOGY + length :]
    path.write_bytes(data[:_LENGTH] + struct.pack("<Q", len(topology)) + topology + weights)


def _read(path: Path) -> tuple[Header, bytes, Topology, tuple[Variable, ...]]:
    """Header, all bytes, topology and weights of a model."""
    header = read_header(path)
    size = path.stat().st_size
    if size > _MAX_BYTES:
        raise OptError(f"{path}: is too large for an .nb model; expected up to {_MAX_BYTES} bytes")
    data = path.read_bytes()
    try:
        topology, weights = _parts(header.layout, data)
        _check(topology, weights)
    except DamageError as error:
        raise OptError(
            f"{path}: is cut off or damaged: {error}; copy or download it again"
        ) from None
    return header, data, topology, weights


def _parts(layout: int, data: bytes) -> tuple[Topology, tuple[Variable, ...]]:
    """Topology and weights of a file's data."""
    # Late: flatbuffers loads numpy, and most callers only want a header.
    from opt_models.formats import nb_flat, nb_naive

    if len(data) < _TOPOLOGY:
        raise DamageError(f"it has {len(data)} bytes, its head alone {_TOPOLOGY}")
    (length,) = struct.unpack_from("<Q", data, _LENGTH)
    end = _TOPOLOGY + length
    if end > len(data):
        raise DamageError(f"its topology ends at byte {end}, the file at {len(data)}")
    topology, weights = data[_TOPOLOGY:end], data[end:]
    if layout == 0:
        return nb_naive.topology(topology), nb_naive.weights(weights)
    if layout == 1:
        return nb_flat.topology(topology), nb_flat.together(weights)
    if layout == 2:
        return nb_flat.topology(topology), nb_flat.one_by_one(weights)
    raise DamageError(f"it has layout {layout}, expected 0, 1 or 2")


def _check(topology: Topology, weights: tuple[Variable, ...]) -> None:
    """Make sure that topology and weights make a model."""
    kinds = {operator.type for operator in topology.operators}
    if not all(kind.isascii() and kind.isidentifier() for kind in kinds):
        raise DamageError("its topology has operators without a name")
    if not {"feed", "fetch"} <= kinds:
        raise DamageError("its topology has no inputs or no outputs")
    missing = topology.weights.keys() - {weight.name for weight in weights}
    if missing:
        raise DamageError(
            f"{len(missing)} of {len(topology.weights)} weights are missing, as {min(missing)!r}"
        )


def _arch(topology: Topology) -> str:
    targets = {
        parts[2]
        for operator in topology.operators
        if len(parts := str(operator.attributes.get(KERNEL, "")).split("/")) == 5
    }
    names = {_PROCESSORS[target] for target in targets & _PROCESSORS.keys()}
    return "+".join(sorted(names)) if names else "host"
