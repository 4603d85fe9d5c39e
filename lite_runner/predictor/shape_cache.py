"""Open models by input shape, for engines whose models must not change shape once they have run."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Callable

from lite_runner.arrays import Floats
from lite_runner.predictor.protocol import Engine, Output, Predictor


class ShapeCache:
    """Runs one model on inputs of any shape.

    Where the engine cannot reshape, a model is opened anew for each input shape and the last
    ``capacity`` shapes stay open. Opening PP-OCRv4's detector again costs 7 ms on x86, of some 200
    for a run, and one that is open holds 460 MB there, so few are kept.

    Args:
        engine: opens the model.
        model: the ``.nb`` file.
        capacity: shapes kept open, at least 1.
    """

    def __init__(self, engine: Engine, model: Path, capacity: int = 1) -> None:
        self._engine = engine
        self._model = model
        self._reshapes = engine.capabilities(model).supports_reshape
        self._capacity = max(1, capacity)
        self._open: OrderedDict[tuple[int, ...], Predictor] = OrderedDict()
        self._fresh: Predictor | None = None

    def warm(self) -> None:
        """Open the model, if it is not, before there is anything to run."""
        if not self._open and self._fresh is None:
            self._fresh = self._engine.open(self._model)

    def run(self, shape: tuple[int, ...], fill: Callable[[Floats], None]) -> list[Output]:
        """Run on a batch that is written straight into the model's memory.

        Args:
            shape: of the batch, NCHW.
            fill: writes all of it.

        Returns:
            As :meth:`lite_runner.predictor.protocol.Predictor.run`.
        """
        key: tuple[int, ...] = () if self._reshapes else shape
        predictor = self._open.pop(key, None)
        if predictor is None and self._fresh is not None:
            # It has not run yet: any shape may be its first.
            predictor, self._fresh = self._fresh, None
        if predictor is None:
            # Room is made first: the new model then reuses the old one's memory.
            while len(self._open) >= self._capacity:
                self._open.popitem(last=False)[1].close()
            predictor = self._engine.open(self._model)
        self._open[key] = predictor
        fill(predictor.input(shape))
        return predictor.run()

    def close(self) -> None:
        """Close every open model; may be called again."""
        if self._fresh is not None:
            self._fresh.close()
            self._fresh = None
        while self._open:
            self._open.popitem()[1].close()
