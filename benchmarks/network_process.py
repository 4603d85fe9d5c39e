"""A process that runs one network on request, with one thread."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import IO, Mapping, Sequence

import numpy as np

from benchmarks import peer_env
from cross_build.bench.peers import peer as peers
from lite_runner.arrays import Floats
from lite_runner.errors import LiteError
from opt_models.paddlelite import env as paddlelite

_WORKER = Path(__file__).with_name("network.py")
_ROOT = Path(__file__).parents[1]
#: Features of processors by which the program of the board ``local`` chooses MKL's code on AMD, see
#: cross_build/bundles/bundle.py.
_AVX2 = {"avx2", "fma"}
_AVX512 = {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}


class NetworkProcess:
    """One side of a comparison.

    Args:
        command: the worker and its arguments but for the last.
        env: variables for it besides the caller's.
        output: the last argument, a file for what the network puts out.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str], output: Path) -> None:
        self._name = " ".join(command)
        self._output = output
        self._child = subprocess.Popen(
            [*command, str(output)],
            env={**os.environ, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._answer()

    def __enter__(self) -> NetworkProcess:
        return self

    def __exit__(self, *_: object) -> None:
        # It keeps nothing that an orderly end would save.
        self._child.kill()
        self._child.communicate()

    @property
    def output(self) -> Floats:
        """Of its first run."""
        result: Floats = np.load(self._output)
        return result

    def run(self) -> float:
        """Run once; gives seconds of processor time."""
        print(file=_pipe(self._child.stdin), flush=True)
        return float(self._answer())

    def _answer(self) -> str:
        line = _pipe(self._child.stdout).readline()
        if not line:
            raise LiteError(f"{self._name}: ended with {self._child.wait()}, run it by hand")
        return line


def of_lite(model: Path, shape: Sequence[int], output: Path) -> NetworkProcess:
    """A process that runs a ``.nb`` as the board ``local`` does.

    Args:
        model: the ``.nb`` for x86.
        shape: of its input, NCHW.
        output: file for what it puts out.
    """
    env = paddlelite.find()
    paths = [str(_ROOT), str(env.site), str(paddlelite.numpy_for(env))]
    variables = {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1", **mkl_variables()}
    size = ",".join(map(str, shape))
    command = [str(env.python), "-s", str(_WORKER), "lite", str(model), size]
    return NetworkProcess(command, variables, output)


def of_onnx_runtime(model: Path, shape: Sequence[int], output: Path) -> NetworkProcess:
    """A process that runs an ``.onnx`` file; arguments as of :func:`of_lite`."""
    python = str(peer_env.python(peers.PEERS["rapidocr"]))
    size = ",".join(map(str, shape))
    return NetworkProcess([python, str(_WORKER), "onnx", str(model), size], {}, output)


def mkl_variables() -> dict[str, str]:
    """What the program of the board ``local`` sets for MKL on this computer."""
    features = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    if "AuthenticAMD" not in features or not features >= _AVX2:
        return {}
    return {"MKL_DEBUG_CPU_TYPE": "7" if features >= _AVX512 else "5"}


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise ValueError("a child without pipes")
    return stream
