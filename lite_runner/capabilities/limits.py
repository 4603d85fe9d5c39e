"""Limits of memory and time within which a model is probed, by its size and that of its input.

A model may be a stranger's file, or a damaged one: sizes in it decide what the library allocates
and how long it computes. Limits are generous: refusing a good model is worse than losing a minute.

Measured with Paddle-Lite 2.13-rc on x86-64, with the packs v4-mobile, v5-mobile, v6-small and
v6-tiny, at their detectors' 960x960 and at a line of 48x1440: what ``VmData`` grew by. On ARM
``opt`` lets variables share their memory, which takes less.
"""

from __future__ import annotations

import contextlib
import math
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

_MB = 1 << 20
#: Loading took 1.2 to 1.6 times a file of 5 to 21 MB (7.1 to 31.6 MB), 2.1 MB for one of 0.7 MB;
#: weights stored as int8 become four times as large.
_LOAD, _LOAD_BASE = 8, 64 * _MB
#: A run's variables grow with the input and the channels; weights are channels squared. Per byte
#: of input and root of the number of weights it took 0.039 to 0.062 in detectors (474 to 1101 MB),
#: 0.09 to 0.17 in recognisers (84 to 267 MB), 0.27 in classifiers (12 MB). Two are open at once.
_RUN = {"det": 0.2, "cls": 0.6, "rec": 0.6}
#: Weights are laid out anew for the kernels at the first run.
_RUN_WEIGHTS = 16
_WEIGHT_BYTES = {"fp32": 4, "fp16": 2, "int16": 2, "int8": 1}
#: Seconds that a file takes at least, and bytes a second: 100 million were loaded on x86-64; cards
#: of boards read 10 million, and emulated boards take thirty times as long for all else.
_START, _LOAD_SPEED = 30, 1_000_000
#: Weights times input elements a second: 0.6 to 2 million million on a busy core of x86-64.
_RUN_SPEED = 2e10
#: Seconds for what is done between runs: start of Python, pictures, comparing.
_BETWEEN = 300


@dataclass(frozen=True)
class Limit:
    """What one step of probing may take.

    Attributes:
        memory: bytes beside what the process has before.
        seconds: of wall time, whole ones.
    """

    memory: int
    seconds: int

    def __str__(self) -> str:
        return f"{self.memory / 1e6:.0f} MB and {self.seconds} s"


def loading(size: int) -> Limit:
    """The limit of loading a ``.nb`` file of so many bytes."""
    return Limit(_LOAD_BASE + _LOAD * size, _START + size // _LOAD_SPEED)


def running(size: int, precision: str, stage: str, elements: int) -> Limit:
    """The limit of runs of a model, of which a second one is open, too.

    Args:
        size: of the ``.nb`` file, in bytes.
        precision: of its weights, as a pack says.
        stage: ``det``, ``cls`` or ``rec``.
        elements: of the largest input, float32; seconds are of one run on it.
    """
    weights = size / _WEIGHT_BYTES.get(precision, 1)
    memory = 2 * loading(size).memory + _RUN_WEIGHTS * size
    memory += int(_RUN[stage] * 4 * elements * math.sqrt(weights))
    return Limit(memory, _START + int(weights * elements / _RUN_SPEED))


@contextlib.contextmanager
def memory(limit: Limit) -> Iterator[None]:
    """Within it, allocations fail beyond a limit's memory more than the process has now.

    Linux counts all private memory that can be written (from 4.7 on), and not the library's code.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = min(_data() + limit.memory, sys.maxsize)  # 2 GB on 32-bit boards
    resource.setrlimit(
        resource.RLIMIT_DATA, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard)
    )
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


@contextlib.contextmanager
def time(limit: Limit) -> Iterator[None]:
    """Within it, an alarm ends the process after a limit's time, also in a loop of the library."""
    signal.alarm(limit.seconds)
    try:
        yield
    finally:
        signal.alarm(_BETWEEN)


def begin() -> None:
    """Set this process up to end first: by an alarm, or when the machine runs out of memory."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_BETWEEN)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _data() -> int:
    """Bytes of private memory that can be written; 0 where it is not known."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return 0
