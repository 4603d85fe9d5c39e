"""Interruptions: SIGINT and SIGTERM as an exception, raised when it can be handled."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """A signal asks the process to end.

    Attributes:
        code: exit code that shells expect of it, 128 and the signal's number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.code = 128 + number


class _Pending:
    """A signal that waits while interruptions are deferred; there is one process, so one of it."""

    depth = 0
    number: int | None = None


@contextlib.contextmanager
def raised() -> Iterator[None]:
    """Within it, both signals raise :class:`Interrupted` in the main thread.

    Python itself raises only for SIGINT; SIGTERM would end the process without any cleaning up.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # A job in the background has them ignored, which is to stay.
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    taken = [number for number in _SIGNALS if before[number] not in (signal.SIG_IGN, None)]
    try:
        for number in taken:
            signal.signal(number, _handle)
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Within it, the first signal waits until the end; the next one does not.

    Not by a signal mask: that is one thread's, and the kernel would take another thread.
    """
    _Pending.depth += 1
    try:
        yield
    finally:
        _Pending.depth -= 1
        if not _Pending.depth and _Pending.number is not None:
            number, _Pending.number = _Pending.number, None
            raise Interrupted(number)


def _handle(number: int, frame: object) -> None:
    if _Pending.depth and _Pending.number is None:
        _Pending.number = number
        return
    _Pending.number = None
    raise Interrupted(number)
