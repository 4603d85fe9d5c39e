"""A board: one reachable device of a target, the facts probed from it, and its releases."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cross_build.errors import BoardError, TargetError
from cross_build.targets import Target
from cross_build.transports import Transport
from cross_build.transports.local import Local
from lite_runner import release
from opt_models import lite_env

#: Run by the board's own Python; prints one JSON object.
_PROBE = """
import json, os, platform, sys
print(json.dumps({
    "machine": platform.machine(), "system": platform.platform(terse=True),
    "libc": os.confstr("CS_GNU_LIBC_VERSION"), "python": "%d.%d" % sys.version_info[:2],
}))
"""


@dataclass(frozen=True)
class Facts:
    """What a board says of itself.

    Attributes:
        machine: as ``uname -m``.
        system: kernel and C library, for people.
        glibc: version of the C library.
        python: version of its interpreter, ``"3.10"``.
    """

    machine: str
    system: str
    glibc: tuple[int, int]
    python: str


class Board:
    """One device.

    Args:
        target: what kind it is.
        transport: the way to it.
        python: its interpreter, by path or name.
    """

    def __init__(self, target: Target, transport: Transport, python: str) -> None:
        self.target = target
        self.transport = transport
        self.python = python

    def probe(self) -> Facts:
        """Ask the board what it is.

        Raises:
            BoardError: it does not answer, or is not what its target says.
        """
        outcome = self.transport.run([self.python, "-I", "-c", _PROBE])
        try:
            data = json.loads(outcome.stdout)
            # platform.libc_ver() would tell what the interpreter was built for, not what is there.
            major, minor = data["libc"].split()[1].split(".")[:2]
            facts = Facts(data["machine"], data["system"], (int(major), int(minor)), data["python"])
        except (ValueError, KeyError, AttributeError, IndexError) as error:
            said = (outcome.stderr or outcome.stdout).strip().splitlines()
            raise BoardError(
                f"{self.target.name}: {self.python} does not tell what the board is"
                f" ({said[-1] if said else error}); expected CPython on Linux with glibc"
            ) from error
        if facts.machine != self.target.machine:
            raise BoardError(
                f"{self.target.name}: expected a {self.target.machine} board, this is"
                f" {facts.machine}; choose another --target"
            )
        return facts

    def release(self, command: str, *arguments: str, stdin: str = "") -> Any:
        """Run a command of :mod:`lite_runner.release` on the board.

        The module's own text is sent along, so that the board needs nothing of ours beforehand and
        always runs the host's version of it.

        Raises:
            BoardError: it failed; with its own words.
        """
        code = inspect.getsource(release)
        line = [self.python, "-I", "-c", code, command, self.transport.root, *arguments]
        outcome = self.transport.run(line, stdin)
        try:
            return json.loads(outcome.stdout)
        except ValueError as error:
            said = outcome.stderr.strip().splitlines()
            reason = said[-1] if said else f"exit code {outcome.code}"
            raise BoardError(f"{self.target.name}: {reason}") from error

    def path(self, *parts: str) -> str:
        """A path below the folder of our releases."""
        return "/".join([self.transport.root, *parts])


def connect(target: Target, root: Path | None = None, python: Path | None = None) -> Board:
    """The board of a target.

    Args:
        target: its kind.
        root: where on it our releases live; the usual place if None.
        python: its interpreter; one that fits if None.

    Raises:
        TargetError: boards of this kind cannot be reached.
        OptError: no interpreter for it (``local``).
    """
    if target.transport != "local":
        raise TargetError(
            f"{target.name}: packs can be made for it, but such boards cannot be reached yet; run"
            f" 'invoke pack NAME --target {target.name}', or deploy to --target local"
        )
    return Board(target, Local(root), str(python or lite_env.interpreter()[0]))
