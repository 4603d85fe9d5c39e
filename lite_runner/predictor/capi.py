"""The engine for every Python: Paddle-Lite behind the C ABI of ``lite_capi.h``, by ctypes."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int32, c_int64, c_uint64, c_void_p
from pathlib import Path
from typing import Any, Mapping

import numpy as np

from lite_runner.arrays import AnyArray, Floats
from lite_runner.errors import EngineError
from lite_runner.predictor.protocol import Capabilities, EngineArguments, Output, Predictor
from lite_runner.releases.settings import POWER_MODES

#: Version of ``lite_capi.h`` this module speaks.
ABI_VERSION = 1
_MAX_RANK = 8
_FLOAT32 = 1
#: ``dtype`` of ``lite_capi.h``.
_DTYPES: dict[int, type[np.generic]] = {
    _FLOAT32: np.float32,
    2: np.int8,
    3: np.int32,
    4: np.int64,
    5: np.uint8,
}


class Tensor(ctypes.Structure):
    """``lite_tensor``: a view of memory that the library owns."""

    _fields_ = (
        ("data", c_void_p),
        ("dtype", c_int32),
        ("rank", c_int32),
        ("shape", c_int64 * _MAX_RANK),
        ("lod_levels", c_int32),
        ("reserved", c_int32),
    )


#: Every function of the header: what it returns and takes.
FUNCTIONS: dict[str, tuple[object, tuple[object, ...]]] = {
    "lite_abi_version": (c_int32, ()),
    "lite_last_error": (c_char_p, ()),
    "lite_open_file": (c_int32, (c_char_p, c_int32, c_int32, POINTER(c_void_p))),
    "lite_open_memory": (c_int32, (c_char_p, c_uint64, c_int32, c_int32, POINTER(c_void_p))),
    "lite_clone": (c_int32, (c_void_p, POINTER(c_void_p))),
    "lite_runtime_version": (c_int32, (c_void_p, POINTER(c_char_p))),
    "lite_input": (
        c_int32,
        (c_void_p, c_int32, c_int32, c_int32, POINTER(c_int64), POINTER(c_void_p)),
    ),
    "lite_run": (c_int32, (c_void_p,)),
    "lite_output_count": (c_int32, (c_void_p, POINTER(c_int32))),
    "lite_output": (c_int32, (c_void_p, c_int32, POINTER(Tensor))),
    "lite_output_lod": (
        c_int32,
        (c_void_p, c_int32, POINTER(POINTER(c_uint64)), POINTER(c_uint64)),
    ),
    "lite_close": (None, (c_void_p,)),
}


class Library:
    """The loaded shim; ctypes releases the GIL in each call.

    Args:
        path: the shared library made of ``lite_capi.cc``.

    Raises:
        EngineError: it cannot be loaded, or speaks another version of the ABI.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._library = ctypes.CDLL(str(path))
            for name, (result, arguments) in FUNCTIONS.items():
                function = getattr(self._library, name)
                function.restype, function.argtypes = result, arguments
        except (OSError, AttributeError) as error:
            raise EngineError(f"{path}: cannot be loaded ({error}); deploy again") from error
        version = self._library.lite_abi_version()
        if version != ABI_VERSION:
            raise EngineError(
                f"{path}: speaks version {version} of the C ABI, this runner {ABI_VERSION};"
                " deploy again"
            )

    def call(self, name: str, *arguments: object) -> None:
        """Call a function that returns a status.

        Raises:
            EngineError: with the library's own words.
        """
        if getattr(self._library, name)(*arguments) != 0:
            words = self._library.lite_last_error().decode("utf-8", "replace")
            raise EngineError(words.strip().replace("\n", " "))

    def close(self, handle: c_void_p) -> None:
        """Free a predictor."""
        self._library.lite_close(handle)


class _Handle:
    """A predictor of the library, closed when nobody holds it or looks at its memory any more."""

    def __init__(self, library: Library, pointer: c_void_p) -> None:
        self._library = library
        self.pointer = pointer

    def __del__(self) -> None:
        self._library.close(self.pointer)


class CapiPredictor:
    """One loaded model; see :class:`lite_runner.predictor.protocol.Predictor`."""

    def __init__(self, library: Library, handle: c_void_p, name: str) -> None:
        self._library = library
        self._handle: _Handle | None = _Handle(library, handle)
        self._name = name

    @property
    def version(self) -> str:
        """Release (and commit) of the library, by its own words."""
        version = c_char_p()
        self._call("lite_runtime_version", byref(version))
        return (version.value or b"").decode("utf-8", "replace")

    def input(self, shape: tuple[int, ...]) -> Floats:
        data = c_void_p()
        sides = (c_int64 * len(shape))(*shape)
        self._call("lite_input", 0, _FLOAT32, len(shape), sides, byref(data))
        return _view(data.value, np.float32, shape, self._handle)

    def run(self) -> list[Output]:
        self._call("lite_run")
        count = c_int32()
        self._call("lite_output_count", byref(count))
        return [self.output(index) for index in range(count.value)]

    def output(self, index: int) -> Output:
        """An output as a view of the library's memory, valid until the next run.

        Raises:
            EngineError: there is no such output, or its type is unknown.
        """
        tensor = Tensor()
        self._call("lite_output", index, byref(tensor))
        shape = tuple(tensor.shape[: tensor.rank])
        lod = []
        for level in range(tensor.lod_levels):
            offsets, count = POINTER(c_uint64)(), c_uint64()
            self._call("lite_output_lod", level, byref(offsets), byref(count))
            lod.append(tuple(int(offsets[n]) for n in range(count.value)))
        return Output(_view(tensor.data, _DTYPES[tensor.dtype], shape, self._handle), tuple(lod))

    def clone(self) -> CapiPredictor:
        """Another predictor of the same model, for another thread."""
        handle = c_void_p()
        self._call("lite_clone", byref(handle))
        return CapiPredictor(self._library, handle, self._name)

    def close(self) -> None:
        self._handle = None

    def _call(self, name: str, *arguments: object) -> None:
        if self._handle is None:
            raise EngineError(f"{self._name}: already closed; open it again")
        try:
            self._library.call(name, self._handle.pointer, *arguments)
        except EngineError as error:
            raise EngineError(f"{self._name}: Paddle-Lite failed: {error}") from error


class CapiEngine:
    """Paddle-Lite for ARM behind the C ABI.

    Args:
        library: the shared library made of ``lite_capi.cc``.
        version: release it was built for; each opened model checks it against the library's word.
        threads: of each predictor.
        power: one of :data:`lite_runner.releases.settings.POWER_MODES`.
        known: what models, by resolved path, can do. Nothing is taken for
            granted: on v2.9 the quantised detector of V2.0 reads garbage after a change of shape,
            and the quantised recogniser of V1.1 ends the process when given two lines at once.

    Raises:
        EngineError: the library cannot be loaded.
    """

    arch = "arm"
    needs_probing = True
    #: A line's probabilities take up to 4 MB, and boards have little memory.
    batch = 1

    def __init__(
        self,
        library: Path | str,
        version: str,
        threads: int = 1,
        power: str = "high",
        known: Mapping[Path, Capabilities] | None = None,
    ) -> None:
        self._library = Library(Path(library))
        self.version = version
        self._known = dict(known or {})
        self._path, self._threads, self._power = str(library), threads, power
        self._settings = (threads, POWER_MODES[power])

    @property
    def arguments(self) -> EngineArguments:
        return {
            "library": self._path,
            "threads": self._threads,
            "power": self._power,
            "version": self.version,
        }

    def capabilities(self, model: Path) -> Capabilities:
        return self._known.get(model.resolve(), Capabilities())

    def with_capabilities(self, known: Mapping[Path, Capabilities]) -> CapiEngine:
        return CapiEngine(self._path, self.version, self._threads, self._power, known)

    def single_threaded(self) -> CapiEngine:
        # In the other modes each model would bind its caller to the same first core.
        return CapiEngine(self._path, self.version, 1, "unbound", self._known)

    def open(self, model: Path | bytes) -> Predictor:
        """Load a ``.nb`` file, or its content."""
        handle = c_void_p()
        name = "model" if isinstance(model, bytes) else str(model)
        try:
            if isinstance(model, bytes):
                source: tuple[object, ...] = (model, len(model))
                self._library.call("lite_open_memory", *source, *self._settings, byref(handle))
            else:
                source = (str(model).encode(),)
                self._library.call("lite_open_file", *source, *self._settings, byref(handle))
        except EngineError as error:
            raise EngineError(f"{name}: Paddle-Lite cannot load it: {error}") from error
        opened = CapiPredictor(self._library, handle, name)
        # The library adds its commit after a blank or a bracket.
        versions = opened.version.replace("(", " ").split()
        if self.version not in versions:
            opened.close()
            raise EngineError(
                f"{name}: expected Paddle-Lite {self.version}, the library says"
                f" {' '.join(versions) or 'nothing'}; deploy again"
            )
        return opened


def _view(
    address: int | None, dtype: type[np.generic], shape: tuple[int, ...], owner: _Handle | None
) -> AnyArray:
    """Memory of the library as an array, without a copy; it keeps its owner."""
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    if address is None or size == 0:
        return np.empty(shape, dtype)
    memory: Any = (ctypes.c_char * size).from_address(address)
    memory.owner = owner
    return np.frombuffer(memory, dtype).reshape(shape)
