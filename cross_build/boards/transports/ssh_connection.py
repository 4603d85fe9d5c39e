"""Connections to SSH servers, as the user's own configuration has them.

Fabric brings that configuration, keys, agent and jump hosts (it reads OpenSSH's files, which bare
paramiko does not). Which hosts are let in :mod:`~cross_build.boards.transports.host_keys` decides.
"""

from __future__ import annotations

import getpass
import logging
import shlex
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

import fabric
import paramiko

from cross_build.boards.transports import address, host_keys, known_hosts
from cross_build.boards.transports.host_keys import Checking, Host, KeyRules
from cross_build.errors import TargetError, UnreachableError

#: Seconds to wait for a connection, and for a sign of life of an open one.
PATIENCE = 15
_SILENCE = 60
_SSH_PORT = 22
#: What paramiko logs of a lost connection, its errors say, too.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Access:
    """How to get to a board.

    Attributes:
        host: ``[USER@]HOST[:PORT]``, or a name of the user's SSH configuration.
        known_hosts: file with the board's key, instead of what the configuration says.
        key: file with the private key, instead of the user's.
        config: file with the SSH configuration, instead of the user's and the system's.
        ask: the user, for a password or about an unknown key, where somebody is there.
    """

    host: str
    known_hosts: Path | None = None
    key: Path | None = None
    config: Path | None = None
    ask: bool = True

    @property
    def interactive(self) -> bool:
        """Whether the user can be asked."""
        return self.ask and sys.stdin is not None and sys.stdin.isatty()


def connect(access: Access) -> fabric.Connection:
    """An open connection.

    Raises:
        TargetError: what was given is no address.
        BoardError: the server cannot be reached, is not let in, or does not let the user in.
    """
    changed: dict[str, paramiko.PKey] = {}
    password: str | None = None
    trusted = True
    while True:
        connection = _configured(access, password, changed)
        try:
            _open(connection)
        except paramiko.BadHostKeyException as error:
            trusted &= _admit_changed(access, connection, error, changed)
        except paramiko.AuthenticationException as error:
            # Who let another key in must not give it a password: OpenSSH does not, either.
            if password is not None or not trusted or not access.interactive:
                raise _refused(access, connection) from error
            password = getpass.getpass(f"password of {connection.user}@{access.host}: ")
        except paramiko.ssh_exception.NoValidConnectionsError as error:
            raise _unreachable(access, next(iter(error.errors.values()), error)) from error
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise _unreachable(access, error) from error
        else:
            _watch(connection)
            return connection


def _configured(
    access: Access, password: str | None, changed: dict[str, paramiko.PKey]
) -> fabric.Connection:
    """A connection as the user's files say, not open yet.

    Args:
        access: to the board.
        password: if it was asked for.
        changed: keys of hosts that are let in though others are known, by their known names.
    """
    try:
        place = address.parse(access.host)
    except ValueError as error:
        raise TargetError(f"--host {error}") from error
    given: dict[str, Any] = {}
    if access.key is not None:
        given = {"key_filename": str(access.key), "look_for_keys": False, "allow_agent": False}
    if password is not None:
        given["password"] = password
    chosen = {} if access.config is None else {"runtime_ssh_path": str(access.config)}
    # In parts: Fabric itself knows no brackets around an address of IPv6.
    connection = fabric.Connection(
        place.host,
        user=place.user or None,
        port=place.port,
        config=fabric.Config(**chosen),
        connect_timeout=PATIENCE,
        connect_kwargs=given,
    )
    for hop in _hops(connection):
        rules = _rules(access, hop)
        # Fabric's own policy lets everybody in.
        hop.client.set_missing_host_key_policy(_Policy(rules))
        known_as = rules.host.known_as
        for key in [changed[known_as]] if known_as in changed else rules.usable:
            hop.client.get_host_keys().add(known_as, key.get_name(), key)
    return connection


def _open(connection: fabric.Connection) -> None:
    try:
        connection.open()
    except BaseException:
        # Servers let in no more once too many connections wait for their users to log in.
        for hop in _hops(connection):
            hop.client.close()
        raise


def _admit_changed(
    access: Access,
    connection: fabric.Connection,
    error: paramiko.BadHostKeyException,
    changed: dict[str, paramiko.PKey],
) -> bool:
    """Let in a host that has another key than the first that is known, by that very key.

    Returns:
        Whether that key is known, too.

    Raises:
        BoardError: its rules do not let it in, or its key changed once more.
    """
    hop = next(hop for hop in _hops(connection) if hop.host == error.hostname)
    rules = _rules(access, hop)
    if rules.host.known_as in changed:
        raise _unreachable(access, error) from error
    known = rules.admit_changed(error.key, error.expected_key)
    changed[rules.host.known_as] = error.key
    return known


def _hops(connection: fabric.Connection) -> Iterator[fabric.Connection]:
    """A connection, and those to the jump hosts that it goes through."""
    hop: Any = connection
    while isinstance(hop, fabric.Connection):
        yield hop
        hop = hop.gateway


def _host(hop: fabric.Connection) -> Host:
    config = hop.ssh_config
    usual_port = int(config.get("port", _SSH_PORT))
    arguments = ["-p", str(hop.port)] if hop.port != usual_port else []
    usual_user = config.get("user", getpass.getuser())
    user = f"{hop.user}@" if hop.user != usual_user else ""
    words = shlex.join([*arguments, f"{user}{hop.original_host}"])
    return Host(hop.original_host, hop.host, hop.user, hop.port, words)


def _rules(access: Access, hop: fabric.Connection) -> KeyRules:
    host = _host(hop)
    if access.known_hosts is not None:
        files = [access.known_hosts]
        return KeyRules(host, Checking.YES, files, known_hosts.find(files, host.known_as))
    return host_keys.rules(hop.ssh_config, host, _answer if access.interactive else None)


def _answer(question: str) -> str:
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline()


def _refused(access: Access, connection: fabric.Connection) -> UnreachableError:
    return UnreachableError(
        f"{access.host}: refuses user {connection.user}; run 'ssh-copy-id"
        f" {_host(connection).ssh_arguments}', or give USER@HOST"
    )


def _unreachable(access: Access, error: BaseException) -> UnreachableError:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return UnreachableError(
        f"{access.host}: cannot be reached ({reason}); check its name, that it is on, and that"
        " SSH is enabled there"
    )


class _Policy(paramiko.MissingHostKeyPolicy):
    """Lets in a host whose key is not known if its rules do."""

    def __init__(self, rules: KeyRules) -> None:
        self._rules = rules

    def missing_host_key(
        self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> None:
        self._rules.admit(key)


def _watch(connection: fabric.Connection) -> None:
    """Notice within a minute that the other end is gone, instead of a quarter of an hour."""
    transport = connection.client.get_transport()
    if transport is None:
        return
    transport.set_keepalive(PATIENCE)
    if isinstance(transport.sock, socket.socket) and hasattr(socket, "TCP_USER_TIMEOUT"):
        transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SILENCE * 1000)
