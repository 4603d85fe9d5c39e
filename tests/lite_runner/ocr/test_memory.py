"""Memory of a process: how much it holds, and that freed memory goes back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lite_runner.ocr import memory

#: Frees 60 MB that the C library keeps, then has it give them back.
_KEEPER = """
import ctypes
from lite_runner.ocr import memory
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
before = memory.held()
blocks = [ctypes.c_void_p(libc.malloc(60_000)) for _ in range(1000)]
for block in blocks:
    ctypes.memset(block, 1, 60_000)
full = memory.held()
for block in blocks:
    libc.free(block)
freed = memory.held()
memory.give_back()
print(full - before, freed - before, memory.held() - before)
"""


def test_freed_memory_is_given_back() -> None:
    kept = {"MALLOC_TRIM_THRESHOLD_": "2000000000", "MALLOC_MMAP_THRESHOLD_": "33554432"}
    run = subprocess.run(
        [sys.executable, "-c", _KEEPER],
        env={**os.environ, **kept},
        capture_output=True,
        text=True,
        check=True,
    )
    full, freed, left = map(int, run.stdout.split())
    assert full > 55_000_000
    assert freed > 55_000_000
    assert left < 10_000_000


def test_where_the_system_does_not_tell_nothing_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for content in (None, "", "12", "12 many"):
        if content is not None:
            (tmp_path / "statm").write_text(content)
        monkeypatch.setattr(memory, "_STATM", tmp_path / "statm")
        assert memory.held() == 0
