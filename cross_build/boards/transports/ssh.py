"""The way to a board over SSH.

Fabric brings the user's own configuration, keys, agent and jump hosts (it reads OpenSSH's files,
which bare paramiko does not); commands then run over paramiko's channels, because files go through
their standard input. The board needs sh and tar.
"""

from __future__ import annotations

import base64
import contextlib
import getpass
import gzip
import hashlib
import logging
import shlex
import socket
import sys
import tarfile
from pathlib import Path
from typing import IO, Any, Callable, Iterator, Mapping, Sequence

import fabric
import paramiko

from cross_build.boards.transports import Outcome
from cross_build.boards.transports.heartbeat import beating
from cross_build.errors import BoardError
from lite_runner.program_output import ended, first_line, last_line
from lite_runner.user_path import user_path
from opt_models.store.beside import beside

#: Folder below the user's own on a board, if none is chosen.
_FOLDER = "lite-ocr"
#: Seconds to wait for a connection, and for a sign of life of an open one.
_PATIENCE = 15
_SILENCE = 60
_CHUNK = 1 << 16
#: Less free space than this, in KiB, explains any failure to write.
_FULL = 256
#: Of gzip: a board on a wireless network gains, one on a cable loses little.
_LEVEL = 3
#: Whatever shell the user has on the board, this one runs our words; the command's own end becomes
#: an exit code, which SSH brings back, also if it was a signal.
_SHELL = ("sh", "-c", '"$@"; exit $?', "sh")
#: What paramiko logs of a lost connection, its errors say, too.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class Ssh:
    """A board behind an SSH server.

    Args:
        host: ``[USER@]HOST[:PORT]``, or a name of the user's SSH configuration.
        folder: on the board, for our releases; relative ones start at the user's own.
        known_hosts: file with the board's key, instead of the user's.
        key: file with the private key, instead of the user's.
        config: file with the SSH configuration, instead of the user's and the system's.
        environment: variables for every command there.
        ask: for a password where no key is let in and somebody is there to be asked.
    """

    def __init__(
        self,
        host: str,
        folder: str = "",
        known_hosts: Path | None = None,
        key: Path | None = None,
        config: Path | None = None,
        environment: Mapping[str, str] | None = None,
        ask: bool = True,
    ) -> None:
        self.host = host
        self._folder = folder or _FOLDER
        self._known_hosts = known_hosts
        self._key = key
        self._config = config
        variables = [f"{name}={value}" for name, value in (environment or {}).items()]
        self._shell = ["env", *variables, *_SHELL] if variables else _SHELL
        self._ask = ask
        self._connection: fabric.Connection | None = None
        self._root: str | None = None

    @property
    def root(self) -> str:
        if self._root is None:
            home = self.run(["sh", "-c", 'printf %s "$HOME"']).stdout
            self._root = str(Path(home or "/") / self._folder)
        return self._root

    def run(
        self,
        command: Sequence[str],
        stdin: str = "",
        on_line: Callable[[str], None] | None = None,
    ) -> Outcome:
        with self._started(command) as channel:
            lines: list[str] = []
            errors: list[bytes] = []
            with beside(lambda: _drain(channel, errors)), beside(
                lambda: _feed(channel, stdin)
            ), channel.makefile("rb") as stdout:
                for raw in stdout:
                    line = raw.decode("utf-8", "replace")
                    lines.append(line)
                    if on_line is not None:
                        on_line(line.rstrip("\n"))
            return Outcome(self._code(channel), "".join(lines), _text(errors))

    def put(
        self,
        files: Mapping[str, Path],
        folder: str,
        on_bytes: Callable[[int], object] = lambda count: None,
    ) -> None:
        # Times stay the board's own (-m): its clock may be decades behind.
        script = 'umask 022; mkdir -p "$1" && exec tar -xzmof - -C "$1"'
        command = ["sh", "-c", script, "sh", folder]
        errors: list[bytes] = []
        with self._started(command) as channel, beside(lambda: _drain(channel, errors)):
            try:
                _send(channel, files, on_bytes)
                channel.shutdown_write()
            except OSError:
                pass  # the other end is gone: why, its code and words tell
            code = self._code(channel)
        if code != 0:
            reason = first_line(_text(errors)) or ended(code)
            # tar only says how much of a block it wrote.
            free = self.run(["df", "-Pk", folder]).stdout.split()[-3:-2]
            if free and free[0].isdecimal() and int(free[0]) < _FULL:
                reason = "No space left on device; make room there and deploy again"
            raise BoardError(f"{self.host}: cannot write to {folder}: {reason}")

    def get(self, folder: str, into: Path) -> None:
        into.mkdir(parents=True, exist_ok=True)
        script = 'if [ -d "$1" ]; then exec tar -czf - -C "$1" .; fi'
        with self._started(["sh", "-c", script, "sh", folder]) as channel:
            with beside(lambda: _drain(channel, [])), channel.makefile("rb") as stream:
                try:
                    with tarfile.open(fileobj=stream, mode="r|gz") as archive:
                        for member in archive:
                            name = Path(member.name).name
                            source = archive.extractfile(member) if member.isfile() else None
                            # Only plain files, by their last names: nothing leads elsewhere.
                            if source is not None and member.name in (name, f"./{name}"):
                                (into / name).write_bytes(source.read())
                except tarfile.ReadError:
                    pass  # there is no such folder, or the connection is lost
                stream.read()
            code = self._code(channel)
        if code != 0:
            raise BoardError(f"{self.host}: cannot read {folder} there ({ended(code)})")

    @contextlib.contextmanager
    def hold(self, command: Sequence[str]) -> Iterator[str]:
        with self._started(command) as channel:
            first = channel.makefile("r").readline()
            if not first:
                words = channel.makefile_stderr("rb").read().decode("utf-8", "replace")
                code = self._code(channel)
                raise BoardError(last_line(words) or ended(code))
            with beating(lambda: channel.sendall(b"\n")):
                yield str(first)

    def close(self) -> None:
        """Hang up; may be called again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextlib.contextmanager
    def _started(self, command: Sequence[str]) -> Iterator[paramiko.Channel]:
        """A command under way on the board; closing its channel ends it at its next output."""
        try:
            channel = self._transport().open_session(timeout=_PATIENCE)
            with contextlib.closing(channel):
                channel.exec_command(shlex.join([*self._shell, *command]))
                yield channel
        except (paramiko.SSHException, EOFError, OSError) as error:
            if isinstance(error, OSError) and error.filename is not None:
                raise  # a file of the host
            raise self._lost(error) from error

    def _code(self, channel: paramiko.Channel) -> int:
        """Exit code; negative: the signal."""
        code = int(channel.recv_exit_status())
        if code < 0:
            raise self._lost(None)
        return 128 - code if 128 < code < 192 else code

    def _lost(self, error: BaseException | None) -> BoardError:
        reason = f" ({error})" if error is not None and str(error) else ""
        return BoardError(
            f"{self.host}: the connection was lost{reason}; run the same again, it goes on from"
            " where it was"
        )

    def _transport(self) -> paramiko.Transport:
        if self._connection is None:
            self._connection = self._connect()
        transport: paramiko.Transport | None = self._connection.client.get_transport()
        if transport is None:
            raise self._lost(None)
        return transport

    def _connect(self) -> fabric.Connection:
        password: str | None = None
        while True:
            connection = self._configured(password)
            try:
                connection.open()
            except paramiko.AuthenticationException as error:
                if password is None and self._ask and sys.stdin.isatty():
                    password = getpass.getpass(f"password of {connection.user}@{self.host}: ")
                    continue
                raise BoardError(
                    f"{self.host}: refuses user {connection.user}; run 'ssh-copy-id"
                    f" {self._ssh_arguments(connection)}', or give USER@HOST"
                ) from error
            except paramiko.BadHostKeyException as error:
                raise BoardError(
                    f"{self.host}: its key is {_fingerprint(error.key)}, expected"
                    f" {_fingerprint(error.expected_key)}; if it was set up anew, run 'ssh-keygen"
                    f" -R {_known_name(connection)}' and try again"
                ) from error
            except paramiko.ssh_exception.NoValidConnectionsError as error:
                raise self._unreachable(next(iter(error.errors.values()), error)) from error
            except (paramiko.SSHException, EOFError, OSError) as error:
                raise self._unreachable(error) from error
            transport = connection.client.get_transport()
            if transport is not None:
                _watch(transport)
            return connection

    def _configured(self, password: str | None) -> fabric.Connection:
        """A connection as the user's files say; no host is let in unknown, on the way neither."""
        given: dict[str, Any] = {}
        if self._key is not None:
            given = {"key_filename": str(self._key), "look_for_keys": False, "allow_agent": False}
        if password is not None:
            given["password"] = password
        chosen = {} if self._config is None else {"runtime_ssh_path": str(self._config)}
        try:
            connection = fabric.Connection(
                self.host,
                config=fabric.Config(**chosen),
                connect_timeout=_PATIENCE,
                connect_kwargs=given,
            )
        except ValueError as error:
            raise BoardError(f"{self.host}: is no [USER@]HOST[:PORT] ({error})") from error
        hop: Any = connection
        while isinstance(hop, fabric.Connection):
            # Fabric's own policy lets everybody in.
            hop.client.set_missing_host_key_policy(_Refuse(self, hop))
            for file in self._key_files(hop):
                with contextlib.suppress(OSError):
                    hop.client.load_system_host_keys(str(file))
            hop = hop.gateway
        return connection

    def _key_files(self, hop: fabric.Connection) -> list[Path]:
        if self._known_hosts is not None:
            return [self._known_hosts]
        chosen = hop.ssh_config.get("userknownhostsfile", "~/.ssh/known_hosts").split()
        files = [user_path(path, "UserKnownHostsFile") for path in chosen]
        return [*files, Path("/etc/ssh/ssh_known_hosts")]

    def _unreachable(self, error: BaseException) -> BoardError:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return BoardError(
            f"{self.host}: cannot be reached ({reason}); check its name, that it is on, and that"
            " SSH is enabled there"
        )

    def refused(self, hop: fabric.Connection, key: paramiko.PKey) -> BoardError:
        """The error for a host whose key is not known."""
        if self._known_hosts is not None:
            return BoardError(f"{self.host}: its key {_fingerprint(key)} is not the board's")
        return BoardError(
            f"{hop.host}: its key {key.get_name()} {_fingerprint(key)} is not known; if that is the"
            f" board's, accept it with 'ssh {self._ssh_arguments(hop)} true'"
        )

    def _ssh_arguments(self, hop: fabric.Connection) -> str:
        port = ["-p", str(hop.port)] if hop.port != 22 else []
        return shlex.join([*port, f"{hop.user}@{hop.host}"])


class _Refuse(paramiko.MissingHostKeyPolicy):
    """Lets in no host whose key is not known."""

    def __init__(self, ssh: Ssh, hop: fabric.Connection) -> None:
        self._ssh = ssh
        self._hop = hop

    def missing_host_key(
        self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> None:
        raise self._ssh.refused(self._hop, key)


def _drain(channel: paramiko.Channel, errors: list[bytes]) -> None:
    """Take standard error in, or a full window would stop the command."""
    with contextlib.suppress(OSError):
        while data := channel.recv_stderr(_CHUNK):
            errors.append(data)


def _text(errors: list[bytes]) -> str:
    return b"".join(errors).decode("utf-8", "replace")


def _feed(channel: paramiko.Channel, stdin: str) -> None:
    # It ended without reading all, which its code tells, or the connection is gone, which reading
    # tells.
    with contextlib.suppress(OSError, EOFError):
        channel.sendall(stdin.encode())
        channel.shutdown_write()


class _Sink:
    """A channel's standard input as a file that is only written."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel

    def write(self, data: bytes) -> int:
        self._channel.sendall(data)
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


def _send(
    channel: paramiko.Channel, files: Mapping[str, Path], on_bytes: Callable[[int], object]
) -> None:
    """Write files to a channel as one compressed archive, made on the way."""
    sink: Any = _Sink(channel)
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


def _watch(transport: paramiko.Transport) -> None:
    """Notice within a minute that the other end is gone, instead of a quarter of an hour."""
    transport.set_keepalive(_PATIENCE)
    if isinstance(transport.sock, socket.socket) and hasattr(socket, "TCP_USER_TIMEOUT"):
        transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SILENCE * 1000)


def _fingerprint(key: paramiko.PKey) -> str:
    """As OpenSSH shows it."""
    digest = hashlib.sha256(key.asbytes()).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def _known_name(connection: fabric.Connection) -> str:
    """What known_hosts calls a host."""
    if connection.port == 22:
        return str(connection.host)
    return shlex.quote(f"[{connection.host}]:{connection.port}")
