"""A board: one reachable device of a target, the facts probed from it, and its releases."""

from __future__ import annotations

import contextlib
import getpass
import inspect
import json
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, Sequence

from cross_build.errors import BoardError, DeployError, TargetError
from cross_build.targets import System, Target
from cross_build.transports import Outcome, Transport
from cross_build.transports.local import Local
from lite_runner import release
from opt_models import lite_env

if TYPE_CHECKING:
    from cross_build.bundle import Bundle

#: How long to wait for another deploy to a board: by then a host that went away holds nothing.
WAIT_SECONDS = release.QUIET_SECONDS + 10
_PAUSE = 2.0
#: Run by the board's own Python with the names of libraries; prints one JSON object.
_PROBE = """
import ctypes, importlib.util, json, os, platform, re, struct, sys
def loads(name):
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
def text(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "replace").strip("\\0\\n ")
    except OSError:
        return ""
machine = platform.machine()
if machine in ("aarch64", "armv8l") and struct.calcsize("P") == 4:
    machine = "armv7l"  # a 32-bit system on a 64-bit kernel
missing = [name for name in sys.argv[1:] if not loads(name)]
symbols = []
if loads("libstdc++.so.6"):
    for line in text("/proc/self/maps").splitlines():
        if "libstdc++.so" in line:
            with open(line.split()[-1], "rb") as file:
                symbols = re.findall(rb"GLIBCXX_3\\.4\\.(\\d+)", file.read())
            break
features = re.search(r"^Features\\s*:(.*)$", text("/proc/cpuinfo"), re.M)
print(json.dumps({
    "machine": machine, "system": platform.platform(terse=True),
    "libc": os.confstr("CS_GNU_LIBC_VERSION"), "python": "%d.%d" % sys.version_info[:2],
    "executable": sys.executable, "missing": missing,
    "glibcxx": max(map(int, symbols)) if symbols else None,
    "cores": os.cpu_count() or 1, "features": features and features.group(1).split(),
    "model": text("/proc/device-tree/model"),
    "packages": [n for n in ("numpy", "cv2", "pyclipper") if importlib.util.find_spec(n)],
}))
"""
#: Runs a Python the runner works with, the system's own first; its arguments are a program.
_FIND = """
for python in python3 python3.13 python3.12 python3.11 python3.10 python3.9 python3.8; do
    command -v "$python" >/dev/null 2>&1 || continue
    "$python" -S -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null || continue
    exec "$python" -I -c "$@"
done
echo "there is no Python 3.8 or newer ($(python3 -V 2>&1)); run 'sudo apt-get install python3'" >&2
exit 127
"""
_APT = {"numpy": "python3-numpy", "cv2": "python3-opencv", "pyclipper": "python3-pyclipper"}
_APT_LIBRARIES = {"libgomp.so.1": "libgomp1", "libstdc++.so.6": "libstdc++6"}


@dataclass(frozen=True)
class Facts:
    """What a board says of itself, or what is known of a system in its stead.

    Attributes:
        machine: as ``uname -m``, of its programs.
        system: kernel and C library, for people.
        glibc: version of the C library.
        python: version of its interpreter, ``"3.10"``.
        executable: the interpreter's path or name.
        glibcxx: newest version of the C++ library's symbols, N of ``GLIBCXX_3.4.N``, if known.
        cores: how many.
        features: of the processor, as ``/proc/cpuinfo`` calls them; None where it does not say.
        model: what its device tree calls the board; empty where there is none.
        missing: libraries that were asked for and are not there.
        packages: of numpy, cv2 and pyclipper, those the system itself has.
    """

    machine: str
    system: str
    glibc: tuple[int, int]
    python: str
    executable: str
    glibcxx: int | None = None
    cores: int = 1
    features: frozenset[str] | None = None
    model: str = ""
    missing: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()

    @property
    def symbols(self) -> dict[str, tuple[int, ...]]:
        """The highest versions of symbols that libraries find, by their names."""
        found: dict[str, tuple[int, ...]] = {"GLIBC": self.glibc}
        if self.glibcxx is not None:
            found["GLIBCXX"] = (3, 4, self.glibcxx)
        return found


def usual(target: Target, system: System) -> Facts:
    """What a board of a target says that runs a certain system, to build without one."""
    return Facts(
        machine=target.machine,
        system=system.about,
        glibc=system.glibc,
        python=system.python,
        executable=f"python{system.python}",
        glibcxx=system.glibcxx,
        cores=sum(cores.count for cores in target.cores) or target.threads,
        packages=tuple(_APT),
    )


class Board:
    """One device.

    Args:
        target: what kind it is.
        transport: the way to it.
        python: its interpreter, by path or name; one that fits is looked for there if None.
    """

    def __init__(self, target: Target, transport: Transport, python: str | None = None) -> None:
        self.target = target
        self.transport = transport
        self.python = python

    def probe(self, libraries: Sequence[str] = ()) -> Facts:
        """Ask the board what it is.

        Args:
            libraries: that it must have.

        Raises:
            BoardError: it does not answer, is not what its target says, or lacks something.
        """
        outcome = self._run(_PROBE, *libraries)
        if outcome.code == 127:
            raise BoardError(f"{self.target.name}: {_last(outcome)}")
        try:
            data = json.loads(outcome.stdout)
            # platform.libc_ver() would tell what the interpreter was built for, not what is there.
            major, minor = data.pop("libc").split()[1].split(".")[:2]
            features = data.pop("features")
            facts = Facts(
                glibc=(int(major), int(minor)),
                features=None if features is None else frozenset(features),
                missing=tuple(data.pop("missing")),
                packages=tuple(data.pop("packages")),
                **data,
            )
        except (ValueError, KeyError, AttributeError, IndexError, TypeError) as error:
            raise BoardError(
                f"{self.target.name}: {self.python or 'python3'} does not tell what the board is"
                f" ({_last(outcome) or error}); expected CPython on Linux with glibc"
            ) from error
        self._check(facts)
        self.python = facts.executable
        return facts

    def release(self, command: str, *arguments: str, stdin: str = "") -> Any:
        """Run a command of :mod:`lite_runner.release` on the board.

        The module's own text is sent along, so that the board needs nothing of ours beforehand and
        always runs the host's version of it.

        Raises:
            BoardError: it failed; with its own words.
        """
        outcome = self._run(
            inspect.getsource(release), command, self.transport.root, *arguments, stdin=stdin
        )
        try:
            return json.loads(outcome.stdout)
        except ValueError as error:
            reason = _last(outcome) or f"exit code {outcome.code}"
            raise BoardError(self._told(reason)) from error

    def provide(self, system: Bundle | None) -> Sequence[str]:
        """Bring a system over that releases run on; gives what was sent.

        A board has its own: nothing is to be done.
        """
        return ()

    def lacks(self, system: Bundle | None) -> bool:
        """Whether a system would have to be sent."""
        return False

    @contextlib.contextmanager
    def held(self) -> Iterator[Any]:
        """Keep other deploys away from the board, also those of other hosts; gives its status.

        Another one is waited for a while: if its host is gone, the board notices by then.

        Raises:
            DeployError: another one is still under way; tells whose.
            BoardError: as :meth:`release`.
        """
        owner = f"{getpass.getuser()}@{socket.gethostname()}"
        code = inspect.getsource(release)
        command = self._line(code, "hold", self.transport.root, owner)
        start = time.monotonic()
        with contextlib.ExitStack() as stack:
            while True:
                try:
                    answer = json.loads(stack.enter_context(self.transport.hold(command)))
                except (BoardError, ValueError) as error:
                    raise BoardError(self._told(str(error))) from error
                if "busy" not in answer:
                    break
                stack.pop_all().close()
                told = f"{self.target.name}: another deploy is under way there, {answer['busy']}"
                waited = time.monotonic() - start
                if waited > WAIT_SECONDS:
                    raise DeployError(f"{told}; try again when it is done")
                if waited < _PAUSE:
                    print(f"{told}; waiting for it", file=sys.stderr, flush=True)
                time.sleep(_PAUSE)
            yield answer

    def path(self, *parts: str) -> str:
        """A path below the folder of our releases."""
        return "/".join([self.transport.root, *parts])

    def contradictions(self, facts: Facts) -> list[str]:
        """Where a board differs from what its target says, for people."""
        target, found = self.target, []
        if target.model and facts.model and target.model not in facts.model:
            found.append(f"it says it is a {facts.model}, the target is for {target.about}")
        cores = sum(one.count for one in target.cores)
        if cores and cores != facts.cores:
            found.append(f"it has {facts.cores} cores, the target {cores}")
        lacking = sorted(set(target.features) - facts.features) if facts.features else []
        if lacking:
            found.append(f"its processor lacks {', '.join(lacking)}, which the target has")
        return found

    def _check(self, facts: Facts) -> None:
        name = self.target.name
        if facts.machine != self.target.machine:
            raise BoardError(
                f"{name}: expected a {self.target.machine} board, this is"
                f" {facts.machine}; choose another --target"
            )
        if facts.missing:
            packages = [_APT_LIBRARIES.get(one, one) for one in facts.missing]
            raise BoardError(
                f"{name}: the board lacks {', '.join(facts.missing)}; run there 'sudo apt-get"
                f" install {' '.join(packages)}'"
            )
        lacking = [package for package in _APT if package not in facts.packages]
        if not self.target.wheels and lacking:
            raise BoardError(
                f"{name}: there are no wheels of {', '.join(lacking)} for {facts.machine}; run"
                f" there 'sudo apt-get install {' '.join(_APT[one] for one in lacking)}'"
            )

    def _run(self, code: str, *arguments: str, stdin: str = "") -> Outcome:
        return self.transport.run(self._line(code, *arguments), stdin)

    def _line(self, code: str, *arguments: str) -> list[str]:
        if self.python is None:
            return ["sh", "-c", _FIND, "sh", code, *arguments]
        return [self.python, "-I", "-c", code, *arguments]

    def _told(self, reason: str) -> str:
        denied = any(words in reason for words in ("Read-only file system", "Permission denied"))
        advice = "; give another folder of the board with --folder" if denied else ""
        return f"{self.target.name}: {reason}{advice}"


def connect(
    target: Target,
    root: Path | None = None,
    python: Path | None = None,
    host: str = "",
    folder: str = "",
    emulate: bool = False,
) -> Board:
    """The board of a target.

    Args:
        target: its kind.
        root: where releases of ``local`` live; the usual place if None.
        python: the interpreter of ``local``; one that fits if None.
        host: ``[USER@]HOST[:PORT]`` of any other board; a phone's serial number.
        folder: on that board, for our releases; ``lite-ocr`` in the user's own if empty.
        emulate: start an emulated board, if it is not up, and take that.

    Raises:
        TargetError: a host is missing or too much.
        OptError: no interpreter for it (``local``).
        BoardError: the emulated board cannot be started.
    """
    if target.transport == "local":
        if host or folder or emulate:
            raise TargetError(
                f"{target.name}: is this computer; leave out --host, --folder and --emulate, or"
                " choose another --target"
            )
        return Board(target, Local(root), str(python or lite_env.interpreter()[0]))
    if target.transport == "adb":
        from cross_build.phone import Phone  # late: a phone is a board, too
        from cross_build.transports.adb import Adb

        if emulate:
            raise TargetError(f"{target.name}: no phone can be emulated; leave out --emulate")
        return Phone(target, Adb(host, folder))
    from cross_build.transports.ssh import Ssh  # late: cryptography takes long to load

    if emulate:
        from cross_build import emulate as emulator

        if host:
            raise TargetError("--emulate: is a board of its own; leave out --host")
        return Board(target, emulator.transport(target.machine, folder))
    if not host:
        raise TargetError(
            f"{target.name}: say which board, as in --host pi@raspberrypi.local; or --emulate to"
            " try it without one"
        )
    return Board(target, Ssh(host, folder))


def _last(outcome: Outcome) -> str:
    said = (outcome.stderr or outcome.stdout).strip().splitlines()
    return said[-1] if said else ""
