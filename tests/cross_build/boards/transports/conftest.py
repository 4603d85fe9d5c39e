"""An SSH server of this computer, whose user has any login shell and greeting."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Iterator

import pytest

from cross_build.boards.transports.ssh import Ssh

#: Set where tests must not be left out.
REQUIRED = "LITE_OCR_EMULATE"
#: sshd gives a user's command to the login shell of /etc/passwd, this gives it to another one.
_LOGIN = """\
cd {folder}/home
exec env -i HOME={folder}/home PATH="$PATH" SSH_CLIENT="$SSH_CLIENT" \\
    "$(cat {folder}/shell)" -c "$SSH_ORIGINAL_COMMAND"
"""
_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
ListenAddress ::1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
ForceCommand sh {folder}/login
"""


class Server:
    """A running SSH server.

    Attributes:
        folder: of its files: ``host_key.pub``, the user's ``key``, ``known_hosts``.
        port: on 127.0.0.1 and ::1.
        home: of its user.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.home = folder / "home"

    @property
    def public_key(self) -> str:
        """The host's, as it stands in ``known_hosts``."""
        return " ".join((self.folder / "host_key.pub").read_text().split()[:2])

    def login_shell(self, name: str) -> None:
        """From now on the user has this shell and an empty home."""
        path = shutil.which(name)
        if path is None:
            pytest.skip(f"{name} is missing; run 'apt-get install {name}'")
        (self.folder / "shell").write_text(path)
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir()

    def configured(self, *options: str, alias: str = "testboard") -> Path:
        """A file with the SSH configuration of somebody who calls the server by an alias."""
        lines = [f"Host {alias}", "HostName 127.0.0.1", f"Port {self.port}"]
        lines += [f"IdentityFile {self.folder}/key", "IdentitiesOnly yes", *options]
        file = self.folder / "config"
        file.write_text("\n".join(lines) + "\n")
        return file

    def transport(self) -> Ssh:
        """A connection by which the server's key is known."""
        host = f"127.0.0.1:{self.port}"
        return Ssh(host, "releases", self.folder / "known_hosts", self.folder / "key")


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None or not socket.has_ipv6:
        assert not os.environ.get(REQUIRED)
        pytest.skip("sshd is missing; run 'apt-get install openssh-server'")
    server = Server(tmp_path_factory.mktemp("server"), _free_port())
    folder = server.folder
    folder.chmod(0o755)
    for name in ("host_key", "key"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True)
    (folder / "login").write_text(_LOGIN.format(folder=folder))
    (folder / "sshd_config").write_text(_CONFIG.format(folder=folder, port=server.port))
    known = f"[127.0.0.1]:{server.port} {server.public_key}\n"
    (folder / "known_hosts").write_text(known)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where it shuts its unprivileged part in
    with (folder / "log").open("wb") as log:
        words = [program, "-D", "-e", "-f", str(folder / "sshd_config")]
        child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _wait_for(server, child)
        yield server
    finally:
        child.terminate()
        child.wait()


@pytest.fixture
def server(shared_server: Server) -> Server:
    """The server, whose user has sh and an empty home."""
    shared_server.login_shell("sh")
    return shared_server


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(server: Server, child: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and child.poll() is None:
        try:
            socket.create_connection(("::1", server.port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail((server.folder / "log").read_text())
