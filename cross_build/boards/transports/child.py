"""Children: programs of this computer, with pipes to all their streams."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
from typing import Callable, Iterator, Sequence

from cross_build.boards.transports import Outcome
from cross_build.boards.transports.beside import beside
from cross_build.boards.transports.heartbeat import beating
from cross_build.errors import BoardError


def start(command: Sequence[str]) -> subprocess.Popen[str]:
    """Start a program with pipes to all its streams, as UTF-8 text.

    Raises:
        OSError: there is no such program.
    """
    # A session of its own: Ctrl-C reaches us alone, and we end what we began.
    return subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )


def attend(
    child: subprocess.Popen[str], stdin: str = "", on_line: Callable[[str], None] | None = None
) -> Outcome:
    """Wait for a child of :func:`start`; arguments as of a transport's ``run``."""
    with child:
        try:
            return _drained(child, stdin, on_line)
        except BaseException:
            # Before its pipes are closed: a thread may still be writing to one.
            _end(child)
            raise


@contextlib.contextmanager
def hold(
    command: Sequence[str], told: Callable[[Outcome], Outcome] = lambda outcome: outcome
) -> Iterator[str]:
    """Start a program that holds something until its standard input ends; gives its first line.

    Args:
        command: of the program.
        told: how it ended there, by how it ended here.

    Raises:
        BoardError: it ended before; with its last words.
        OSError: there is no such program.
    """
    child = start(command)
    try:
        with child:
            first = (child.stdout or io.StringIO()).readline()
            if not first:
                outcome = told(_drained(child, "", None))
                words = outcome.stderr.strip().splitlines() or [f"exit code {outcome.code}"]
                raise BoardError(words[-1].strip())
            with beating(lambda: _beat(child)):
                yield first
    finally:
        _end(child)


def _drained(
    child: subprocess.Popen[str], stdin: str, on_line: Callable[[str], None] | None
) -> Outcome:
    """Feed and drain a child of :func:`start` until it ends."""
    if child.stdin is None or child.stdout is None or child.stderr is None:
        raise ValueError("a child without pipes")
    out, error = child.stdout, child.stderr
    lines: list[str] = []
    errors: list[str] = []
    # All at once: a full pipe would stop the child, whichever it is.
    with beside(lambda: errors.extend(error)), beside(lambda: _feed(child, stdin)):
        for line in out:
            lines.append(line)
            if on_line is not None:
                on_line(line.rstrip("\n"))
        code = child.wait()
    return Outcome(code, "".join(lines), "".join(errors))


def _feed(child: subprocess.Popen[str], stdin: str) -> None:
    with contextlib.suppress(OSError):  # it ended without reading all: its exit code tells
        if child.stdin is not None:
            child.stdin.write(stdin)
            child.stdin.close()


def _end(child: subprocess.Popen[str]) -> None:
    """End a child of :func:`start` and what it started, if it still runs."""
    try:
        os.killpg(child.pid, signal.SIGTERM)
        child.wait(timeout=5)
    except ProcessLookupError:
        pass
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _beat(child: subprocess.Popen[str]) -> None:
    if child.stdin is not None:
        child.stdin.write("\n")
        child.stdin.flush()
