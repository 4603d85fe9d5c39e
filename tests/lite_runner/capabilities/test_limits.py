"""Limits of trials, in processes of their own that break them."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from lite_runner.capabilities import limits
from lite_runner.capabilities.limits import Limit


def child(code: str) -> subprocess.CompletedProcess[str]:
    """Run code after a small limit was imported as ``limit``."""
    start = "from lite_runner.capabilities import limits; limit = limits.Limit(64 << 20, 1)\n"
    return subprocess.run(
        [sys.executable, "-c", start + code], capture_output=True, text=True, check=False
    )


def test_more_memory_than_allowed_is_not_to_be_had() -> None:
    run = child(
        "with limits.memory(limit):\n"
        "    kept = bytearray(32 << 20)\n"
        "    try: bytearray(64 << 20)\n"
        "    except MemoryError: print('refused')\n"
        "print(len(bytearray(64 << 20)))"
    )
    assert run.stdout.split() == ["refused", str(64 << 20)], run.stderr


def test_a_loop_is_ended() -> None:
    run = child("limits.begin()\nwith limits.time(limit):\n    while True: pass")
    assert run.returncode == -signal.SIGALRM


def test_an_ignored_alarm_ends_it_all_the_same() -> None:
    run = child(
        "import signal; signal.signal(signal.SIGALRM, signal.SIG_IGN)\n"
        "limits.begin()\nwith limits.time(limit):\n    while True: pass"
    )
    assert run.returncode == -signal.SIGALRM


#: Files in bytes, elements of the largest input, and what ``VmData`` grew by on x86-64: v4-mobile,
#: v6-small and v6-tiny.
MEASURED = [
    ("det", 5_020_000, 2_764_800, 496_300_000),
    ("det", 10_280_000, 2_764_800, 1_100_900_000),
    ("det", 2_050_000, 2_764_800, 475_400_000),
    ("rec", 11_080_000, 207_360, 240_400_000),
    ("rec", 21_440_000, 207_360, 250_400_000),
    ("cls", 820_000, 27_648, 11_900_000),
]


@pytest.mark.parametrize(("stage", "size", "elements", "taken"), MEASURED)
def test_two_models_open_have_room(stage, size, elements, taken) -> None:
    assert limits.running(size, "fp32", stage, elements).memory > 2 * 1.3 * taken


@pytest.mark.parametrize("precision", ["int8", "fp16", "int16"])
def test_quantised_weights_are_as_many_weights(precision) -> None:
    whole = limits.running(8_000_000, "fp32", "rec", 200_000)
    stored = limits.running(8_000_000 // {"int8": 4}.get(precision, 2), precision, "rec", 200_000)
    assert stored.seconds == whole.seconds
    assert stored.memory > whole.memory / 2


def test_larger_models_get_more_of_both() -> None:
    small, large = limits.loading(1_000_000), limits.loading(100_000_000)
    assert small.memory < large.memory < 1_000_000_000
    assert small.seconds < large.seconds
    assert str(Limit(5_000_000, 31)) == "5 MB and 31 s"
