"""Models side by side: each in a thread of its own, so that a page's lines are read in parallel."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Callable, Iterable, TypeVar

from lite_runner.errors import EngineError
from lite_runner.predictor import affinity
from lite_runner.predictor.protocol import Engine
from lite_runner.predictor.shape_cache import ShapeCache

Item = TypeVar("Item")
Result = TypeVar("Result")


class WorkerPool:
    """One model, opened once for each of some workers.

    With one worker the caller's own thread does the work, and the model has the engine's threads.
    With more, each is a thread on a fast core with a model of one thread. Paddle-Lite keeps its
    workspace by thread, so a model is opened and run by one and the same.

    Args:
        engine: opens the model.
        model: the ``.nb`` file.
        workers: how many, at least 1.
    """

    def __init__(self, engine: Engine, model: Path, workers: int = 1) -> None:
        self._engine = engine if workers == 1 else engine.single_threaded()
        self._model = model
        self._workers = workers
        self._caches: list[ShapeCache] = []
        self._of_thread = threading.local()
        self._threads = (
            ThreadPoolExecutor(workers, "reader", initializer=affinity.stay_on_fast)
            if workers > 1
            else None
        )

    def warm(self) -> None:
        """Open every worker's model before there is anything to run."""
        if self._threads is None:
            self._cache().warm()
            return
        together = threading.Barrier(self._workers)

        def warm(models: ShapeCache, _: int) -> None:
            try:
                models.warm()
            finally:
                together.wait()  # or one worker would be asked twice

        self.map(warm, range(self._workers))

    def map(
        self, work: Callable[[ShapeCache, Item], Result], items: Iterable[Item]
    ) -> list[Result]:
        """Do ``work`` on each item with a worker's model; results in the order of the items.

        Raises:
            EngineError: whatever ``work`` raised first; what was begun is finished before. Or the
                pool is closed.
        """
        if self._threads is None:
            return [work(self._cache(), item) for item in items]
        try:
            futures = [self._threads.submit(self._do, work, item) for item in items]
        except RuntimeError as error:
            raise EngineError(f"{self._model}: already closed; open a new reader") from error
        try:
            return [future.result() for future in futures]
        finally:
            for future in futures:
                future.cancel()
            wait(futures)

    def close(self) -> None:
        """Close every open model; may be called again."""
        if self._threads is not None:
            self._threads.shutdown()
        self.free()

    def free(self) -> None:
        """Close every open model while there is no work; the next work opens them again."""
        for models in self._caches:
            models.close()

    def _do(self, work: Callable[[ShapeCache, Item], Result], item: Item) -> Result:
        return work(self._cache(), item)

    def _cache(self) -> ShapeCache:
        models: ShapeCache | None = getattr(self._of_thread, "models", None)
        if models is None:
            models = self._of_thread.models = ShapeCache(self._engine, self._model)
            self._caches.append(models)
        return models
