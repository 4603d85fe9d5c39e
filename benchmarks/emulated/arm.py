"""Instructions per inference on an emulated Cortex-A72: no time, but they repeat exactly."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Sequence

import numpy as np

from cross_build import runtime as runtimes
from cross_build.errors import TargetError
from lite_runner.arrays import Floats
from lite_runner.errors import LiteError

_HERE = Path(__file__).parent
_CPU = "cortex-a72"
#: Where Debian's cross compiler has the C library of arm64.
_ROOT = Path("/usr/aarch64-linux-gnu")
#: Names the folder of an armv8 runtime.
VARIABLE = runtimes.VARIABLES["armv8"]
_TOOLS = {
    "gcc": "gcc",
    "aarch64-linux-gnu-g++": "g++-aarch64-linux-gnu",
    "qemu-aarch64": "qemu-user",
}


class EmulationError(LiteError):
    """Something to emulate with is missing, or failed."""


@dataclass(frozen=True)
class Count:
    """What one program executed.

    Attributes:
        instructions: per inference.
        output: values of the first output, flat.
    """

    instructions: int
    output: Floats


def runtime() -> Path:
    """The folder of the armv8 runtime the user names, with ``include`` and ``lib``.

    Raises:
        EmulationError: none is named, or it is none.
    """
    chosen = os.environ.get(VARIABLE, "")
    if not chosen:
        raise EmulationError(
            f"{VARIABLE} is not set; let it name the folder of a Paddle-Lite library for armv8,"
            " with include/ and lib/"
        )
    try:
        return runtimes.local(Path(chosen).expanduser(), "armv8", f"{VARIABLE}={chosen}").folder
    except TargetError as error:
        raise EmulationError(str(error)) from error


class Core:
    """An emulated core with the counting plugin.

    Args:
        folder: for what is compiled and for files on the way.

    Raises:
        EmulationError: a tool is missing; names its package.
    """

    def __init__(self, folder: Path) -> None:
        missing = sorted(package for tool, package in _TOOLS.items() if shutil.which(tool) is None)
        if missing:
            raise EmulationError(
                f"{', '.join(missing)} missing for the emulated core; run 'apt-get install"
                f" {' '.join(missing)}'"
            )
        self._folder = folder
        self._plugin = folder / "counter.so"
        source = str(_HERE / "counter.c")
        _run(["gcc", "-shared", "-fPIC", "-O2", "-o", str(self._plugin), source])

    def compile(self, library: Path) -> Path:
        """The program that runs a ``.nb`` with a runtime of :func:`runtime`."""
        program = self._folder / "lite_run"
        lib = library / "lib"
        _run(
            [
                *("aarch64-linux-gnu-g++", "-std=c++11", "-O2", f"-I{library / 'include'}"),
                *(str(_HERE / "lite_run.cc"), "-o", str(program), f"-L{lib}"),
                *("-lpaddle_light_api_shared", f"-Wl,-rpath,{lib}", "-Wl,--allow-shlib-undefined"),
            ]
        )
        return program

    def lite(self, program: Path, model: Path, batch: Floats) -> Count:
        """Count a ``.nb`` on a batch in NCHW, one thread."""
        shape = ",".join(map(str, batch.shape))
        given, result = self._folder / "input.bin", self._folder / "output.bin"
        batch.astype("<f4").tofile(given)
        one, three = (
            self.count([str(program), str(model), str(given), shape, runs, str(result)])
            for runs in ("1", "3")
        )
        return Count((three - one) // 2, np.fromfile(result, "<f4"))

    def count(
        self,
        command: Sequence[str],
        root: Path = _ROOT,
        env: Mapping[str, str] | None = None,
    ) -> int:
        """All instructions of a program for arm64.

        Args:
            root: folder with its C library and loader.
            env: variables for it besides the caller's.

        Raises:
            EmulationError: it failed; with its last words.
        """
        result = self._folder / "instructions"
        emulator = ["qemu-aarch64", "-cpu", _CPU, "-L", str(root)]
        emulator += ["-plugin", f"{self._plugin},out={result}"]
        _run([*emulator, *command], env)
        return int(result.read_text(encoding="ascii"))


def _run(command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
    run = subprocess.run(
        command,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if run.returncode != 0:
        said = (run.stderr or run.stdout).strip().splitlines() or ["without a word"]
        raise EmulationError(f"{Path(command[0]).name} ended with {run.returncode}: {said[-1]}")
