"""Work that several threads want done, done once."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any, Callable, Hashable, TypeVar

T = TypeVar("T")


class SingleFlight:
    """Results by keys: who asks first does the work, the others wait for what comes of it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._results: dict[Hashable, Future[Any]] = {}

    def __call__(self, key: Hashable, work: Callable[[], T]) -> T:
        """The result of the first ``work`` given for a key; or its error, for everybody."""
        with self._lock:
            first = key not in self._results
            result: Future[T] = self._results.setdefault(key, Future())
        if first:
            try:
                result.set_result(work())
            except BaseException as error:
                result.set_exception(error)
        return result.result()
