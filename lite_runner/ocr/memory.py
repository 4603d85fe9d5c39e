"""The memory this process holds, and returning freed memory to the system."""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path

_STATM = Path("/proc/self/statm")


def held() -> int:
    """Bytes of memory that the process holds (its resident set); 0 where it is not known.

    The second field of ``/proc/self/statm`` (proc_pid_statm(5)), in pages.
    """
    try:
        return int(_STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def give_back() -> None:
    """Let the C library return freed memory, which it keeps for later allocations."""
    with contextlib.suppress(AttributeError):  # glibc's own: others keep little
        ctypes.CDLL(None).malloc_trim(0)
