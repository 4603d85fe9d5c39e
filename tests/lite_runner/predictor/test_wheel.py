"""The x86 engine's settings of the libraries it loads."""

from __future__ import annotations

import ctypes
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cross_build.boards.board import Board
from lite_runner.predictor import wheel

THREADS = """
import ctypes, sys
from pathlib import Path

import numpy as np
import paddlelite.lite

from lite_runner.predictor import engines
from lite_runner.predictor.protocol import run

engine = engines.of_this_release(int(sys.argv[1]) or None)
batch = np.zeros((1, 3, 48, 192), np.float32)
path = Path(sys.argv[2]) / "cls.nb"
predictor = engine.open(path)
# Making a model, and running one of a worker's, sets the whole process to one.
run(engine.single_threaded().open(path), batch)
run(predictor, batch)
libs = Path(paddlelite.lite.__file__).parent / "libs"
print(ctypes.CDLL(str(libs / "libiomp5.so")).omp_get_max_threads())
print(ctypes.CDLL(str(libs / "libmklml_intel.so")).MKL_Get_Max_Threads())
"""

OUTLIVE = """
import sys
from pathlib import Path

import numpy as np

from lite_runner.predictor import engines
from lite_runner.predictor.protocol import run

engine, path = engines.of_this_release(), Path(sys.argv[1]) / "rec.nb"
batch = np.random.default_rng(0).normal(size=(1, 3, 48, 320)).astype(np.float32)
predictor = engine.open(path)
row = run(predictor, batch)[0].data[0]
was = row.copy()
predictor.close()
del predictor
for _ in range(3):
    run(engine.open(path), -batch)
print(np.array_equal(row, was))
"""


def test_results_outlive_their_predictor(board: Board, tmp_path: Path) -> None:
    script = tmp_path / "outlive.py"
    script.write_text(OUTLIVE, encoding="utf-8")
    command = [str(board.path("ocr")), "python", str(script), board.path("current", "pack")]
    env = {**os.environ, "MALLOC_PERTURB_": "165"}
    run = subprocess.run(command, env=env, capture_output=True, text=True)
    assert run.stdout.split() == ["True"], run.stderr


@pytest.mark.parametrize(("given", "used"), [(0, "1"), (1, "1"), (2, "2")])
def test_as_many_threads_as_wanted(board: Board, tmp_path: Path, given: int, used: str) -> None:
    script = tmp_path / "threads.py"
    script.write_text(THREADS, encoding="utf-8")
    pack = board.path("current", "pack")
    command = [str(board.path("ocr")), "python", str(script), str(given), pack]
    # MKL gives no more threads than there are cores unless it is told to obey.
    env = {**os.environ, "MKL_DYNAMIC": "FALSE"}
    run = subprocess.run(command, env=env, capture_output=True, text=True)
    assert run.stdout.split()[-2:] == [used, used], run.stderr


class Libc:
    def __init__(self) -> None:
        self.calls: list[tuple[int, int]] = []

    def mallopt(self, parameter: int, value: int) -> int:
        self.calls.append((parameter, value))
        return 1


@pytest.mark.parametrize("variable", ["", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"])
def test_freed_memory_is_kept_unless_the_user_decides(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    libc = Libc()

    def load(name: Any) -> Libc:
        assert name is None
        return libc

    for name in wheel._MALLOC_SETTINGS:
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, "16384")
    monkeypatch.setattr(ctypes, "CDLL", load)
    wheel._keep_memory()
    assert dict(libc.calls) == ({} if variable else {-3: 32 * 2**20, -1: 2**31 - 1})
