"""Programs of this computer that hold something as long as the host wants it."""

from __future__ import annotations

import contextlib
import io
import subprocess
from typing import Callable, Iterator, Sequence

from cross_build.boards.transports import Outcome
from cross_build.boards.transports.heartbeat import beating
from cross_build.errors import BoardError
from lite_runner.program_output import ended, last_line
from opt_models.store import process


@contextlib.contextmanager
def hold(
    command: Sequence[str], outcome_of: Callable[[Outcome], Outcome] = lambda outcome: outcome
) -> Iterator[str]:
    """Start a program that holds something until its standard input ends; gives its first line.

    Args:
        command: of the program.
        outcome_of: how it ended there, by how it ended here.

    Raises:
        BoardError: it ended before; with its last words.
        OSError: there is no such program.
    """
    child = process.start(command)
    try:
        with child:
            first = (child.stdout or io.StringIO()).readline()
            if not first:
                outcome = outcome_of(process.drain(child))
                raise BoardError(last_line(outcome.stderr) or ended(outcome.code))
            with beating(lambda: _beat(child)):
                yield first
    finally:
        process.end(child)


def _beat(child: subprocess.Popen[str]) -> None:
    if child.stdin is not None:
        child.stdin.write("\n")
        child.stdin.flush()
