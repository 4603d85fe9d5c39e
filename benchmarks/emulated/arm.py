"""Instructions per inference on an emulated Cortex-A72: no time, but they repeat exactly."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Sequence

import numpy as np

from cross_build.bench.instructions import Counter
from cross_build.bundles import paddlelite as runtimes
from cross_build.errors import InstructionsError, TargetError
from cross_build.targets.targets import target
from lite_runner.arrays import Floats

_HERE = Path(__file__).parent
#: Where Debian's cross compiler has the C library of arm64.
_ROOT = Path("/usr/aarch64-linux-gnu")
_COMPILER = "aarch64-linux-gnu-g++"
#: Names the folder of an armv8 runtime.
VARIABLE = runtimes.VARIABLES["armv8"]


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
        InstructionsError: none is named, or it is none.
    """
    chosen = os.environ.get(VARIABLE, "")
    if not chosen:
        raise InstructionsError(
            f"{VARIABLE} is not set; let it name the folder of a Paddle-Lite library for armv8,"
            " with include/ and lib/"
        )
    try:
        return runtimes.local(Path(chosen).expanduser(), "armv8", f"{VARIABLE}={chosen}").folder
    except TargetError as error:
        raise InstructionsError(str(error)) from error


class Core:
    """An emulated core that counts.

    Args:
        folder: for what is compiled and for files on the way.

    Raises:
        InstructionsError: a tool is missing; names its package.
    """

    def __init__(self, folder: Path) -> None:
        if shutil.which(_COMPILER) is None:
            package = "g++-aarch64-linux-gnu"
            raise InstructionsError(f"{package} missing; run 'apt-get install {package}'")
        self._folder = folder
        self._counter = Counter(target("rpi4"))

    def compile(self, library: Path) -> Path:
        """The program that runs a ``.nb`` with a runtime of :func:`runtime`."""
        program = self._folder / "lite_run"
        lib = library / "lib"
        command = [
            *(_COMPILER, "-std=c++11", "-O2", f"-I{library / 'include'}"),
            *(str(_HERE / "lite_run.cc"), "-o", str(program), f"-L{lib}"),
            *("-lpaddle_light_api_shared", f"-Wl,-rpath,{lib}", "-Wl,--allow-shlib-undefined"),
        ]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            said = run.stderr.strip().splitlines() or ["without a word"]
            raise InstructionsError(f"{_COMPILER} ended with {run.returncode}: {said[-1]}")
        return program

    def lite(self, program: Path, model: Path, batch: Floats) -> Count:
        """Count a ``.nb`` on a batch in NCHW, one thread."""
        (one, _), (three, output) = (self._run(program, model, batch, runs) for runs in (1, 3))
        return Count((three - one) // 2, output.ravel())

    def output(self, program: Path, model: Path, batch: Floats) -> Floats:
        """The first output of a ``.nb`` for a batch in NCHW, one thread."""
        return self._run(program, model, batch, 1)[1]

    def _run(self, program: Path, model: Path, batch: Floats, runs: int) -> tuple[int, Floats]:
        size = ",".join(map(str, batch.shape))
        given, result, shape = (
            self._folder / name for name in ("input.bin", "output.bin", "shape.txt")
        )
        batch.astype("<f4").tofile(given)
        command = [str(program), str(model), str(given), size, str(runs), str(result)]
        count = self.count([*command, str(shape)])
        sides = [int(side) for side in shape.read_text(encoding="ascii").split()]
        return count, np.fromfile(result, "<f4").reshape(sides)

    def count(
        self,
        command: Sequence[str],
        root: Path = _ROOT,
        env: Mapping[str, str] | None = None,
    ) -> int:
        """All instructions of a program; see :meth:`Counter.count`."""
        return self._counter.count(command, root, env)
