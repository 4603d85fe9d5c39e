"""Checksums of fetched files: ``catalog.lock``, written on first use, compared ever after.

    # sha256, size in bytes, path on the model host; kept by lite-ocr, fit to be shared
    <sha256>  <size>  /20-09-22/mobile/det/x.tar

One line a file and sorted by path, so that two people's additions merge. Comments stay. A file of
the same form is ``opt_models/catalog/catalog.lock``, shipped: what it has is known
before first use.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from filelock import FileLock

from lite_runner.errors import UsageError
from lite_runner.releases import durable
from opt_models.errors import FetchError
from opt_models.store import config

_HEADER = "# sha256, size in bytes, path on the model host; kept by lite-ocr, fit to be shared"
#: Shipped with the project; its lines win over the user's.
SHIPPED = Path(__file__).parents[1] / "catalog/catalog.lock"
_LINE = re.compile(r"([0-9a-f]{64})  ([0-9]{1,15})  (/.*)")


def recorded(path: str) -> tuple[str, int] | None:
    """The sha256 and the size in bytes of a file on the model host, if they were recorded.

    Raises:
        UsageError: a file of checksums is damaged or cannot be read; names file and line.
    """
    return _of(SHIPPED, path) or _of(config.current().lock, path)


def is_shipped(path: str) -> bool:
    """Whether the checksum of a file on the model host is one that the project brings along."""
    return _of(SHIPPED, path) is not None


def _of(file: Path, path: str) -> tuple[str, int] | None:
    with _lockfile_errors(file):
        return _parsed(_lines(file), file).get(path)


def record(path: str, sha256: str, size: int) -> None:
    """Record a file of the model host; nothing is written if it is recorded already.

    Args:
        path: on the model host, ``/20-09-22/mobile/det/x.tar``.
        sha256: in hex.
        size: in bytes.

    Raises:
        FetchError: another checksum is recorded.
        UsageError: the file of checksums is damaged, then it stays as it is, or cannot be written.
    """
    line = f"{sha256}  {size}  {path}"
    if _LINE.fullmatch(line) is None or not path.isprintable():
        raise ValueError(f"cannot be recorded: {line!r}")
    shipped = _of(SHIPPED, path)
    if shipped is not None:
        if shipped != (sha256, size):
            raise FetchError(changed(path, sha256, size))
        return
    # It may be a link into a repository, which shall stay one.
    file = config.current().lock.resolve()
    with _lockfile_errors(file):
        if _parsed(_lines(file), file).get(path) == (sha256, size):
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_name(f".{file.name}.busy")):
            lines = _lines(file)
            known = _parsed(lines, file)
            if path not in known:
                # Whole also in a power cut: an empty one trusts anything.
                lines = _with(lines or [_HEADER], line, path)
                durable.write(file, "".join(f"{entry}\n" for entry in lines).encode())
            elif known[path] != (sha256, size):
                raise FetchError(changed(path, sha256, size))


def changed(path: str, sha256: str, size: int) -> str:
    """Says that a file differs from what was recorded, and how to accept it."""
    was = recorded(path)
    expected = f"{was[0]} ({was[1]} bytes)" if was else "nothing"
    file = SHIPPED if is_shipped(path) else config.current().lock
    return (
        f"sha256 is {sha256} ({size} bytes), but {file} recorded {expected};"
        f" if {path} was changed on purpose, delete its line there"
    )


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as error:
        number = error.object.count(b"\n", 0, error.start) + 1
        raise UsageError(_damage(file, number)) from error


def _parsed(lines: list[str], file: Path) -> dict[str, tuple[str, int]]:
    """Path to checksum and size."""
    records: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise UsageError(_damage(file, number))
        sha256, size, path = match.groups()
        if records.setdefault(path, (sha256, int(size))) != (sha256, int(size)):
            raise UsageError(
                f"{file}:{number}: {path} is recorded a second time with another checksum; keep the"
                " right one of the two lines"
            )
    return records


def _damage(file: Path, number: int) -> str:
    return (
        f"{file}:{number}: is not '<sha256>  <size>  </path>'; correct the line or delete it, or"
        " get the file back from where it is kept"
    )


def _with(lines: list[str], line: str, path: str) -> list[str]:
    """The lines with one more where it belongs; the others keep their places for the merge."""
    for index, other in enumerate(lines):
        match = _LINE.fullmatch(other)
        if match is not None and match.group(3) > path:
            return [*lines[:index], line, *lines[index:]]
    return [*lines, line]


@contextmanager
def _lockfile_errors(file: Path) -> Iterator[None]:
    """Tell a user whose file cannot be read or written what to do."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"{file}: cannot be read or written ({error.strerror or error}); fix that, or set"
            f" {config.FOLDER} to another folder"
        ) from error
