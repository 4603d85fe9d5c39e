"""Work beside the caller's: one stream is fed while another is read."""

from __future__ import annotations

import contextlib
import threading
from typing import Callable, Iterator


@contextlib.contextmanager
def beside(work: Callable[[], object]) -> Iterator[None]:
    """Run ``work`` in a thread while the context lasts, and wait for its end.

    After an exception it is not waited for: it may itself wait for the program at the other end,
    which is only ended later.

    Args:
        work: raises nothing.
    """
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    thread.join()
