"""Files as one compressed stream, made while it goes out, for ``tar`` at the other end."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path
from typing import IO, Any, Callable, Mapping

#: Of gzip: a board on a wireless network gains, one on a cable loses little.
_LEVEL = 3


def write(
    files: Mapping[str, Path],
    send: Callable[[bytes], object],
    on_bytes: Callable[[int], object] = lambda count: None,
) -> None:
    """Send files as an archive.

    Args:
        files: by their paths in the archive.
        send: takes each piece of it.
        on_bytes: called with the size of each piece of a file that is read.
    """
    sink: Any = _Sink(send)
    with gzip.GzipFile(
        fileobj=sink, mode="wb", compresslevel=_LEVEL, mtime=0
    ) as packed, tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for name, source in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = source.stat().st_size
            entry.mode = 0o755 if source.stat().st_mode & 0o100 else 0o644
            with source.open("rb") as file:
                counted: Any = _Counted(file, on_bytes)
                archive.addfile(entry, counted)


def extract_files(stream: Any, into: Path) -> None:
    """Write the files at the top of an archive into a folder; nothing, if it is no archive.

    Args:
        stream: of bytes, with ``read``.
        into: the folder.
    """
    try:
        with tarfile.open(fileobj=stream, mode="r|gz") as archive:
            for member in archive:
                name = Path(member.name).name
                source = archive.extractfile(member) if member.isfile() else None
                # Only plain files, by their last names: nothing leads elsewhere.
                if source is not None and member.name in (name, f"./{name}"):
                    (into / name).write_bytes(source.read())
    except tarfile.ReadError:
        pass  # nothing was sent, or the connection is lost


class _Sink:
    """A file that is only written."""

    def __init__(self, send: Callable[[bytes], object]) -> None:
        self._send = send

    def write(self, data: bytes) -> int:
        self._send(data)
        return len(data)

    def flush(self) -> None:
        pass


class _Counted:
    """A file that tells how much of it was read."""

    def __init__(self, file: IO[bytes], on_bytes: Callable[[int], object]) -> None:
        self._file = file
        self._on_bytes = on_bytes

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._on_bytes(len(data))
        return data
