"""Failures of a program: one line for the user, and an exit code."""

from __future__ import annotations

import os
import sys
from typing import Callable

from lite_runner import interruption, terminal
from lite_runner.errors import LiteError, UsageError

#: What a user can cause; all else is a fault of the program, and shows its traceback.
_CAUSES = (KeyboardInterrupt, LiteError, ImportError, SyntaxError, OSError, MemoryError)


def guard(
    work: Callable[[], int],
    program: str,
    debug: bool,
    repair: Callable[[str | None], str] | None = None,
) -> int:
    """Run ``work``; turn every failure a user can cause into one stderr line and an exit code.

    Args:
        work: returns the exit code.
        program: begins the line.
        debug: let failures out with their traceback.
        repair: what to do about a package that cannot be imported; as in a release if None.
    """
    try:
        return work()
    except BrokenPipeError:
        # The reader of our output went away (`| head`): not an error, but nothing more to print.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except _CAUSES as error:
        if debug:
            raise
        # What was begun lies in temporary files only, which their owners have removed by now.
        for line in _lines(error, program, repair):
            print(terminal.visible(line), file=sys.stderr)
        return _exit_code(error)


def _lines(
    error: BaseException, program: str, repair: Callable[[str | None], str] | None
) -> list[str]:
    first, *others = error.lines if isinstance(error, LiteError) else [_reason(error, repair)]
    return [f"{program}: {first}", *others]


def _reason(error: BaseException, repair: Callable[[str | None], str] | None) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, MemoryError):
        return "out of memory; use smaller pictures"
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}"
    # Late: it imports what may be damaged.
    from lite_runner.cli import doctor

    advice = (repair or doctor.hint)(error.name if isinstance(error, ImportError) else None)
    return f"a package is missing or damaged ({error}); {advice}"


def _exit_code(error: BaseException) -> int:
    if isinstance(error, interruption.Interrupted):
        return error.code
    if isinstance(error, KeyboardInterrupt):
        return 130
    return 2 if isinstance(error, UsageError) else 1
