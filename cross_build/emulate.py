"""An emulated board: Debian for arm64 run by qemu, behind a real SSH server on a loopback port.

Its programs are what a Raspberry Pi runs, only the processor is emulated: what a deploy does to it,
it does to a board. How fast it is says nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from cross_build.errors import BoardError, TargetError
from cross_build.transports.ssh import Ssh
from opt_models import cache

MACHINE = "aarch64"
USER = "pi"
_SUITE = "bookworm"
#: What Raspberry Pi OS has without a desktop, as far as it matters here; neither pip nor compiler.
_PACKAGES = ("python3", "openssh-server", "libgomp1", "libstdc++6")
#: Raised when what the system is made of changes.
_EDITION = 1
#: By the program that is needed, Debian's package.
_TOOLS = {
    "qemu-aarch64-static": "qemu-user-static",
    "mmdebstrap": "mmdebstrap",
    "ssh-keygen": "openssh-client",
    "unshare": "util-linux",
}
_BINFMT = Path("/proc/sys/fs/binfmt_misc")
#: ELF for arm64, whatever the system; P keeps a program's own name, F lets it work in a chroot.
_REGISTRATION = (
    r":qemu-aarch64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
    r":\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
    ":{interpreter}:PF"
)
_START_SECONDS = 60
_SSHD = """\
ListenAddress 127.0.0.1
HostKey /etc/ssh/board_key
PidFile none
UsePAM no
PasswordAuthentication no
PermitRootLogin no
"""


@dataclass(frozen=True)
class State:
    """A running emulated board: the process that holds it, and its port."""

    pid: int
    port: int


def folder() -> Path:
    """Where keys and state lie."""
    return cache.root() / "emulated"


def status() -> State | None:
    """The running board, if one is."""
    try:
        state = State(**json.loads((folder() / "state.json").read_text(encoding="utf-8")))
        words = Path(f"/proc/{state.pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError, TypeError):
        return None
    return state if b"unshare" in words[0] else None


def up() -> State:
    """Start the board, if it is not up; its system is made on first use, in some five minutes.

    Raises:
        BoardError: something is missing here, or it does not start; says what to do.
    """
    running = status()
    if running is not None:
        return running
    with cache.lock("emulated/board", "another process starts the emulated board; waiting for it"):
        running = status()
        if running is not None:
            return running
        _check_host()
        root = _system()
        _keys(root)
        return _start(root)


def down() -> bool:
    """Stop the board; False if it was not up."""
    running = status()
    if running is None:
        return False
    os.kill(running.pid, signal.SIGTERM)
    for _ in range(100):
        if status() is None:
            break
        time.sleep(0.1)
    (folder() / "state.json").unlink(missing_ok=True)
    return True


def transport(machine: str, releases: str = "") -> Ssh:
    """The way to the emulated board, which is started if need be.

    Args:
        machine: that it has to be.
        releases: folder on it for releases.

    Raises:
        TargetError: such boards are not emulated.
        BoardError: as :func:`up`.
    """
    if machine != MACHINE:
        raise TargetError(f"--emulate: the emulated board is {MACHINE}, this target {machine}")
    port = up().port
    host = f"{USER}@127.0.0.1:{port}"
    return Ssh(host, releases, folder() / "known_hosts", folder() / "key")


def command() -> str:
    """How to log in by hand."""
    state = up()
    keys = f"-i {folder() / 'key'} -o UserKnownHostsFile={folder() / 'known_hosts'}"
    return f"ssh {keys} -p {state.port} {USER}@127.0.0.1"


def told() -> str:
    """The board's state as text for people."""
    state = status()
    if state is None:
        made = "its system is made" if root_folder().is_dir() else "its system is not made yet"
        return f"down; {made}: 'invoke board up' starts it"
    return f"up at 127.0.0.1:{state.port}; log in with\n  {command()}"


def remove() -> None:
    """Remove the board's system with all that is on it; it must be down."""
    shutil.rmtree(folder(), ignore_errors=True)


def root_folder() -> Path:
    """Where the board's files lie on this computer."""
    return folder() / f"{_SUITE}-arm64-{_EDITION}" / "root"


def _check_host() -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        raise BoardError("the emulated board: needs root on Linux; run this with sudo")
    missing = sorted(package for tool, package in _TOOLS.items() if shutil.which(tool) is None)
    if missing:
        raise BoardError(
            f"the emulated board: {', '.join(missing)} missing; run 'apt-get install"
            f" {' '.join(missing)}'"
        )
    if (_BINFMT / "qemu-aarch64").exists():
        return
    try:
        if not (_BINFMT / "register").exists():
            _run(["mount", "-t", "binfmt_misc", "binfmt_misc", str(_BINFMT)])
        if not (_BINFMT / "qemu-aarch64").exists():
            interpreter = shutil.which("qemu-aarch64-static")
            (_BINFMT / "register").write_text(_REGISTRATION.format(interpreter=interpreter))
    except OSError as error:
        raise BoardError(
            f"the emulated board: {_BINFMT} cannot be set up ({error.strerror}); start the"
            " container with --privileged, or run on a computer of your own"
        ) from error


def _system() -> Path:
    """The board's file system, made on first use."""

    def make(fresh: Path) -> None:
        print("making the emulated board: Debian 12 for arm64, some 5 minutes", file=sys.stderr)
        # Its user works in it: it must be passed through.
        fresh.chmod(0o755)
        root = fresh / "root"
        _run(
            [
                *("mmdebstrap", "--arch=arm64", "--variant=minbase", "--quiet"),
                *(f"--include={','.join(_PACKAGES)}", _SUITE, str(root), *_sources()),
            ]
        )
        _run(["chroot", str(root), "useradd", "--create-home", "--shell", "/bin/sh", USER])
        # No password at all, which is not the same as a locked account.
        _run(["chroot", str(root), "usermod", "--password", "*", USER])
        (root / "run" / "sshd").mkdir(parents=True, exist_ok=True)
        (root / "etc/ssh/board_config").write_text(_SSHD, encoding="ascii")

    return cache.folder(f"emulated/{_SUITE}-arm64-{_EDITION}", make) / "root"


def _sources() -> list[str]:
    """This computer's own package sources, where they are of the same release."""
    try:
        here = Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        return []
    if f"VERSION_CODENAME={_SUITE}\n" not in here:
        return []
    lists = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("debian.sources")]
    return [str(path) for path in lists if path.is_file() and path.read_text().strip()]


def _keys(root: Path) -> None:
    """A key for the board and one for its user."""
    for path in (folder() / "key", root / "etc/ssh/board_key"):
        if not path.exists():
            _run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "emulated", "-f", str(path)])
    home = root / "home" / USER
    allowed = home / ".ssh" / "authorized_keys"
    allowed.parent.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(folder() / "key.pub", allowed)
    owner = home.stat()
    for path in (allowed.parent, allowed):
        os.chown(path, owner.st_uid, owner.st_gid)


def _start(root: Path) -> State:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # Of their own: processes, so that none outlives the board, and mounts, so that none is left.
    script = (
        f'mount -t proc proc "$0/proc" && mkdir -p "$0/run/sshd" && exec chroot "$0"'
        f" /usr/sbin/sshd -D -e -f /etc/ssh/board_config -p {port}"
    )
    log = folder() / "board.log"
    with log.open("wb") as said:
        child = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script, root],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
            cwd="/",
        )
    public = (root / "etc/ssh/board_key.pub").read_text(encoding="ascii").split()
    name = f"[127.0.0.1]:{port}"
    (folder() / "known_hosts").write_text(f"{name} {public[0]} {public[1]}\n", encoding="ascii")
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and child.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(5)
            try:
                probe.connect(("127.0.0.1", port))
                if probe.recv(3) == b"SSH":
                    state = State(child.pid, port)
                    cache.write(folder() / "state.json", json.dumps(asdict(state)))
                    return state
            except OSError:
                pass
        time.sleep(0.2)
    child.kill()
    child.wait()
    words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise BoardError(
        f"the emulated board: does not start ({words[-1] if words else 'without a word'}); see"
        f" {log}"
    )


def _run(command: list[str]) -> None:
    run = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=sys.stderr, stderr=None, check=False
    )
    if run.returncode != 0:
        raise BoardError(f"the emulated board: '{command[0]}' failed with {run.returncode}")
