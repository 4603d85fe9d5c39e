"""A board: one reachable device of a target, what it tells of itself, and its releases."""

from __future__ import annotations

import contextlib
import getpass
import inspect
import socket
import sys
import time
from dataclasses import replace
from typing import Iterator, Sequence

from cross_build.boards import interpreter
from cross_build.boards.answers import probed as answered
from cross_build.boards.answers import releases
from cross_build.boards.answers.answer import Answer, parse
from cross_build.boards.progress import TERMINAL, Progress
from cross_build.boards.transports import Outcome, Transport
from cross_build.bundles.bundle import Bundle
from cross_build.errors import BoardError, DeployError
from cross_build.targets import system_packages
from cross_build.targets.facts import Facts
from cross_build.targets.targets import Target
from lite_runner.releases import probe, release

#: How long to wait for another deploy to a board: by then a host that went away holds nothing.
WAIT_SECONDS = release.QUIET_SECONDS + 10
_PAUSE = 2.0


class Board:
    """One device.

    Args:
        target: what kind it is.
        transport: the way to it.
        python: its interpreter, by path or name; if None, one that fits is looked for there.
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
        folder = f"{probe.FOLDER}{self.transport.root}"
        outcome = self._run(inspect.getsource(probe), folder, *libraries)
        self._check_interpreter(outcome)
        try:
            facts = answered.facts(parse(outcome.stdout, f"{self.target.name}: probe"))
        except BoardError as error:
            reason = error if outcome.code == 0 else outcome.reason
            raise BoardError(
                f"{self.target.name}: {self.python or 'python3'} does not tell what the board is"
                f" ({reason}); expected CPython on Linux with glibc"
            ) from error
        self._check(facts)
        self.python = facts.executable
        return facts if self.target.wheels else replace(facts, packages=self._packages())

    def release(self, command: str, *arguments: str, stdin: str = "") -> object:
        """Run a command of :mod:`lite_runner.releases.release` on the board.

        The module's own text is sent along, so that the board needs nothing of ours beforehand and
        always runs the host's version of it.

        Raises:
            BoardError: it failed; with its own words.
        """
        return self._release(self.python, command, *arguments, stdin=stdin)

    def _release(
        self, python: str | None, command: str, *arguments: str, stdin: str = ""
    ) -> object:
        """As :meth:`release`, run by an interpreter of the caller's choice."""
        code = inspect.getsource(release)
        line = _line(python, code, command, self.transport.root, *arguments)
        outcome = self.transport.run(line, stdin)
        self._check_interpreter(outcome)
        try:
            return parse(outcome.stdout, f"{self.target.name}: {command}").value
        except BoardError as error:
            if outcome.code == 0:
                raise
            reason = outcome.reason
            raise BoardError(self._error(reason)) from error

    def answer(self, command: str, *arguments: str, stdin: str = "") -> Answer:
        """As :meth:`release`, to be taken apart with errors that name board and command."""
        value = self.release(command, *arguments, stdin=stdin)
        return Answer(f"{self.target.name}: {command}", value)

    def status(self) -> releases.Status:
        """What is in use there; errors as :meth:`release`."""
        return releases.status(self.answer("status"))

    def known(self, name: str) -> releases.Known:
        """What is there of a release; errors as :meth:`release`."""
        return releases.known(self.answer("known", name))

    def with_interpreter(self) -> Board:
        """The board with its interpreter known, so that further calls need not look for it."""
        return self

    def install_system(
        self, system: Bundle | None, progress: Progress = TERMINAL
    ) -> tuple[Board, Sequence[str]]:
        """Bring a system over that releases run on; a board has its own, and is sent nothing.

        Returns:
            The board on which that system runs, and the files that were sent.
        """
        return self, ()

    def needs_system(self, system: Bundle | None) -> bool:
        """Whether a system would have to be sent."""
        return False

    @contextlib.contextmanager
    def lock(self, name: str | None = None) -> Iterator[releases.Status]:
        """Keep other deploys away from the board, also those of other hosts; gives its status.

        Another one is waited for a while: if its host is gone, the board notices by then.

        Args:
            name: of the release that is deployed: what is left there of others that were cut off
                is removed.

        Raises:
            DeployError: another one is still under way; tells whose.
            BoardError: as :meth:`release`.
        """
        with self._lock(self.python, name) as state:
            yield state

    @contextlib.contextmanager
    def _lock(self, python: str | None, name: str | None) -> Iterator[releases.Status]:
        """As :meth:`lock`, by an interpreter of the caller's choice."""
        owner = f"{getpass.getuser()}@{socket.gethostname()}"
        code = inspect.getsource(release)
        named = [] if name is None else [name]
        command = _line(python, code, "hold", self.transport.root, owner, *named)
        start = time.monotonic()
        with contextlib.ExitStack() as stack:
            while True:
                try:
                    line = stack.enter_context(self.transport.hold(command))
                except BoardError as error:
                    raise BoardError(self._error(str(error))) from error
                answer = parse(line, f"{self.target.name}: hold")
                if not answer.has("busy"):
                    break
                stack.pop_all().close()
                other = answer["busy"].text()
                busy = f"{self.target.name}: another deploy is under way there, {other}"
                waited = time.monotonic() - start
                if waited > WAIT_SECONDS:
                    raise DeployError(f"{busy}; try again when it is done")
                if waited < _PAUSE:
                    print(f"{busy}; waiting for it", file=sys.stderr, flush=True)
                time.sleep(_PAUSE)
            yield releases.status(answer)

    def path(self, *parts: str) -> str:
        """A path below the folder of our releases."""
        return "/".join([self.transport.root, *parts])

    def contradictions(self, facts: Facts) -> list[str]:
        """Where a board differs from what its target says, for people."""
        target, sentences = self.target, []
        if target.model and facts.model and target.model not in facts.model:
            sentences.append(f"it says it is a {facts.model}, the target is for {target.about}")
        cores = sum(cluster.count for cluster in target.cores)
        if cores and cores != facts.cores:
            sentences.append(f"it has {facts.cores} cores, the target {cores}")
        # Where it does not say, nothing is against it.
        has = set(target.features) if facts.features is None else facts.features
        lacking = sorted(set(target.features) - has)
        if lacking:
            sentences.append(f"its processor lacks {', '.join(lacking)}, which the target has")
        return sentences

    def _check(self, facts: Facts) -> None:
        reason = probe.incompatibility(facts, {"machine": self.target.machine})
        if reason:
            raise BoardError(f"{self.target.name}: {reason}")
        if facts.noexec:
            raise BoardError(
                f"{self.target.name}: no program can run in {self.transport.root}:"
                f" {probe.noexec_advice(facts.noexec)}"
            )

    def _check_interpreter(self, outcome: Outcome) -> None:
        """Refuse a board without a Python that the runner works with."""
        if outcome.code == interpreter.MISSING:
            advice = interpreter.advice(outcome.stdout, bool(self.target.wheels))
            raise BoardError(
                f"{self.target.name}: {outcome.reason}{'; ' if advice else ''}{advice}"
            )

    def _packages(self) -> tuple[str, ...]:
        """The board's own packages, which have to do where there are no wheels."""
        outcome = self._run(system_packages.PROBE, stdin=system_packages.question())
        try:
            answer = parse(outcome.stdout, f"{self.target.name}: packages")
        except BoardError as error:
            raise BoardError(
                f"{self.target.name}: its Python does not tell which packages it has"
                f" ({error if outcome.code == 0 else outcome.reason})"
            ) from error
        return system_packages.check(self.target.name, answered.packages(answer))

    def _run(self, code: str, *arguments: str, stdin: str = "") -> Outcome:
        return self.transport.run(_line(self.python, code, *arguments), stdin)

    def _error(self, reason: str) -> str:
        denied = any(words in reason for words in ("Read-only file system", "Permission denied"))
        advice = "; give another folder of the board with --folder" if denied else ""
        return f"{self.target.name}: {reason}{advice}"


def _line(python: str | None, code: str, *arguments: str) -> list[str]:
    """The command that runs a module's text; without an interpreter by one that is found there."""
    if python is None:
        return ["sh", "-c", interpreter.RUN, "sh", code, *arguments]
    return [python, "-I", "-c", code, *arguments]
