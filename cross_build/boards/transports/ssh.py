"""The way to a board over SSH.

Commands run over paramiko's channels, because files go through their standard input. The board
needs sh and tar; the user's login shell there may be any.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Callable, Iterator, Mapping, Sequence

import fabric
import paramiko

from cross_build.boards.transports import Outcome, remote_command, ssh_connection, tar_stream
from cross_build.boards.transports.heartbeat import beating
from cross_build.boards.transports.remote_command import RemoteCommand
from cross_build.boards.transports.ssh_connection import PATIENCE, Access
from cross_build.errors import BoardError, UnreachableError
from lite_runner.program_output import ended, first_line, last_line
from opt_models.store.beside import beside

#: Folder below the user's own on a board, if none is chosen.
_FOLDER = "lite-ocr"
_CHUNK = 1 << 16
#: Less free space than this, in KiB, explains any failure to write.
_FULL = 256


class Ssh:
    """A board behind an SSH server.

    Args:
        host: ``[USER@]HOST[:PORT]``, or a name of the user's SSH configuration.
        folder: on the board, for our releases; relative ones start at the user's own.
        known_hosts: file with the board's key, instead of the user's.
        key: file with the private key, instead of the user's.
        config: file with the SSH configuration, instead of the user's and the system's.
        environment: variables for every command there.
        ask: the user, for a password or about an unknown key, where somebody is there.
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
        self._access = Access(host, known_hosts, key, config, ask)
        self._environment = environment or {}
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
        with self._started(command) as running:
            lines: list[str] = []
            with beside(running.drain_errors), beside(
                lambda: _feed(running.channel, stdin)
            ), running.channel.makefile("rb") as stdout:
                greeting = running.command.skip_greeting(stdout)
                for raw in running.command.lines(stdout):
                    line = raw.decode("utf-8", "replace")
                    lines.append(line)
                    if on_line is not None:
                        on_line(line.rstrip("\n"))
            code = self._code(running.channel)
            if greeting is not None:
                raise self._not_run(running, greeting, code)
            return Outcome(code, "".join(lines), running.errors)

    def put(
        self,
        files: Mapping[str, Path],
        folder: str,
        on_bytes: Callable[[int], object] = lambda count: None,
    ) -> None:
        # Times stay the board's own (-m): its clock may be decades behind.
        script = 'umask 022; mkdir -p "$1" && exec tar -xzmof - -C "$1"'
        command = ["sh", "-c", script, "sh", folder]
        with self._started(command) as running, beside(running.drain_errors):
            try:
                tar_stream.write(files, running.channel.sendall, on_bytes)
                running.channel.shutdown_write()
            except OSError:
                pass  # the other end is gone: why, its code and words tell
            code = self._code(running.channel)
        if not running.begun:
            raise self._not_run(running, b"", code)
        if code != 0:
            reason = first_line(running.errors) or ended(code)
            # tar only says how much of a block it wrote.
            free = self.run(["df", "-Pk", folder]).stdout.split()[-3:-2]
            if free and free[0].isdecimal() and int(free[0]) < _FULL:
                reason = "No space left on device; make room there and deploy again"
            raise BoardError(f"{self.host}: cannot write to {folder}: {reason}")

    def get(self, folder: str, into: Path) -> None:
        into.mkdir(parents=True, exist_ok=True)
        script = 'if [ -d "$1" ]; then exec tar -czf - -C "$1" .; fi'
        with self._started(["sh", "-c", script, "sh", folder]) as running:
            with beside(running.drain_errors), running.channel.makefile("rb") as stream:
                running.command.skip_greeting(stream)
                tar_stream.extract_files(stream, into)
                stream.read()
            code = self._code(running.channel)
        if not running.begun:
            raise self._not_run(running, b"", code)
        if code != 0:
            raise BoardError(f"{self.host}: cannot read {folder} there ({ended(code)})")

    @contextlib.contextmanager
    def hold(self, command: Sequence[str]) -> Iterator[str]:
        with self._started(command) as running:
            stdout = running.channel.makefile("rb")
            greeting = running.command.skip_greeting(stdout)
            first = b"" if greeting is not None else next(running.command.lines(stdout), b"")
            if not first:
                running.drain_errors()
                code = self._code(running.channel)
                if greeting is not None:
                    raise self._not_run(running, greeting, code)
                raise BoardError(last_line(running.errors) or ended(code))
            with beating(lambda: running.channel.sendall(b"\n")):
                yield first.decode("utf-8", "replace")

    def close(self) -> None:
        """Hang up; may be called again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextlib.contextmanager
    def _started(self, words: Sequence[str]) -> Iterator[_Running]:
        """A command under way on the board; closing its channel ends it at its next output."""
        command = remote_command.make(words, self._environment)
        try:
            channel = self._transport().open_session(timeout=PATIENCE)
            with contextlib.closing(channel):
                channel.exec_command(command.line)
                yield _Running(command, channel)
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
        return UnreachableError(
            f"{self.host}: the connection was lost{reason}; run the same again, it goes on from"
            " where it was"
        )

    def _not_run(self, running: _Running, greeting: bytes, code: int) -> BoardError:
        """The error for a login shell that ends before our command begins."""
        words = last_line(running.errors) or last_line(greeting.decode("utf-8", "replace"))
        return BoardError(
            f"{self.host}: the login shell there runs no command ({words or ended(code)}); look at"
            " the files it reads at its start, such as ~/.bashrc, and at the user's shell in"
            " /etc/passwd"
        )

    def _transport(self) -> paramiko.Transport:
        if self._connection is None:
            self._connection = ssh_connection.connect(self._access)
        transport: paramiko.Transport | None = self._connection.client.get_transport()
        if transport is None:
            raise self._lost(None)
        return transport


class _Running:
    """A command on its way.

    Attributes:
        command: it.
        channel: that it runs in.
    """

    def __init__(self, command: RemoteCommand, channel: paramiko.Channel) -> None:
        self.command = command
        self.channel = channel
        self._errors: list[bytes] = []

    def drain_errors(self) -> None:
        """Take standard error in, or a full window would stop the command."""
        with contextlib.suppress(OSError):
            while data := self.channel.recv_stderr(_CHUNK):
                self._errors.append(data)

    @property
    def begun(self) -> bool:
        """Whether the login shell ran the command, as far as standard error was taken in."""
        return self.command.begin in b"".join(self._errors)

    @property
    def errors(self) -> str:
        """What the command wrote to standard error, as far as it was taken in."""
        return self.command.own_errors(b"".join(self._errors)).decode("utf-8", "replace")


def _feed(channel: paramiko.Channel, stdin: str) -> None:
    # It ended without reading all, which its code tells, or the connection is gone, which reading
    # tells.
    with contextlib.suppress(OSError, EOFError):
        channel.sendall(stdin.encode())
        channel.shutdown_write()
