"""Headers of ``.nb`` files, Paddle-Lite's model format.

Bytes 0-1 hold the layout's version, 2-17 the release of the ``opt`` that wrote the file, padded
with zeros (Paddle-Lite, lite/model_parser/model_parser.cc).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from opt_models.errors import OptError

_LENGTH = 18
_VERSION = slice(2, _LENGTH)


@dataclass(frozen=True)
class Header:
    """What an ``.nb`` file says of itself."""

    layout: int
    opt_version: str


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
