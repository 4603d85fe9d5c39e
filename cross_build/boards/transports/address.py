"""Addresses of boards: ``[USER@]HOST[:PORT]``, an IPv6 address before a port in brackets."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

_BRACKETS = re.compile(r"\[([^\[\]]+)\](?::(.*))?")
_MOST_PORT = 65535


@dataclass(frozen=True)
class Address:
    """Where a board is.

    Attributes:
        host: a name, an alias of the SSH configuration or an IP address, without brackets.
        user: to log in as; empty: as the configuration says.
        port: None: as the configuration says.
    """

    host: str
    user: str = ""
    port: int | None = None


def parse(text: str) -> Address:
    """Read an address, as in ``pi@[::1]:2222``.

    Raises:
        ValueError: it is none.
    """
    user, at, rest = text.rpartition("@")
    wrong = len(text.split()) != 1 or (at and not user) or "@" in user or text.startswith("-")
    if wrong:
        raise ValueError(f"{text!r} is no [USER@]HOST[:PORT]")
    try:
        host, port = _host_and_port(rest)
    except ValueError as error:
        raise ValueError(f"{text!r} is no [USER@]HOST[:PORT]") from error
    return Address(host, user, port)


def _host_and_port(text: str) -> tuple[str, int | None]:
    brackets = _BRACKETS.fullmatch(text)
    if brackets is not None:
        host, port = brackets.groups()
        return _ip(host), None if port is None else _port(port)
    if text.count(":") > 1:
        return _ip(text), None
    name, colon, port = text.partition(":")
    if not name or "[" in name:
        raise ValueError("no host")
    return name, _port(port) if colon else None


def _ip(text: str) -> str:
    ipaddress.IPv6Address(text.partition("%")[0])
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= _MOST_PORT:
        raise ValueError("no port")
    return int(text)
