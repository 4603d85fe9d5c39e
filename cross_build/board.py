"""A board: one reachable device of a target, the facts probed from it, and its releases."""

from __future__ import annotations

import contextlib
import getpass
import inspect
import json
import socket
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, Sequence

from cross_build import own_packages
from cross_build.errors import BoardError, DeployError, TargetError
from cross_build.targets import System, Target
from cross_build.transports import Outcome, Transport
from cross_build.transports.local import Local
from cross_build.watch import TERMINAL, Watch
from lite_runner import probe, release
from opt_models import lite_env

if TYPE_CHECKING:
    from cross_build.bundle import Bundle

#: How long to wait for another deploy to a board: by then a host that went away holds nothing.
WAIT_SECONDS = release.QUIET_SECONDS + 10
_PAUSE = 2.0
#: Begins the address of an emulated board.
EMULATED = "emulated"
#: Runs a Python the runner works with, the system's own first; its arguments are a program.
_FIND = """
for python in python3 python3.13 python3.12 python3.11 python3.10 python3.9 python3.8; do
    command -v "$python" >/dev/null 2>&1 || continue
    "$python" -S -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null || continue
    exec "$python" -I -c "$@"
done
mend="'sudo apt-get install python3'"
grep -qs bionic /etc/os-release && mend="'sudo apt-get install python3.8'"
echo "there is no Python 3.8 or newer ($(python3 -V 2>&1)); run $mend" >&2
exit 127
"""


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
        features: of the processor, as ``/proc/cpuinfo`` calls them; None where they are not known.
        model: what its device tree calls the board; empty where there is none.
        missing: libraries that were asked for and are not there.
        packages: the system's own that are used, with their versions, as ``"numpy 1.24.2"``.
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
        # Of "any board" nothing is known.
        features=frozenset(target.features) if target.cores else None,
    )


class Board:
    """One device.

    Args:
        target: what kind it is.
        transport: the way to it.
        python: its interpreter, by path or name; one that fits is looked for there if None.
        address: what tells it from others of its kind, for people; the target's name if empty.
    """

    def __init__(
        self, target: Target, transport: Transport, python: str | None = None, address: str = ""
    ) -> None:
        self.target = target
        self.transport = transport
        self.python = python
        self.address = address or target.name

    def probe(self, libraries: Sequence[str] = ()) -> Facts:
        """Ask the board what it is.

        Args:
            libraries: that it must have.

        Raises:
            BoardError: it does not answer, is not what its target says, or lacks something.
        """
        outcome = self._run(inspect.getsource(probe), *libraries)
        if outcome.code == 127:
            raise BoardError(f"{self.target.name}: {_last(outcome)}")
        try:
            data = json.loads(outcome.stdout)
            features = data.pop("features")
            facts = Facts(
                glibc=probe.glibc(data.pop("libc")),
                features=None if features is None else frozenset(features),
                missing=tuple(data.pop("missing")),
                **data,
            )
        except (ValueError, KeyError, AttributeError, IndexError, TypeError) as error:
            raise BoardError(
                f"{self.target.name}: {self.python or 'python3'} does not tell what the board is"
                f" ({_last(outcome) or error}); expected CPython on Linux with glibc"
            ) from error
        self._check(facts)
        self.python = facts.executable
        return facts if self.target.wheels else replace(facts, packages=self._packages())

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

    def provide(self, system: Bundle | None, watch: Watch = TERMINAL) -> Sequence[str]:
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
        # Where it does not say, nothing is against it.
        has = set(target.features) if facts.features is None else facts.features
        lacking = sorted(set(target.features) - has)
        if lacking:
            found.append(f"its processor lacks {', '.join(lacking)}, which the target has")
        return found

    def _check(self, facts: Facts) -> None:
        unfit = probe.unfit(asdict(facts), {"machine": self.target.machine})
        if unfit:
            raise BoardError(f"{self.target.name}: {unfit}")

    def _packages(self) -> tuple[str, ...]:
        """The board's own packages, which have to do where there are no wheels."""
        outcome = self._run(own_packages.PROBE, stdin=own_packages.question())
        try:
            answer = json.loads(outcome.stdout)
        except ValueError as error:
            raise BoardError(
                f"{self.target.name}: its Python does not tell which packages it has"
                f" ({_last(outcome)})"
            ) from error
        return own_packages.check(self.target.name, answer)

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
    ask: bool = True,
) -> Board:
    """The board of a target.

    Args:
        target: its kind.
        root: where releases of ``local`` live; the usual place if None.
        python: the interpreter of ``local``; one that fits if None.
        host: ``[USER@]HOST[:PORT]`` of any other board; a phone's serial number.
        folder: on that board, for our releases; ``lite-ocr`` in the user's own if empty.
        emulate: start an emulated board, if it is not up, and take that.
        ask: for a password where no key is let in and somebody is there to be asked.

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
        return Phone(target, Adb(host, folder), address=host)
    from cross_build.transports.ssh import Ssh  # late: cryptography takes long to load

    if emulate:
        from cross_build import emulate as emulator

        if host:
            raise TargetError("--emulate: is a board of its own; leave out --host")
        transport = emulator.transport(target, folder)
        return Board(target, transport, address=f"{EMULATED} {target.machine}")
    if not host:
        raise TargetError(
            f"{target.name}: say which board, as in --host pi@raspberrypi.local; or --emulate to"
            " try it without one"
        )
    return Board(target, Ssh(host, folder, ask=ask), address=host)


def _last(outcome: Outcome) -> str:
    said = (outcome.stderr or outcome.stdout).strip().splitlines()
    return said[-1] if said else ""
