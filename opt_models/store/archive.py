"""Published archives: ``.tar`` and ``.tar.gz``, read to the last byte, unpacked without trust.

:mod:`tarfile` only decodes single headers here. Its own reading takes a damaged header for the end
of the archive, and goes back where a header says so; an archive is read here once and forwards.
"""

from __future__ import annotations

import gzip
import re
import tarfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Iterator
from unicodedata import normalize

from opt_models.errors import FetchError

_BLOCK = 512
_CHUNK = 1 << 20
#: A model is a handful of files.
_MOST_MEMBERS = 1000
#: Bytes of a header longer than a block, that is, of a long name; PATH_MAX is 4096.
_LONGEST_HEADER = 1 << 16
#: Unpacked bytes to one of the archive. Weights hardly shrink; deflate's most is 1032, a bomb.
_RATIO = 100
#: Bytes that an archive of any size may unpack to: small ones are mostly padding.
_SLACK = 16 << 20
#: Bytes that no archive may unpack to.
_MOST_BYTES = 4 << 30
#: The most that file systems take: bytes of a part of a path, and of a path.
_LONGEST_PART = 255
_LONGEST_PATH = 1024

_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE)
_REFUSED = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.GNUTYPE_LONGLINK: "a link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}
_PAX = re.compile(rb"([0-9]{1,9}) ([^=]+)=")


@dataclass(frozen=True)
class _Member:
    """A file or a folder.

    Attributes:
        name: as the archive gives it.
        parts: of its path.
        size: in bytes; None for a folder.
    """

    name: str
    parts: tuple[str, ...]
    size: int | None


def check(archive: Path) -> None:
    """Read an archive whole, but write nothing.

    Raises:
        FetchError: :func:`unpack` would refuse it.
    """
    for _, blocks in _members(archive):
        for _ in blocks:
            pass


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive into a folder, which is made if need be.

    What macOS adds (``._x``, ``.DS_Store``, ``__MACOSX``) is left out. Files get mode 0644, folders
    0755, all belong to who unpacks. After an error the folder's content counts for nothing.

    Raises:
        FetchError: the archive is damaged, cut short, or holds what a model does not: paths that
            lead out, links, devices, sparse files, one file twice, too much.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for member, blocks in _members(archive):
        target = folder
        for part in member.parts if member.size is None else member.parts[:-1]:
            target = target / part
            # What lay there before must not lead the archive elsewhere.
            if target.is_symlink() or (target.exists() and not target.is_dir()):
                raise FetchError(f"{archive.name}: {target} is in the way; use an empty folder")
            target.mkdir(exist_ok=True)
            target.chmod(0o755)
        if member.size is not None:
            _write(target / member.parts[-1], blocks, archive)


def _write(target: Path, blocks: Iterator[bytes], archive: Path) -> None:
    try:
        sink = target.open("xb")
    except FileExistsError as error:
        raise FetchError(f"{archive.name}: {target} is in the way; use an empty folder") from error
    with sink:
        for block in blocks:
            sink.write(block)
    target.chmod(0o644)


class _Stream:
    """An archive's bytes, unpacked, read forwards and counted.

    Args:
        source: where they come from.
        limit: how many there may be.
        name: of the archive, for errors.
    """

    def __init__(self, source: IO[bytes] | gzip.GzipFile, limit: int, name: str) -> None:
        self._source = source
        self._left = limit
        self._limit = limit
        self.name = name

    def some(self, most: int) -> bytes:
        """At least one byte, or none at the end."""
        try:
            data = self._source.read(min(most, _CHUNK))
        # BadGzipFile is the only OSError that tells of the file and not of the disk.
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self.damaged(str(error)) from error
        except OSError as error:
            raise FetchError(f"{self.name}: cannot be read ({error.strerror or error})") from error
        self._left -= len(data)
        if self._left < 0:
            raise FetchError(
                f"{self.name}: unpacks to more than {self._limit} bytes, no model does; delete it"
                " and get it from another place"
            )
        return data

    def blocks(self, size: int) -> Iterator[bytes]:
        """So many bytes, in pieces, and the padding after them."""
        padding = -size % _BLOCK
        left = size + padding
        while left > 0:
            data = self.some(left - padding if left > padding else left)
            if not data:
                raise self.damaged("it is cut short")
            if left > padding:
                yield data
            left -= len(data)

    def exactly(self, size: int) -> bytes:
        """So many bytes; for headers, which are short."""
        return b"".join(self.blocks(size))

    def damaged(self, why: str) -> FetchError:
        """The error of an archive that is not whole."""
        return FetchError(
            f"{self.name}: is not a whole archive ({why}); delete it and download it again"
        )


@contextmanager
def _opened(archive: Path) -> Iterator[_Stream]:
    try:
        file = archive.open("rb")
    except OSError as error:
        raise FetchError(f"{archive}: cannot be read ({error.strerror})") from error
    with file:
        limit = min(_MOST_BYTES, _RATIO * archive.stat().st_size + _SLACK)
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if packed:
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield _Stream(unpacked, limit, archive.name)
        else:
            yield _Stream(file, limit, archive.name)


def _members(archive: Path) -> Iterator[tuple[_Member, Iterator[bytes]]]:
    """Every member and its content; what of the content is not taken is skipped, but read."""
    seen: dict[str, tuple[str, bool]] = {}
    number = files = 0
    with _opened(archive) as stream:
        while True:
            member = _next(stream)
            if member is None:
                break
            number += 1
            if number > _MOST_MEMBERS:
                raise FetchError(f"{archive.name}: has more than {_MOST_MEMBERS} members")
            blocks = stream.blocks(member.size or 0)
            if member.parts and not _of_macos(member.parts):
                _note(member, seen, archive.name)
                files += member.size is not None
                yield member, blocks
            for _ in blocks:
                pass
        # gzip's checksum stands at its end; in a bare archive there is only padding.
        while stream.some(_CHUNK):
            pass
    if not files:
        raise stream.damaged("there is no file in it")


def _next(stream: _Stream) -> _Member | None:
    """The next file or folder, None at the archive's end."""
    extra: dict[str, str] = {}
    while True:
        block = stream.exactly(_BLOCK)
        if not any(block):
            # The end is two such blocks; a cut right after the first would leave one.
            if extra or any(stream.exactly(_BLOCK)):
                raise stream.damaged("a header is empty")
            return None
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise stream.damaged(f"no header of a .tar where one belongs: {error}") from error
        if info.type not in (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME):
            return _member(info, extra, stream)
        if not 0 <= info.size <= _LONGEST_HEADER:
            raise stream.damaged(f"a header of {info.size} bytes")
        data = stream.exactly(info.size)
        if info.type == tarfile.GNUTYPE_LONGNAME:
            extra["path"] = data.rstrip(b"\0").decode("utf-8", "surrogateescape")
            continue
        records = _pax(data, stream)
        if info.type == tarfile.XHDTYPE:
            extra.update(records)
        elif not {"path", "size", "linkpath"}.isdisjoint(records):
            raise stream.damaged("one name or size for all its files")


def _pax(data: bytes, stream: _Stream) -> dict[str, str]:
    """The records ``<length> <key>=<value>`` of a pax header."""
    records = {}
    while data:
        match = _PAX.match(data)
        length = int(match.group(1)) if match else 0
        if match is None or not match.end() < length <= len(data) or data[length - 1] != 0x0A:
            raise stream.damaged("a pax header cannot be read")
        key = match.group(2).decode("utf-8", "surrogateescape")
        records[key] = data[match.end() : length - 1].decode("utf-8", "surrogateescape")
        data = data[length:]
    return records


def _member(info: tarfile.TarInfo, extra: dict[str, str], stream: _Stream) -> _Member:
    """What a header and the longer ones before it say."""
    name = extra.get("path", info.name)
    kind = _REFUSED.get(info.type)
    if any(key.startswith("GNU.sparse.") for key in extra):
        kind = "a sparse file"
    if kind is None and info.type not in (*_FILES, tarfile.DIRTYPE):
        kind = f"of the unknown kind {info.type!r}"
    if kind is not None:
        raise _bad(stream.name, name, f"is {kind}")
    size = extra.get("size", str(info.size))
    if re.fullmatch(r"[0-9]{1,15}", size) is None:
        raise stream.damaged(f"a size of {size!r}")
    # A longer name says no more than the plain one did that an old folder is one.
    is_folder = info.type == tarfile.DIRTYPE or name.endswith("/")
    if is_folder and int(size):
        raise stream.damaged(f"a folder of {size} bytes")
    parts = _parts(name, stream.name)
    if not parts and not is_folder:
        raise _bad(stream.name, name, "has no name")
    return _Member(name, parts, None if is_folder else int(size))


def _parts(name: str, archive: str) -> tuple[str, ...]:
    """The parts of a path that stays where it is unpacked, on every system."""
    # Also true of bytes that are not UTF-8.
    if not name.isprintable():
        raise _bad(archive, name, "has a name that cannot be printed")
    if "\\" in name or ":" in name:
        raise _bad(archive, name, "is a path of Windows")
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if name.startswith("/") or ".." in parts:
        raise _bad(archive, name, "leads out of the archive")
    longest = max((len(part.encode()) for part in parts), default=0)
    if longest > _LONGEST_PART or len(name.encode()) > _LONGEST_PATH:
        raise _bad(archive, name, "has too long a name")
    return parts


def _note(member: _Member, seen: dict[str, tuple[str, bool]], archive: str) -> None:
    """Refuse a second file of one name, and a file that is also a folder.

    Names that only differ in case or in how accents are composed count as one: macOS and Windows
    keep one file for both, so the same archive would give different models on different computers.
    """
    for end in range(1, len(member.parts) + 1):
        path = "/".join(member.parts[:end])
        is_folder = end < len(member.parts) or member.size is None
        key = normalize("NFC", normalize("NFC", path).casefold())
        before = seen.get(key)
        if before is not None and (before != (path, True) or not is_folder):
            raise _bad(archive, member.name, f"clashes with {before[0]!r}")
        seen[key] = (path, is_folder)


def _of_macos(parts: tuple[str, ...]) -> bool:
    return any(part.startswith("._") or part in (".DS_Store", "__MACOSX") for part in parts)


def _bad(archive: str, name: str, why: str) -> FetchError:
    name = name if len(name) < _LONGEST_PART else f"{name[:40]}..."
    return FetchError(
        f"{archive}: {name!r} {why}; a model has only files and folders, get it from another place"
    )
