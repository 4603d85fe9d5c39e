"""Readers side by side: for servers with more cores than one picture keeps busy."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Callable, TypeVar

from lite_runner.errors import ClosedError, UsageError
from lite_runner.ocr.options import Options
from lite_runner.ocr.page import Page
from lite_runner.ocr.pipeline import Ocr
from lite_runner.pack import Pack
from lite_runner.pictures.image import Source
from lite_runner.predictor import affinity
from lite_runner.predictor.protocol import Engine

Result = TypeVar("Result")


class ReaderPool:
    """Several readers of one pack, each in a thread of its own; may be used from any thread.

    ``with ReaderPool() as readers: page = readers.read("sign.jpg")``. A call takes a reader that is
    free, or waits for one. Files of the pack are checked once; each reader has models of its own,
    which take memory for each. Of more than one reader, each runs its models with one thread.

    Args:
        source, engine, options: as for :class:`lite_runner.Ocr`; lines are read by one worker where
            there are several readers.
        size: how many readers, at most as many as there are cores; one for each fast core if None.

    Raises:
        PackError, EngineError: as for :class:`lite_runner.Ocr`.
        UsageError: ``size`` is less than 1, or there are fewer cores.
    """

    def __init__(
        self,
        source: str | Path | Pack | None = None,
        engine: Engine | None = None,
        options: Options | None = None,
        size: int | None = None,
    ) -> None:
        affinity.check("ReaderPool of size", size)
        if size is not None and size < 1:
            raise UsageError(f"ReaderPool of size {size}: expected at least 1 reader")
        self.size = len(affinity.fast()) if size is None else size
        chosen = options or Options()
        chosen = replace(chosen, workers=1) if self.size > 1 else chosen
        first = Ocr(source, engine, chosen)
        engine = first.engine if self.size == 1 else first.engine.single_threaded()
        self._readers = [Ocr(first.pack, engine, chosen) for _ in range(self.size)]
        self._unassigned = list(self._readers)
        self._of_thread = threading.local()
        self._executor = ThreadPoolExecutor(self.size, "reader", self._start_thread)
        #: Held while all threads are waited for.
        self._lock = threading.Lock()
        self._closed = False

    def read(self, source: Source, page: int = 1) -> Page:
        """Read one picture; see :meth:`lite_runner.Ocr.read`.

        Raises:
            ImageError: the picture cannot be read.
            EngineError: the library failed.
            ClosedError: the pool is closed.
        """
        future = self._submit(lambda: self._reader().read(source, page=page))
        try:
            return future.result()
        finally:
            future.cancel()  # after an interruption nobody waits for it any more

    def warm(self) -> None:
        """Open all models of all readers now.

        Raises:
            EngineError: one cannot be loaded.
            ClosedError: the pool is closed.
        """
        together = threading.Barrier(self.size)

        def warm() -> None:
            try:
                self._reader().warm()
            finally:
                together.wait()  # otherwise one thread could warm its reader twice

        with self._lock:
            for future in [self._submit(warm) for _ in self._readers]:
                future.result()

    def close(self) -> None:
        """Free all models when the pictures before are read; may be called again."""
        with self._lock:
            self._closed = True
            self._executor.shutdown()
            for reader in self._readers:
                reader.close()

    def __enter__(self) -> ReaderPool:
        if self._closed:
            raise ClosedError()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _submit(self, call: Callable[[], Result]) -> Future[Result]:
        try:
            return self._executor.submit(call)
        except RuntimeError as error:
            raise ClosedError() from error

    def _start_thread(self) -> None:
        if self.size > 1:
            affinity.stay_on_fast()
        self._of_thread.reader = self._unassigned.pop()

    def _reader(self) -> Ocr:
        reader: Ocr = self._of_thread.reader
        return reader
