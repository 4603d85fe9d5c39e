"""Hosts: the boards a command is meant for, from the command line and from a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Sequence

from cross_build.boards.transports.address import parse
from cross_build.errors import TargetError
from cross_build.targets.targets import Target
from cross_build.targets.targets import target as find_target


@dataclass(frozen=True)
class Host:
    """One board to reach.

    Attributes:
        address: as ``--host`` takes it.
        target: its kind.
    """

    address: str
    target: Target


def chosen(addresses: Sequence[str], file: Path | None, target: str) -> list[Host]:
    """The boards of a command line.

    Args:
        addresses: given with ``--host``.
        file: given with ``--hosts``.
        target: kind of those that say none.

    Raises:
        TargetError: one of them cannot be meant, or is given twice; says where.
    """
    places = [("--host", address, target) for address in addresses]
    if file is not None:
        places += _lines(file, target)
    hosts: dict[str, tuple[str, Host]] = {}
    for origin, address, kind in places:
        if address in hosts:
            raise TargetError(f"{origin}: {address} was given before, at {hosts[address][0]}")
        hosts[address] = (origin, Host(address, _checked(origin, address, kind)))
    return [host for _, host in hosts.values()]


def _lines(file: Path, target: str) -> Iterator[tuple[str, str, str]]:
    """Where each host stands, the host, and its target."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise TargetError(f"--hosts {file}: cannot be read: {reason}") from error
    empty = True
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) > 2:
            raise TargetError(
                f"{file}:{number}: expected a host and perhaps its target, found {len(words)}"
                f" words: {' '.join(words)}"
            )
        empty = False
        yield f"{file}:{number}", words[0], words[1] if len(words) == 2 else target
    if empty:
        raise TargetError(f"--hosts {file}: names no host; write one a line")


def _checked(origin: str, address: str, kind: str) -> Target:
    try:
        parse(address)
    except ValueError as error:
        raise TargetError(f"{origin}: {error}") from error
    try:
        target = find_target(kind)
    except TargetError as error:
        raise TargetError(f"{origin}: {error}") from error
    if target.transport == "local":
        raise TargetError(
            f"{origin}: {address} is of which kind? {kind} is this computer; give --target, or"
            " write the target behind the host"
        )
    return target
