"""Heartbeats: a board holds its lock only as long as the host is heard."""

from __future__ import annotations

import contextlib
import threading
from typing import Callable, Iterator

#: Seconds between two; the board gives up after ``QUIET_SECONDS`` of lite_runner.releases.release.
_PAUSE = 10.0


@contextlib.contextmanager
def beating(send: Callable[[], object]) -> Iterator[None]:
    """Call ``send`` now and then until the end; its failure ends the beating, not the work."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(_PAUSE):
            try:
                send()
            except (OSError, EOFError, ValueError):
                return

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
