"""The x86 engine: Paddle-Lite's own Python wheel."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Any, Callable, Mapping

import numpy as np

from lite_runner.arrays import AnyArray, Floats
from lite_runner.errors import EngineError
from lite_runner.predictor import Freedom, Output, Predictor

#: Parameters of glibc's ``mallopt``, by their numbers in malloc.h, and what they are set to: the
#: largest threshold every glibc takes, and no giving back.
_KEEP_MEMORY = {-3: 32 << 20, -1: 2**31 - 1}  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD
#: Variables by which a user decides that himself.
_MALLOC_SETTINGS = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")


class WheelEngine:
    """Paddle-Lite from the ``paddlelite`` package.

    Args:
        threads: of its kernels and matrix products; one if None.
        found: what models, by resolved path, were found to stay right with. Of others only batches
            are taken for granted.

    Raises:
        EngineError: the package is missing, or not made for this interpreter or numpy.
    """

    arch = "x86"
    untried = True

    def __init__(
        self, threads: int | None = None, found: Mapping[Path, Freedom] | None = None
    ) -> None:
        try:
            # Loaded here, not with the module: it maps 170 MB.
            import paddlelite.lite
        except ImportError as error:
            raise EngineError(
                f"paddlelite cannot be loaded under Python {sys.version.split()[0]}"
                f" ({error}); its wheels are for x86-64 Linux and Python 3.8 to 3.10:"
                " use 'invoke deploy --target local', which finds such a Python"
            ) from error
        if int(np.__version__.split(".")[0]) >= 2:
            # Its binding finds the item size of an array at numpy 1's place.
            raise EngineError(
                f"paddlelite was built for numpy 1, this is numpy {np.__version__}: it would copy"
                " wrong lengths and read garbage; use 'invoke deploy --target local'"
            )
        self._lite: Any = paddlelite.lite
        self._threads = threads
        folder = Path(paddlelite.lite.__file__).parent / "libs"
        # Loaded by the wheel just now: these are the same libraries, not second ones.
        self._mkl = ctypes.CDLL(str(folder / "libmklml_intel.so"))
        self._openmp = ctypes.CDLL(str(folder / "libiomp5.so"))
        self._found = dict(found or {})
        _keep_memory()

    @property
    def arguments(self) -> dict[str, Any]:
        return {"threads": self._threads}

    def freedom(self, model: Path) -> Freedom:
        # Some of its convolutions are compiled at a model's first run for that run's input shape;
        # another writes out of bounds (opt_models/folding/any_shape.py tells which).
        return self._found.get(model.resolve(), Freedom(reshapes=False, batches=True))

    def knowing(self, found: Mapping[Path, Freedom]) -> WheelEngine:
        return WheelEngine(**self.arguments, found=found)

    def alone(self) -> WheelEngine:
        return WheelEngine(1, self._found)

    @property
    def version(self) -> str:
        return str(self._lite.Opt().version())

    def open(self, model: Path) -> Predictor:
        config = self._lite.MobileConfig()
        config.set_model_from_file(str(model))
        try:
            handle = self._lite.create_paddle_predictor(config)
        except RuntimeError as error:
            raise EngineError(f"{model}: Paddle-Lite cannot load it: {error}") from error
        return _WheelPredictor(handle, model, self._set_threads)

    def _set_threads(self) -> None:
        """Tell the library's own MKL and OpenMP, before each run.

        Making any predictor sets MKL to one for the whole process (light_api_impl.cc), and so do
        workers for theirs. OpenMP would take every core for a few kernels and then wait on them in
        a busy loop for 0.2 s (KMP_BLOCKTIME).
        """
        self._mkl.MKL_Set_Num_Threads(self._threads or 1)
        self._openmp.omp_set_num_threads(self._threads or 1)


class _WheelPredictor:
    def __init__(self, handle: Any, model: Path, prepare: Callable[[], None]) -> None:
        self._handle: Any = handle
        self._model = model
        self._prepare = prepare

    def run(self, batch: Floats) -> list[Output]:
        if self._handle is None:
            raise EngineError(f"{self._model}: already closed; open it again")
        try:
            self._handle.get_input(0).from_numpy(np.ascontiguousarray(batch, np.float32))
            self._prepare()
            self._handle.run()
            outputs = []
            for index in range(len(self._handle.get_output_names())):
                tensor = self._handle.get_output(index)
                lod = tuple(tuple(map(int, level)) for level in tensor.lod())
                outputs.append(Output(np.asarray(_Lent(tensor.numpy(), self._handle)), lod))
        except RuntimeError as error:
            raise EngineError(f"{self._model}: Paddle-Lite failed: {error}") from error
        return outputs

    def close(self) -> None:
        self._handle = None


class _Lent:
    """Memory of a model, which is kept for as long as there are arrays of it."""

    def __init__(self, view: AnyArray, handle: Any) -> None:
        self.__array_struct__ = view.__array_struct__
        self._owners = (view, handle)


def _keep_memory() -> None:
    """Let glibc keep freed memory for the next tensor of tens of megabytes.

    By default it goes back to the system, which clears every page anew: of a detector's 260 ms, 75.
    """
    if not any(os.environ.get(name) for name in _MALLOC_SETTINGS):
        libc = ctypes.CDLL(None)
        for parameter, value in _KEEP_MEMORY.items():
            libc.mallopt(parameter, value)
