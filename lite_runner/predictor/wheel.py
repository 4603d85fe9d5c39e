"""The x86 engine: Paddle-Lite's own Python wheel."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import Any, Mapping

import numpy as np

from lite_runner.arrays import Floats
from lite_runner.errors import EngineError
from lite_runner.predictor import Freedom, Output, Predictor


class WheelEngine:
    """Paddle-Lite from the ``paddlelite`` package.

    Args:
        threads: for matrix products; one if None, as the library itself has it.

    Raises:
        EngineError: the package is missing, or not made for this interpreter or numpy.
    """

    arch = "x86"
    untried = False

    def __init__(self, threads: int | None = None) -> None:
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

    @property
    def arguments(self) -> dict[str, Any]:
        return {"threads": self._threads}

    def freedom(self, model: Path) -> Freedom:
        # The 3x3, 5x5 and 7x7 convolutions of the wheel are compiled at a model's first run for
        # that run's input shape (DirectConv in lite/kernels/x86); another writes out of bounds.
        return Freedom(reshapes=False, batches=True)

    def knowing(self, found: Mapping[Path, Freedom]) -> WheelEngine:
        return self

    def alone(self) -> WheelEngine:
        return WheelEngine(1)

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
        if self._threads is not None:
            self._set_threads(self._threads)
        return _WheelPredictor(handle, model)

    def _set_threads(self, threads: int) -> None:
        """Tell the library's own MKL: making a predictor set it to one (light_api_impl.cc)."""
        folder = Path(self._lite.__file__).parent / "libs"
        # Loaded long ago by the wheel: this is the same library, not a second one.
        ctypes.CDLL(str(folder / "libmklml_intel.so")).MKL_Set_Num_Threads(threads)


class _WheelPredictor:
    def __init__(self, handle: Any, model: Path) -> None:
        self._handle: Any = handle
        self._model = model

    def run(self, batch: Floats) -> list[Output]:
        if self._handle is None:
            raise EngineError(f"{self._model}: already closed; open it again")
        try:
            self._handle.get_input(0).from_numpy(np.ascontiguousarray(batch, np.float32))
            self._handle.run()
            outputs = []
            for index in range(len(self._handle.get_output_names())):
                tensor = self._handle.get_output(index)
                lod = tuple(tuple(map(int, level)) for level in tensor.lod())
                # numpy() is a view of memory that the next run overwrites.
                outputs.append(Output(np.array(tensor.numpy()), lod))
        except RuntimeError as error:
            raise EngineError(f"{self._model}: Paddle-Lite failed: {error}") from error
        return outputs

    def close(self) -> None:
        self._handle = None
