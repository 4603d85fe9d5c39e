"""The same work for many boards at once, each in a thread of its own."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass
from typing import Callable, Generic, Iterator, Sequence, TypeVar

from cross_build.deploys.fleet.hosts import Host
from cross_build.deploys.fleet.live_table import LiveTable, Row
from lite_runner.errors import LiteError

T = TypeVar("T")

#: Of boards at once, where the user gives no number: each costs a connection and, while files go
#: out, the compression of its stream.
AT_ONCE = 16
#: Seconds that boards are given to come to an end after Ctrl-C.
_PATIENCE = 10.0
_REDRAWN = 0.2


class StoppedError(Exception):
    """Raised at the next step of a board's work after Ctrl-C."""


@dataclass(frozen=True)
class Ended(Generic[T]):
    """How the work for one board ended.

    Attributes:
        value: what it gave; None if it failed or was stopped.
        error: why it failed, in one line; empty if it did not.
        stopped: by Ctrl-C, begun or not.
        seconds: it took.
    """

    value: T | None
    error: str
    stopped: bool
    seconds: float


class BoardProgress:
    """How far the work on one board is: shown in the table, and ended after Ctrl-C."""

    def __init__(self, row: Row, table: LiveTable, stop: threading.Event) -> None:
        self._row = row
        self._table = table
        self._stop = stop
        self._closers: list[Callable[[], object]] = []

    def step(self, name: str, detail: str = "") -> None:
        self._check()
        self._table.step(self._row, name, detail)

    @contextlib.contextmanager
    def sending(self, size: int) -> Iterator[Callable[[int], object]]:
        self._row.sent, self._row.size = 0, size

        def count(piece: int) -> None:
            self._row.sent += piece
            self._check()

        try:
            yield count
        finally:
            self._row.size = 0

    def closes(self, close: Callable[[], object]) -> None:
        """Say what ends a wait for the board."""
        self._closers.append(close)

    def interrupt(self) -> None:
        """End what the board is waited for."""
        for close in self._closers:
            with contextlib.suppress(LiteError, OSError, EOFError):
                close()

    def _check(self) -> None:
        if self._stop.is_set():
            raise StoppedError


def each(
    hosts: Sequence[Host],
    work: Callable[[int, BoardProgress], T],
    outcome: Callable[[T], tuple[str, str]],
    table: LiveTable,
    at_once: int = AT_ONCE,
) -> tuple[list[Ended[T]], bool]:
    """Do some work for every board, and wait for all of it.

    One that fails leaves the others alone. After Ctrl-C none begins any more, and those under way
    end at their next step.

    Args:
        hosts: the boards.
        work: gets a board's number and what is told of its steps; runs in a thread.
        outcome: the last word on what a board's work gave, and a detail.
        table: shows all of it.
        at_once: how many boards.

    Returns:
        How each of them ended; and whether Ctrl-C was pressed.
    """
    return _Workers(hosts, work, outcome, table).run(at_once)


class _Workers(Generic[T]):
    def __init__(
        self,
        hosts: Sequence[Host],
        work: Callable[[int, BoardProgress], T],
        outcome: Callable[[T], tuple[str, str]],
        table: LiveTable,
    ) -> None:
        self._work = work
        self._outcome = outcome
        self._table = table
        self._stop = threading.Event()
        self._hosts = hosts
        self._rows = [table.add(host.address) for host in hosts]
        self._progress = [BoardProgress(row, table, self._stop) for row in self._rows]
        self._ended: list[Ended[T]] = [Ended(None, "", True, 0.0) for _ in hosts]
        self._next = iter(range(len(hosts)))
        self._working = 0
        # Threads are not joined: a join that Ctrl-C interrupts takes its thread for ended.
        self._over = threading.Event()
        self._lock = threading.Lock()

    def run(self, at_once: int) -> tuple[list[Ended[T]], bool]:
        # Daemons: a board that does not answer keeps nobody from leaving.
        self._working = min(at_once, len(self._rows))
        with self._table:
            try:
                if not self._working:
                    self._over.set()
                for _ in range(self._working):
                    threading.Thread(target=self._attend, daemon=True).start()
                self._wait(float("inf"))
            except KeyboardInterrupt:
                self._end()
        return self._ended, self._stop.is_set()

    def _end(self) -> None:
        """After Ctrl-C; a second one does not wait for what is under way."""
        self._stop.set()
        self._table.say("stopping; every board keeps the release it has in use")
        for progress in self._progress:
            progress.interrupt()
        with contextlib.suppress(KeyboardInterrupt):
            self._wait(_PATIENCE)

    def _wait(self, patience: float) -> None:
        end = time.monotonic() + patience
        while not self._over.wait(_REDRAWN) and time.monotonic() < end:
            self._table.draw()

    def _attend(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                number = next(self._next, None)
            if number is None:
                break
            self._work_for(number)
        with self._lock:
            self._working -= 1
            if not self._working:
                self._over.set()

    def _work_for(self, number: int) -> None:
        row, start = self._rows[number], time.monotonic()
        value, error, stopped = None, "", False
        self._table.begin(row)
        try:
            value = self._work(number, self._progress[number])
        except StoppedError:
            stopped = True
        except (LiteError, OSError) as problem:
            # What an interrupted connection says is not what happened.
            stopped = self._stop.is_set()
            error = "" if stopped else _line(problem, self._hosts[number])
        except Exception as problem:
            kind = type(problem).__name__
            error = f"unexpected {kind} ({problem}); try it alone with --debug, and report it"
        seconds = time.monotonic() - start
        self._ended[number] = Ended(value, error, stopped, seconds)
        if stopped:
            self._table.end(row, "stopped", "")
        elif error:
            self._table.end(row, "failed", error)
        elif value is not None:
            self._table.end(row, *self._outcome(value))


def _line(problem: Exception, host: Host) -> str:
    """An error without the board's name and kind, which stand beside it."""
    return str(problem).removeprefix(f"{host.address}: ").removeprefix(f"{host.target.name}: ")
