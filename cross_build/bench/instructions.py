"""Instructions an emulated ARM core executes: no time, but figures that repeat exactly.

qemu runs a program with a plugin of ours (``counter.c``), which adds up the instructions of each
block of code that is executed. What starting and loading cost is taken out by running a different
number of times.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Mapping, Sequence

from cross_build.boards import emulator
from cross_build.errors import InstructionsError
from cross_build.targets.targets import Target
from lite_runner.bench.messages import Setting
from lite_runner.bench.result import Counts
from lite_runner.releases.release import sha256
from opt_models.store import cache, process
from opt_models.store.content_key import content_key

_SOURCE = Path(__file__).with_name("counter.c")
#: By machine: the emulator that takes plugins (Debian's static ones do not).
_EMULATORS = {"aarch64": "qemu-aarch64", "armv7l": "qemu-arm"}
#: One thread each: two at once would lose counts. The seed orders Python's sets alike each time.
_ENVIRONMENT = {
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1"),
    "PYTHONHASHSEED": "0",
}


class Counter:
    """An emulated core that counts.

    Args:
        target: whose kind of core it is.

    Raises:
        InstructionsError: a tool is missing; names its package.
    """

    def __init__(self, target: Target) -> None:
        self._emulator, self.cpu = _EMULATORS[target.machine], emulator.cpu(target)
        tools = {"gcc": "gcc", self._emulator: "qemu-user"}
        missing = sorted(package for tool, package in tools.items() if shutil.which(tool) is None)
        if missing:
            raise InstructionsError(
                f"{', '.join(missing)} missing, to count instructions; run 'apt-get install"
                f" {' '.join(missing)}'"
            )
        key = content_key(sha256(_SOURCE))
        self._plugin = cache.folder(f"counter-{key}", _compile) / "counter.so"

    def count(
        self,
        command: Sequence[str],
        root: Path,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
    ) -> int:
        """All instructions of a program.

        Args:
            command: the program and its arguments, as paths of this computer.
            root: folder with its C library and loader.
            env: variables for it besides the caller's.
            stdin: what it reads.

        Raises:
            InstructionsError: it failed; with its last words.
        """
        with tempfile.TemporaryDirectory() as folder:
            result = Path(folder) / "instructions"
            emulator = [self._emulator, "-cpu", self.cpu, "-L", str(root)]
            emulator += ["-plugin", f"{self._plugin},out={result}"]
            _run([*emulator, *command], env, stdin)
            return int(result.read_text(encoding="ascii"))


def page(target: Target, release: str, picture: Path, detect: bool, request: Setting) -> Counts:
    """Instructions a release on the emulated board takes to read a picture, one thread.

    Args:
        target: of the board.
        release: folder of the release there.
        picture: on this computer.
        detect: False if it is one line as a whole.
        request: what a session is asked for (see :mod:`lite_runner.bench.session`).

    Returns:
        ``detect`` (decoding included), ``classify``, ``recognise`` (straightening the lines
        included) and ``total``; ``decode`` is None, and ``images`` 1.

    Raises:
        InstructionsError: a tool is missing, or the program failed.
    """
    counter, root = Counter(target), emulator.root_folder(target.machine)
    folder = root / release.lstrip("/")
    python = str(root / "usr/bin/python3")
    program = [python, "-I", str(folder / "app/lite_runner/cli/launch.py"), "turn"]
    stages: tuple[dict[str, bool], ...] = (
        {"classify": False, "recognise": False},
        {"classify": False},
        {},
    )

    def once(passes: int, left_out: Mapping[str, bool]) -> int:
        asked = {
            **request,
            **left_out,
            **{"threads": 1, "workers": 1, "warmup": 0, "passes": passes},
            "pictures": [{"path": str(picture.resolve()), "detect": detect}],
        }
        return counter.count(program, root, _ENVIRONMENT, json.dumps(asked))

    # The first pass opens models and makes room: what is counted is every further one.
    found, read, total = (once(2, stage) - once(1, stage) for stage in stages)
    return {
        "images": 1,
        "decode": None,
        "detect": found,
        "classify": total - read,
        "recognise": read - found,
        "total": total,
    }


def _compile(folder: Path) -> None:
    options = ["-shared", "-fPIC", "-O2", "-Wall"]
    _run(["gcc", *options, "-o", str(folder / "counter.so"), str(_SOURCE)], None, "")


def _run(command: Sequence[str], env: Mapping[str, str] | None, stdin: str) -> None:
    outcome = process.run(command, stdin, env)
    if outcome.code != 0:
        raise InstructionsError(
            f"{Path(command[0]).name} ended with {outcome.code}: {outcome.reason}"
        )
