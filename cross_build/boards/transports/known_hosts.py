"""``known_hosts``: keys of hosts in files as sshd(8) describes them."""

from __future__ import annotations

import base64
import contextlib
import fnmatch
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Iterator

import paramiko
from paramiko.hostkeys import HostKeyEntry

_HASHED = "|1|"
_REVOKED = "@revoked"


@dataclass(frozen=True)
class KnownKey:
    """A key that a file has for a host.

    Attributes:
        file: that has it.
        key: the host's.
        revoked: whether it must not be used any more.
    """

    file: Path
    key: paramiko.PKey
    revoked: bool = False


def find(files: Iterable[Path], name: str) -> list[KnownKey]:
    """The keys of a host in files, of which some need not exist.

    Args:
        files: in the order of search.
        name: of the host: ``board.local``, or ``[board.local]:2222`` if its port is not 22.
    """
    return [known for file in files for known in _in(file, name)]


def add(file: Path, name: str, key: paramiko.PKey, hashed: bool = False) -> None:
    """Add a key of a host to a file, which is made if need be.

    Args:
        file: of the user.
        name: of the host, as of :func:`find`.
        key: the host's.
        hashed: whether the name is kept as a hash.

    Raises:
        OSError: the file cannot be written.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shown = paramiko.HostKeys.hash_host(name) if hashed else name
    line = f"{shown} {key.get_name()} {key.get_base64()}\n".encode()
    with file.open("ab+") as entries:
        if entries.seek(0, os.SEEK_END):
            entries.seek(-1, os.SEEK_END)
            line = line if entries.read() == b"\n" else b"\n" + line
        entries.write(line)


def fingerprint(key: paramiko.PKey) -> str:
    """As OpenSSH shows it."""
    digest = hashlib.sha256(key.asbytes()).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def _in(file: Path, name: str) -> Iterator[KnownKey]:
    text = ""
    with contextlib.suppress(OSError):
        text = file.read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        marker = words.pop(0) if words and words[0].startswith("@") else ""
        # Of an authority only certificates are of use, which paramiko does not know.
        if marker not in ("", _REVOKED) or not words or not _matches(words[0], name):
            continue
        entry = None
        with contextlib.suppress(paramiko.SSHException):
            entry = HostKeyEntry.from_line(" ".join(words), number)
        if entry is not None and entry.key is not None:
            yield KnownKey(file, entry.key, marker == _REVOKED)


def _matches(patterns: str, name: str) -> bool:
    """Whether a line's first word, patterns with commas between them, means a host."""
    if patterns.startswith(_HASHED):
        try:
            return bool(paramiko.HostKeys.hash_host(name, patterns) == patterns)
        except (ValueError, AssertionError):
            return False
    matching = [
        pattern
        for pattern in patterns.split(",")
        if fnmatch.fnmatchcase(name.lower(), _glob(pattern.lstrip("!")).lower())
    ]
    return bool(matching) and not any(pattern.startswith("!") for pattern in matching)


def _glob(pattern: str) -> str:
    """OpenSSH's pattern as one of :mod:`fnmatch`: brackets are those of addresses with a port."""
    return pattern.replace("[", "[[]")
