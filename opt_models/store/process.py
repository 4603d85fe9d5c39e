"""Programs of this computer: fed while what they write is read, and how they ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from dataclasses import dataclass
from typing import IO, Callable, Iterator, Mapping, Sequence, Union

from lite_runner.program_output import ended, last_line
from opt_models.store.beside import beside

#: Where a stream of a child goes, as ``subprocess.Popen`` takes it.
Stream = Union[int, IO[str], None]


@dataclass(frozen=True)
class Outcome:
    """How a program ended.

    Attributes:
        code: exit code; negative: the signal that ended it.
        stdout, stderr: what it wrote; empty where that went elsewhere.
    """

    code: int
    stdout: str
    stderr: str

    @property
    def reason(self) -> str:
        """Why it failed: its last line on stderr, else on stdout, else how it ended."""
        return last_line(self.stderr) or last_line(self.stdout) or ended(self.code)


def run(
    command: Sequence[str],
    stdin: str = "",
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
    stdout: Stream = subprocess.PIPE,
    stderr: Stream = subprocess.PIPE,
) -> Outcome:
    """Run a program and wait for it; it is ended if the caller is interrupted.

    Args:
        command: the program and its arguments, taken literally.
        stdin: what it reads.
        env: variables for it besides the caller's.
        timeout: seconds it may take; any time if None.
        stdout, stderr: where what it writes goes, if not into the outcome.

    Raises:
        OSError: there is no such program.
        subprocess.TimeoutExpired: it took longer, and was ended.
    """
    child = start(command, env, stdout, stderr)
    with _ended_after(timeout, child) as expired:
        outcome = attend(child, stdin)
    if expired.is_set() and timeout is not None:
        raise subprocess.TimeoutExpired(list(command), timeout)
    return outcome


def start(
    command: Sequence[str],
    env: Mapping[str, str] | None = None,
    stdout: Stream = subprocess.PIPE,
    stderr: Stream = subprocess.PIPE,
) -> subprocess.Popen[str]:
    """Start a program with a pipe to its standard input, as UTF-8 text; arguments as of `run`.

    Raises:
        OSError: there is no such program.
    """
    # A session of its own: Ctrl-C reaches us alone, and we end what we began.
    return subprocess.Popen(
        list(command),
        env={**os.environ, **(env or {})},
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=stderr,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )


def attend(
    child: subprocess.Popen[str], stdin: str = "", on_line: Callable[[str], None] | None = None
) -> Outcome:
    """Wait for a child of :func:`start`.

    Args:
        child: that nobody has read from yet.
        stdin: what it reads.
        on_line: called with each line of its standard output as it comes.
    """
    with child:
        try:
            return drain(child, stdin, on_line)
        except BaseException:
            # Before its pipes are closed: a thread may still be writing to one.
            end(child)
            raise


def drain(
    child: subprocess.Popen[str], stdin: str = "", on_line: Callable[[str], None] | None = None
) -> Outcome:
    """Feed and read a child of :func:`start` until it ends; arguments as of :func:`attend`."""
    lines: list[str] = []
    errors: list[str] = []
    # All at once: a full pipe would stop the child, whichever it is.
    with beside(lambda: errors.extend(child.stderr or ())), beside(lambda: _feed(child, stdin)):
        for line in child.stdout or ():
            lines.append(line)
            if on_line is not None:
                on_line(line.rstrip("\n"))
        code = child.wait()
    return Outcome(code, "".join(lines), "".join(errors))


def end(child: subprocess.Popen[str]) -> None:
    """End a child of :func:`start` and what it started, if it still runs."""
    try:
        _signal(child, signal.SIGTERM)
        child.wait(timeout=5)
    except ProcessLookupError:
        pass
    except subprocess.TimeoutExpired:
        _signal(child, getattr(signal, "SIGKILL", signal.SIGTERM))
        child.wait()


def _feed(child: subprocess.Popen[str], stdin: str) -> None:
    with contextlib.suppress(OSError):  # it ended without reading all: its exit code tells
        if child.stdin is not None:
            child.stdin.write(stdin)
            child.stdin.close()


def _signal(child: subprocess.Popen[str], number: int) -> None:
    if hasattr(os, "killpg"):
        os.killpg(child.pid, number)
    else:
        child.terminate()


@contextlib.contextmanager
def _ended_after(seconds: float | None, child: subprocess.Popen[str]) -> Iterator[threading.Event]:
    """End a child that runs after so many seconds; the event tells whether it had to be."""
    expired = threading.Event()

    def expire() -> None:
        if child.poll() is None:
            expired.set()
            end(child)

    timer = threading.Timer(seconds or 0, expire)
    if seconds is not None:
        timer.start()
    try:
        yield expired
    finally:
        timer.cancel()
