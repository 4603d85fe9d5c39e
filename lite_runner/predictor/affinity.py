"""Which cores of a board are its fast ones, and how many there are."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from lite_runner.errors import UsageError

_SYSTEM = Path("/sys/devices/system/cpu")
#: Asked before any model is opened: some of Paddle-Lite's power modes bind the thread that runs
#: one, and threads inherit that.
_ALLOWED = frozenset(os.sched_getaffinity(0))
#: What tells how fast a core is, the better word first: the kernel's own measure, then its clock.
_MEASURES = ("cpu_capacity", "cpufreq/cpuinfo_max_freq")


def fast(system: Path = _SYSTEM) -> frozenset[int]:
    """Numbers of the fastest cores among those this process may use; all where none is known.

    Args:
        system: what to read instead of ``/sys/devices/system/cpu``.
    """
    for measure in _MEASURES:
        speeds = {core: _number(system / f"cpu{core}" / measure) for core in _ALLOWED}
        best = max(speeds.values(), default=0)
        if best > 0:
            return frozenset(core for core, value in speeds.items() if value == best)
    return _ALLOWED


def stay_on_fast() -> None:
    """Keep the calling thread on the fast cores, where the system lets it."""
    with contextlib.suppress(OSError):  # a container may forbid it: the thread runs anywhere
        os.sched_setaffinity(0, fast())


def check(option: str, number: int | None) -> None:
    """Refuse more threads or workers than there are cores: each takes memory, and all get slower.

    Args:
        option: what asks for them, for the error.
        number: how many; None if nobody asked for a number.

    Raises:
        UsageError: there are fewer cores. Those a process is kept off count, too: some of
            Paddle-Lite's power modes keep its callers on one.
    """
    count = os.cpu_count() or 1
    if number is not None and number > count:
        raise UsageError(
            f"{option} {number}: this board has {count} core{'s' * (count != 1)}; expected a number"
            f" from 1 to {count}: give a smaller one, or leave it out"
        )


def _number(file: Path) -> int:
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0
