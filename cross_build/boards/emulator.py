"""Emulated boards: Debian for ARM run by qemu, behind a real SSH server on a loopback port.

Its programs are what a Raspberry Pi runs, only the processor is emulated: what a deploy does to it,
it does to a board. How fast it is says nothing.

Boards with names are others over the same system: each has a port, a key, processes and a home of
its own, so that as many as are wanted can be had at once.
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
from typing import Mapping

from cross_build.boards.transports.ssh import Ssh
from cross_build.bundles import debian
from cross_build.errors import BoardError, TargetError
from cross_build.targets import system_packages
from cross_build.targets.targets import Target
from lite_runner.program_output import last_line
from opt_models.command_name import command_name
from opt_models.store import cache, process

USER = "pi"
_SUITE = "bookworm"
#: What Raspberry Pi OS has without a desktop, as far as it matters here; neither pip nor compiler.
_PACKAGES = ("python3", "openssh-server", "libgomp1", "libstdc++6")
#: Not unpacked: most of the time goes into unpacking, by emulated programs.
_LEFT_OUT = ("doc", "i18n", "locale", "man")
#: Of mmdebstrap: merges /usr beforehand. Otherwise a package does so, which needs all of Perl.
_MERGED = Path("/usr/share/mmdebstrap/hooks/merged-usr")
#: Raised when what the systems are made of changes.
_EDITION = 2
#: By the program that is needed, Debian's package.
_TOOLS = {
    "qemu-aarch64-static": "qemu-user-static",
    "qemu-arm-static": "qemu-user-static",
    "mmdebstrap": "mmdebstrap",
    "arch-test": "arch-test",
    "ssh-keygen": "openssh-client",
    "unshare": "util-linux",
}
_BINFMT = Path("/proc/sys/fs/binfmt_misc")
#: ELF for a processor, whatever the system; P keeps a program's own name, F lets it work in a
#: chroot.
_REGISTRATION = (
    r":{name}:M::\x7fELF\x{bits}\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x{number}\x00"
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
Subsystem sftp internal-sftp
SetEnv QEMU_CPU={cpu}
"""


@dataclass(frozen=True)
class _Kind:
    """A processor's boards.

    Attributes:
        qemu: name of its emulator.
        cpu: what is emulated by itself, by qemu's name. Its default has everything ARM ever thought
            of, and programs that take it for real (ONNX Runtime) run forty times slower.
        cpus: what else can be emulated, with what it has more, as :class:`Target` names features.
        bits, number: of its programs' ELF header, in hex: class and machine.
        packages: of the system.
    """

    qemu: str
    cpu: str
    cpus: Mapping[str, frozenset[str]]
    bits: str
    number: str
    packages: tuple[str, ...]


_A76 = {"cortex-a76": frozenset({"asimdhp", "asimddp"})}
_KINDS = {
    "aarch64": _Kind("qemu-aarch64", "cortex-a72", _A76, "02", "b7", _PACKAGES),
    "armv7l": _Kind("qemu-arm", "cortex-a7", {}, "01", "28", (*_PACKAGES, *system_packages.DEBIAN)),
}


@dataclass(frozen=True)
class State:
    """A running emulated board: the process that holds it, and its port."""

    pid: int
    port: int


def folder(machine: str = "aarch64", name: str = "") -> Path:
    """Where a board's keys and state lie; the home, too, of one with a name."""
    system = cache.root() / "emulated" / machine
    return system / "boards" / name if name else system


def home(machine: str = "aarch64", name: str = "") -> Path:
    """Where the home of a board's user lies on this computer."""
    return folder(machine, name) / "home" if name else root_folder(machine) / "home" / USER


def status(machine: str = "aarch64", name: str = "") -> State | None:
    """The running board, if it is."""
    try:
        text = (folder(machine, name) / "state.json").read_text(encoding="utf-8")
        state = State(**json.loads(text))
        words = Path(f"/proc/{state.pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError, TypeError):
        return None
    return state if b"unshare" in words[0] else None


def up(machine: str = "aarch64", name: str = "") -> State:
    """Start the board, if it is not up; its system is made on first use, in some five minutes.

    Args:
        machine: ``aarch64`` or ``armv7l``.
        name: of one more board over the same system.

    Raises:
        TargetError: there is no emulated board of that kind.
        BoardError: something is missing here, or it does not start; says what to do.
    """
    if machine not in _KINDS:
        raise TargetError(f"an emulated board is {' or '.join(_KINDS)}, not {machine}")
    running = status(machine, name)
    if running is not None:
        return running
    lock = f"emulated/{machine}/board"
    with cache.lock(lock, "another process starts the emulated board; waiting for it"):
        running = status(machine, name)
        if running is not None:
            return running
        ready(machine)
        root = _system(machine)
        _keys(folder(machine, name), root, home(machine, name))
        return _start(machine, root, name)


def down(machine: str = "aarch64", name: str = "") -> bool:
    """Stop the board as if its plug were pulled; False if it was not up."""
    running = status(machine, name)
    if running is None:
        return False
    # unshare takes no other signal while its child lives.
    os.kill(running.pid, signal.SIGKILL)
    for _ in range(100):
        if status(machine, name) is None:
            break
        time.sleep(0.1)
    (folder(machine, name) / "state.json").unlink(missing_ok=True)
    return True


def cpu(target: Target) -> str:
    """The processor that is emulated for a target, by qemu's name: one with all of its features."""
    kind, features = _KINDS[target.machine], set(target.features)
    fit = [name for name, has in kind.cpus.items() if features and features <= has]
    return fit[0] if fit else kind.cpu


def transport(target: Target, releases: str = "") -> Ssh:
    """The way to the emulated board, which is started if need be.

    Args:
        target: that it has to be.
        releases: folder on it for releases.

    Raises:
        TargetError, BoardError: as :func:`up`.
    """
    port = up(target.machine).port
    host, keys = f"{USER}@127.0.0.1:{port}", folder(target.machine)
    # qemu looks at it whenever a program starts.
    environment = {"QEMU_CPU": cpu(target)}
    return Ssh(host, releases, keys / "known_hosts", keys / "key", environment=environment)


def summary(machine: str = "aarch64") -> str:
    """The board's state as text for people."""
    state, keys = status(machine), folder(machine)
    if state is None:
        made = "is made" if root_folder(machine).is_dir() else "is not made yet"
        return f"down; its system {made}: '{command_name()} board up' starts it"
    options = f"-i {keys / 'key'} -o UserKnownHostsFile={keys / 'known_hosts'} -p {state.port}"
    return f"up at 127.0.0.1:{state.port}; log in with\n  ssh {options} {USER}@127.0.0.1"


def remove(machine: str = "aarch64", name: str = "") -> None:
    """Remove the board with all that is on it; it must be down.

    Without a name that is the system, and so all boards over it.
    """
    shutil.rmtree(folder(machine, name), ignore_errors=True)


def root_folder(machine: str = "aarch64") -> Path:
    """Where the board's files lie on this computer."""
    return folder(machine) / f"{_SUITE}-{_EDITION}" / "root"


def ready(machine: str) -> None:
    """Make this computer run programs of another machine, also within a folder that is their root.

    Raises:
        BoardError: something is missing here; says what to do.
    """
    kind = _KINDS[machine]
    if sys.platform != "linux" or os.geteuid() != 0:
        raise BoardError("the emulated board: needs root on Linux; run this with sudo")
    missing = sorted(package for tool, package in _TOOLS.items() if shutil.which(tool) is None)
    if missing:
        raise BoardError(
            f"the emulated board: {', '.join(missing)} missing; run 'apt-get install"
            f" {' '.join(missing)}'"
        )
    if (_BINFMT / kind.qemu).exists():
        return
    try:
        if not (_BINFMT / "register").exists():
            _run(["mount", "-t", "binfmt_misc", "binfmt_misc", str(_BINFMT)])
        if not (_BINFMT / kind.qemu).exists():
            words = {"name": kind.qemu, "bits": kind.bits, "number": kind.number}
            interpreter = shutil.which(f"{kind.qemu}-static")
            line = _REGISTRATION.format(interpreter=interpreter, **words)
            (_BINFMT / "register").write_text(line, encoding="ascii")
    except OSError as error:
        raise BoardError(
            f"the emulated board: {_BINFMT} cannot be set up ({error.strerror}); start the"
            " container with --privileged, or run on a computer of your own"
        ) from error


def _system(machine: str) -> Path:
    """The board's file system, made on first use."""
    kind, architecture = _KINDS[machine], debian.ARCHITECTURES[machine]

    def make(fresh: Path) -> None:
        about = f"Debian 12 for {architecture}, some 5 minutes"
        print(f"making the emulated board: {about}", file=sys.stderr)
        # Its user works in it: it must be passed through.
        fresh.chmod(0o755)
        root = fresh / "root"
        command = ["mmdebstrap", f"--arch={architecture}", "--variant=essential", "--quiet"]
        command += [f"--include={','.join(kind.packages)}", "--dpkgopt=force-unsafe-io"]
        command += [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in _LEFT_OUT]
        command += [f"--hook-dir={_MERGED}"] if _MERGED.is_dir() else []
        # Made here: the server's package would have its keys made by an emulated program.
        command += ['--essential-hook=mkdir -p "$1/etc/ssh" && ssh-keygen -q -A -f "$1"']
        _run([*command, _SUITE, str(root), *debian.sources(_SUITE)])
        _run(["chroot", str(root), "useradd", "--create-home", "--shell", "/bin/sh", USER])
        # No password at all, which is not the same as a locked account.
        _run(["chroot", str(root), "usermod", "--password", "*", USER])
        (root / "run" / "sshd").mkdir(parents=True, exist_ok=True)

    name = f"emulated/{machine}/{_SUITE}-{_EDITION}"
    return cache.folder(name, make, fixed=False) / "root"  # its own programs change it


def _keys(keys: Path, root: Path, home: Path) -> None:
    """A key for the board and one for its user, in whose home it is let in."""
    owner = (root / "home" / USER).stat()
    home.mkdir(parents=True, exist_ok=True)
    for path in (keys / "key", root / "etc/ssh/board_key"):
        if not path.exists():
            _run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "emulated", "-f", str(path)])
    allowed = home / ".ssh" / "authorized_keys"
    allowed.parent.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(keys / "key.pub", allowed)
    for path in (home, allowed.parent, allowed):
        os.chown(path, owner.st_uid, owner.st_gid)


def _start(machine: str, root: Path, name: str) -> State:
    keys = folder(machine, name)
    settings = _SSHD.format(cpu=_KINDS[machine].cpu)
    (root / "etc/ssh/board_config").write_text(settings, encoding="ascii")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # Of their own: processes, so that none outlives the board, and mounts, so that none is left.
    own = f'mount --bind "$1" "$0/home/{USER}" && ' if name else ""
    script = (
        f'{own}mount -t proc proc "$0/proc" && mkdir -p "$0/run/sshd" && exec chroot "$0"'
        f" /usr/sbin/sshd -D -e -f /etc/ssh/board_config -p {port}"
    )
    log = keys / "board.log"
    apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    with log.open("wb") as output:
        child = subprocess.Popen(
            [*apart, "sh", "-c", script, root, home(machine, name)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd="/",
        )
    public = (root / "etc/ssh/board_key.pub").read_text(encoding="ascii").split()
    known = f"[127.0.0.1]:{port} {public[0]} {public[1]}\n"
    (keys / "known_hosts").write_text(known, encoding="ascii")
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and child.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(5)
            try:
                probe.connect(("127.0.0.1", port))
                if probe.recv(3) == b"SSH":
                    state = State(child.pid, port)
                    cache.write(keys / "state.json", json.dumps(asdict(state)))
                    return state
            except OSError:
                pass
        time.sleep(0.2)
    child.kill()
    child.wait()
    reason = last_line(log.read_text(encoding="utf-8", errors="replace"))
    raise BoardError(
        f"the emulated board: does not start ({reason or 'without a word'}); see {log}"
    )


def _run(command: list[str]) -> None:
    outcome = process.run(command, stdout=sys.stderr, stderr=None)
    if outcome.code != 0:
        raise BoardError(f"the emulated board: '{command[0]}' failed with {outcome.code}")
