"""The inference library behind one small protocol: the pipeline never knows which one runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Protocol, TypedDict

import numpy as np

from lite_runner.arrays import AnyArray, Floats


@dataclass(frozen=True)
class Output:
    """One output tensor.

    Attributes:
        data: the library's own memory, which the next run of the same predictor writes to; a model
            that is closed stays in memory for as long as somebody looks at it.
        lod: its level-of-detail (LoD) offsets, if any.
    """

    data: AnyArray
    lod: tuple[tuple[int, ...], ...] = ()


class Predictor(Protocol):
    """One loaded model. Not for use from two threads at once."""

    def input(self, shape: tuple[int, ...]) -> Floats:
        """The library's own float32 memory for a batch of a shape (NCHW), to be filled for a run.

        What is in it is undefined. It is valid until the next call.

        Raises:
            EngineError: the library refuses the shape.
        """

    def run(self) -> list[Output]:
        """Run on what :meth:`input` was filled with; the outputs are to be read before the next.

        Raises:
            EngineError: the library refused the input or failed.
        """

    def close(self) -> None:
        """Free the model; further calls do nothing."""


def run(predictor: Predictor, batch: Floats) -> list[Output]:
    """Run on a batch that exists already, which costs a copy."""
    np.copyto(predictor.input(batch.shape), batch)
    return predictor.run()


@dataclass(frozen=True)
class Capabilities:
    """What one model can do on one engine and stay right, as probing has shown.

    Attributes:
        supports_reshape: inputs of another shape after it has run; otherwise it is opened anew for
            each.
        supports_batch: several lines at once.
    """

    supports_reshape: bool = False
    supports_batch: bool = False


class EngineArguments(TypedDict, total=False):
    """What makes an engine; those that an engine does not take are left out.

    Attributes:
        threads: of each predictor; the library's own number if None.
        library: path of the C ABI over Paddle-Lite's library.
        version: release of that library.
        power: Paddle-Lite's power mode.
    """

    threads: int | None
    library: str
    version: str
    power: str


class Engine(Protocol):
    """A Paddle-Lite library that opens models."""

    @property
    def version(self) -> str:
        """Release of the library, as ``opt`` writes it into models: ``v2.13-rc``."""

    @property
    def arch(self) -> str:
        """What models must be optimised for: ``x86`` or ``arm``."""

    @property
    def arguments(self) -> EngineArguments:
        """What makes the same engine once more, in another process; fit for JSON."""

    @property
    def needs_probing(self) -> bool:
        """Whether only probing tells what a model can do (:mod:`lite_runner.capabilities`)."""

    @property
    def batch(self) -> int:
        """How many lines a recogniser is best given at once, where it may be given several."""

    def capabilities(self, model: Path) -> Capabilities:
        """What a model can do."""

    def with_capabilities(self, known: Mapping[Path, Capabilities]) -> Engine:
        """The same engine that knows what models, by their resolved paths, can do."""

    def single_threaded(self) -> Engine:
        """The same engine for models that run side by side: one thread each, bound to no core."""

    def open(self, model: Path) -> Predictor:
        """Load a ``.nb`` file.

        Raises:
            EngineError: the file cannot be loaded.
        """
