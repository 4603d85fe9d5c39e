"""A phone: a board with a kernel and a shell, and no Python before its first deploy.

The system its releases run on is a release part of its own, sent once and shared by all of them.
Until it is there the phone is asked by its shell; from then on it is a board like any other.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
import tempfile
from pathlib import Path
from typing import Iterator, Sequence

from cross_build.boards.answers import releases
from cross_build.boards.answers.answer import Answer
from cross_build.boards.board import Board
from cross_build.boards.progress import TERMINAL, Progress
from cross_build.boards.transfer import transfer
from cross_build.boards.transports.local import Local
from cross_build.bundles.bundle import PYTHON, Bundle
from cross_build.errors import BoardError, DeployError
from cross_build.targets.facts import Facts, usual
from lite_runner.program_output import ended, last_line
from lite_runner.releases import release
from opt_models.store.process import Outcome

#: Asks a shell what the phone is; one answer a line, then what its kernel says of its processor.
_PROBE = """
uname -m
for name in product.cpu.abi product.cpu.abilist product.manufacturer product.model \\
    build.version.release build.version.sdk; do
    getprop "ro.$name"
done
cat /proc/cpuinfo
"""
#: Prints the first portable Python that looks after releases, asked for something that is quickly
#: told; why others do not goes to standard error.
_FIND = """
for python in "$1"/releases/*/"$2"; do
    [ -e "$python" ] || continue
    "$python" -I -c "$3" tuned "$1" >/dev/null && echo "$python" && exit
done
"""
#: Whether programs can be run in a folder, which is made.
_TRY = """
umask 022
mkdir -p "$1" && echo '#!/system/bin/sh' >"$1/.try" && chmod 700 "$1/.try" || exit 2
"$1/.try"
code=$?
rm -f "$1/.try"
exit $code
"""
#: Removes what :func:`lite_runner.releases.release.remove` does, where no Python runs to do it.
_CLEAR = """
[ -d "$1/releases" ] || exit 1
cd "$1" && rm -f ocr current previous tuned.json .lock .lite-ocr-* || exit 1
rm -rf releases inbox || exit 1
cd / && rmdir "$1" 2>/dev/null
exit 0
"""
#: How much room there is where the folder is, or will be.
_ROOM = """
folder=$1
while [ ! -d "$folder" ]; do folder=${folder%/*}; [ -n "$folder" ] || folder=/; done
df -Pk "$folder"
"""
#: Android's names of processors, by what ``uname -m`` calls them.
_ABIS = {"aarch64": "arm64-v8a", "armv7l": "armeabi-v7a"}
_TARGETS = {"arm64-v8a": "android-arm64", "armeabi-v7a": "android-armv7"}


class Phone(Board):
    """One phone."""

    def probe(self, libraries: Sequence[str] = ()) -> Facts:
        """Ask the phone what it is; C library, Python and packages are those that go along.

        Args:
            libraries: are among those, or the bundle is refused.

        Raises:
            BoardError: it is not what its target says.
        """
        outcome = self.transport.run(["sh", "-c", _PROBE])
        lines = [line.strip() for line in outcome.stdout.splitlines()]
        if outcome.code != 0 or len(lines) < 8:
            raise BoardError(
                f"{self.target.name}: does not tell what it is"
                f" ({outcome.stderr.strip() or outcome.stdout.strip()[:60]}); expected Android"
            )
        machine, abi, abis, maker, model, android, sdk = lines[:7]
        self._fits(machine, {abi, *abis.split(",")})
        about = {}
        for line in lines[7:]:
            key, _, value = line.partition(":")
            about[key.strip()] = value.split()
        known = usual(self.target, self.target.system())
        return Facts(
            machine=self.target.machine,
            system=f"Android {android} (API {sdk}); {known.system}",
            glibc=known.glibc,
            glibcxx=known.glibcxx,
            python=known.python,
            executable=PYTHON,
            cores=sum(line.startswith("processor") for line in lines[7:]) or 1,
            features=frozenset(about["Features"]) if "Features" in about else None,
            model=f"{maker} {model}".strip(),
            packages=known.packages,
        )

    def release(self, command: str, *arguments: str, stdin: str = "") -> object:
        """As for any board; a phone without our Python holds no releases, and says so."""
        python = self._interpreter()
        if python is not None:
            return self._release(python, command, *arguments, stdin=stdin)
        if command == "remove":
            return {"removed": self._shell(_CLEAR).code == 0}
        with _nothing(self) as board:
            answer = board.release(command, *arguments, stdin=stdin)
        if isinstance(answer, dict) and "free" in answer:
            return {**answer, "free": self._free()}
        return answer

    @contextlib.contextmanager
    def lock(self, name: str | None = None) -> Iterator[releases.Status]:
        """As for any board; on a phone without our Python there is nothing to hold."""
        python = self._interpreter()
        if python is None:
            yield self.status()
            return
        with self._lock(python, name) as state:
            yield state

    def with_interpreter(self) -> Board:
        """The phone with a Python of ours; as it is if there is none yet."""
        return self._with(self._interpreter())

    def needs_system(self, system: Bundle | None) -> bool:
        """Whether a system would have to be sent."""
        if system is None:
            return False
        try:
            answer = self._release(self._python_of(system), "known", system.name)
            return not releases.known(Answer(self.target.name, answer)).intact
        except BoardError:
            return True

    def install_system(
        self, system: Bundle | None, progress: Progress = TERMINAL
    ) -> tuple[Board, Sequence[str]]:
        """Bring the system over that releases run on, if it is not there.

        Returns:
            The phone with the Python of that system, and the files that were sent.

        Raises:
            DeployError: there is no room, or it arrives damaged.
            BoardError: the phone cannot be reached, or lets no program run in that folder.
        """
        if system is None:
            return self, ()
        sent: Sequence[str] = ()
        if self.needs_system(system):
            self._try()
            self._send(system, progress)
            sent = list(system.items)
        return self._with(self._python_of(system)), sent

    def _send(self, system: Bundle, progress: Progress) -> None:
        name, free = self.target.name, self._free()
        if system.size > free:
            raise DeployError(
                f"{name}: {system.size / 1e6:.0f} MB must be sent, {self.transport.root} has"
                f" {free / 1e6:.0f} MB free; make room there"
            )
        part = self.path("releases", f"{system.name}.part")
        transfer(
            self.transport, system, list(system.items), part, progress, "the system it runs on, "
        )
        # It is checked by itself: a damaged one does not get as far as to say it is whole.
        python = f"{part}/{PYTHON}"
        try:
            answer = self._release(python, "seal", system.name, stdin=system.manifest())
            wrong = releases.paths(Answer(f"{name}: seal", answer)["wrong"], system.items)
        except BoardError as error:
            raise DeployError(
                f"{name}: the Python that was sent does not run there: {error}; deploy again"
            ) from error
        if wrong:
            raise DeployError(
                f"{name}: {len(wrong)} files arrived damaged, first {wrong[0]}; deploy again"
            )

    def _with(self, python: str | None) -> Phone:
        return Phone(self.target, self.transport, python, self.address)

    def _python_of(self, system: Bundle) -> str:
        """Path of a system's Python, whether it is there or not."""
        return self.path("releases", system.name, PYTHON)

    def _interpreter(self) -> str | None:
        """A Python of ours that runs there, if there is one."""
        if self.python is not None:
            return self.python
        outcome = self._shell(_FIND, PYTHON, inspect.getsource(release))
        python = outcome.stdout.strip() or None
        reason = last_line(outcome.stderr)
        if python is None and reason:
            print(f"{self.target.name}: what is there does not run: {reason}", file=sys.stderr)
        return python

    def _try(self) -> None:
        root = self.transport.root
        outcome = self._shell(_TRY)
        if outcome.code == 0:
            return
        reason = last_line(outcome.stderr) or ended(outcome.code)
        if outcome.code == 2:
            raise BoardError(self._error(f"cannot write to {root}: {reason}"))
        raise BoardError(
            f"{self.target.name}: no program can be run in {root} ({reason}); leave --folder out,"
            " or give one below /data/local/tmp"
        )

    def _free(self) -> int:
        """Bytes that the phone has left where our releases are or will be."""
        words = self._shell(_ROOM).stdout.split()[-3:-2]
        if not words or not words[0].isdecimal():
            raise BoardError(f"{self.target.name}: 'df -Pk' does not tell how much room there is")
        return int(words[0]) * 1024

    def _shell(self, script: str, *arguments: str) -> Outcome:
        """Run a script of the phone's shell with our folder and further arguments."""
        return self.transport.run(["sh", "-c", script, "sh", self.transport.root, *arguments])

    def _fits(self, machine: str, abis: set[str]) -> None:
        expected = _ABIS[self.target.machine]
        # A 64-bit kernel runs our programs whatever its own are made for.
        if machine == self.target.machine or expected in abis:
            return
        other = next((name for abi, name in _TARGETS.items() if abi in abis), None)
        advice = f"take --target {other}" if other else "there is no target for it"
        raise BoardError(
            f"{self.target.name}: expected {expected}, this phone is"
            f" {', '.join(sorted(abis - {''}))} ({machine}); {advice}"
        )


@contextlib.contextmanager
def _nothing(phone: Phone) -> Iterator[Board]:
    """A board without releases: an empty folder of this computer."""
    with tempfile.TemporaryDirectory() as folder:
        yield Board(phone.target, Local(Path(folder)), sys.executable)
