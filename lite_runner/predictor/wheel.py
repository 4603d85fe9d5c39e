"""The x86 engine: Paddle-Lite's own Python wheel."""

from __future__ import annotations

import ctypes
import math
import mmap
import os
import sys
from pathlib import Path
from typing import Any, Callable, Mapping, Protocol, Sequence

import numpy as np

from lite_runner.arrays import AnyArray, Floats
from lite_runner.errors import EngineError
from lite_runner.predictor.protocol import Capabilities, EngineArguments, Output, Predictor

#: Parameters of glibc's ``mallopt``, by their numbers in malloc.h, and what they are set to: the
#: largest threshold every glibc takes, and no giving back.
_KEEP_MEMORY = {-3: 32 << 20, -1: 2**31 - 1}  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD
#: Variables by which a user decides that himself.
_MALLOC_SETTINGS = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")


#: What is taken for granted of a model that was not probed.
_UNPROBED = Capabilities(supports_reshape=False, supports_batch=True)


class WheelEngine:
    """Paddle-Lite from the ``paddlelite`` package.

    Args:
        threads: of its kernels and matrix products; one if None.
        known: what models, by resolved path, can do. Of others only batches
            are taken for granted.

    Raises:
        EngineError: the package is missing, or not made for this interpreter or numpy.
    """

    arch = "x86"
    needs_probing = True
    #: The networks take as long, but after each run Python finds the processor's caches emptied:
    #: what is done between two runs costs 0.3 ms, hot it would be 0.05.
    batch = 4

    def __init__(
        self, threads: int | None = None, known: Mapping[Path, Capabilities] | None = None
    ) -> None:
        try:
            # Loaded here, not with the module: it maps 170 MB.
            import paddlelite.lite
        except ImportError as error:
            raise EngineError(
                f"paddlelite cannot be loaded under Python {sys.version.split()[0]}"
                f" ({error}); its wheels are for x86-64 Linux and Python 3.8 to 3.10:"
                " use 'lite-ocr deploy --target local', which finds such a Python"
            ) from error
        if int(np.__version__.split(".")[0]) >= 2:
            # Its binding finds the item size of an array at numpy 1's place.
            raise EngineError(
                f"paddlelite was built for numpy 1, this is numpy {np.__version__}: it would copy"
                " wrong lengths and read garbage; use 'lite-ocr deploy --target local'"
            )
        self._lite: Any = paddlelite.lite
        self._threads = threads
        folder = Path(paddlelite.lite.__file__).parent / "libs"
        # Loaded by the wheel just now: these are the same libraries, not second ones.
        self._mkl = ctypes.CDLL(str(folder / "libmklml_intel.so"))
        self._openmp = ctypes.CDLL(str(folder / "libiomp5.so"))
        self._known = dict(known or {})
        _keep_memory()

    @property
    def arguments(self) -> EngineArguments:
        return {"threads": self._threads}

    def capabilities(self, model: Path) -> Capabilities:
        # Some of its convolutions are compiled at a model's first run for that run's input shape;
        # another writes out of bounds (opt_models/folding/pad_first_filter.py tells which).
        return self._known.get(model.resolve(), _UNPROBED)

    def with_capabilities(self, known: Mapping[Path, Capabilities]) -> WheelEngine:
        return WheelEngine(self._threads, known)

    def single_threaded(self) -> WheelEngine:
        return WheelEngine(1, self._known)

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


class _Zeros:
    """Zeros that take no memory: pages never written to are all the system's one page of zeros."""

    def __init__(self) -> None:
        self._longest: Floats = np.empty(0, np.float32)

    def of(self, shape: tuple[int, ...]) -> Floats:
        """Zeros of a shape, not to be written to."""
        count = math.prod(shape)
        if count > self._longest.size:
            # Kept, since looking at a page for the first time costs as much as filling it.
            flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
            pages = mmap.mmap(-1, 4 * count, flags, mmap.PROT_READ)
            self._longest = np.frombuffer(pages, np.float32)
        return self._longest[:count].reshape(shape)


_ZEROS = _Zeros()


class _Tensor(Protocol):
    """A tensor as the wheel's binding has it."""

    def resize(self, shape: list[int]) -> None: ...

    def from_numpy(self, array: AnyArray) -> None: ...

    def numpy(self) -> AnyArray: ...

    def lod(self) -> Sequence[Sequence[int]]: ...


class _Handle(Protocol):
    """A predictor as the wheel's binding has it."""

    def get_output_names(self) -> list[str]: ...

    def get_input(self, index: int) -> _Tensor: ...

    def get_output(self, index: int) -> _Tensor: ...

    def run(self) -> None: ...


class _WheelPredictor:
    def __init__(self, handle: _Handle, model: Path, prepare: Callable[[], None]) -> None:
        self._handle: _Handle | None = handle
        self._model = model
        self._prepare = prepare
        self._count = len(handle.get_output_names())
        self._input: Floats = np.empty(0, np.float32)
        #: Bytes and address of the input's memory.
        self._room = (0, 0)

    def input(self, shape: tuple[int, ...]) -> Floats:
        handle = self._opened()
        # The runs leave the input as it is.
        if self._input.shape != shape:
            self._input = self._lent(self._resized(handle.get_input(0), shape))
        return self._input

    def _resized(self, tensor: _Tensor, shape: tuple[int, ...]) -> AnyArray:
        """The input's memory. The binding can only copy; but what it shows is no copy."""
        size = 4 * math.prod(shape)
        room, address = self._room
        if size <= room:
            tensor.resize(list(shape))
            view: AnyArray = tensor.numpy()
            # It stays where it is while it is large enough.
            if view.ctypes.data == address:
                return view
        tensor.from_numpy(_ZEROS.of(shape))
        view = tensor.numpy()
        self._room = (size, view.ctypes.data)
        return view

    def run(self) -> list[Output]:
        handle = self._opened()
        try:
            self._prepare()
            handle.run()
            outputs = []
            for index in range(self._count):
                tensor = handle.get_output(index)
                lod = tuple(tuple(map(int, level)) for level in tensor.lod() or ())
                outputs.append(Output(self._lent(tensor.numpy()), lod))
        except RuntimeError as error:
            raise EngineError(f"{self._model}: Paddle-Lite failed: {error}") from error
        return outputs

    def close(self) -> None:
        self._handle = None
        self._input = np.empty(0, np.float32)

    def _opened(self) -> _Handle:
        if self._handle is None:
            raise EngineError(f"{self._model}: already closed; open it again")
        return self._handle

    def _lent(self, view: AnyArray) -> AnyArray:
        return np.asarray(_Lent(view, self._handle))


class _Lent:
    """Memory of a model, which is kept for as long as there are arrays of it."""

    def __init__(self, view: AnyArray, handle: _Handle | None) -> None:
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
