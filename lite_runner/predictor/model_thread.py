"""One reader's models, used from several threads: a call at a time, all run by one thread.

Paddle-Lite allocates the workspace of its kernels in thread-local memory when a model is opened or
its input changes shape (lite/core/device_info.cc, ``DeviceInfo::ExtendWorkspace``). A model that
another thread runs would write to a workspace that was never allocated, so a lock is not enough.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, TypeVar

from lite_runner.errors import ClosedError

Result = TypeVar("Result")


class ModelThread:
    """Runs calls one after the other, all in one thread.

    That is the thread of the first call for as long as it is the only caller: a program with one
    thread gets no second one. When another thread calls, the models are closed, and from then on a
    thread of this object's own opens and runs them.

    Args:
        free_models: closes all models; the next call opens them again.
    """

    def __init__(self, free_models: Callable[[], None]) -> None:
        self._free_models = free_models
        self._lock = threading.Lock()
        # Thread-local instead of an identifier, which the system gives to later threads again.
        self._caller = threading.local()
        self._has_caller = False
        self._executor: ThreadPoolExecutor | None = None
        self._closed = False

    def run(self, call: Callable[[], Result]) -> Result:
        """Run a call when those before it have ended.

        Raises:
            ClosedError: it is closed.
        """
        with self._lock:
            self.check_open()
            if self._executor is None and self._is_first_caller():
                return call()
            return self._own_thread().submit(call).result()

    def check_open(self) -> None:
        """Refuse to go on where it is closed.

        Raises:
            ClosedError: it is.
        """
        if self._closed:
            raise ClosedError()

    def close(self) -> None:
        """Free the models when the calls before have ended; further calls do nothing."""
        with self._lock:
            if not self._closed:
                self._closed = True
                if self._executor is not None:
                    self._executor.shutdown()
                self._free_models()

    def _is_first_caller(self) -> bool:
        """Whether this thread was the first to call; it is if there was none before."""
        if not self._has_caller:
            self._has_caller = self._caller.is_first = True
        return getattr(self._caller, "is_first", False)

    def _own_thread(self) -> ThreadPoolExecutor:
        if self._executor is None:
            self._free_models()
            self._executor = ThreadPoolExecutor(1, "models")
        return self._executor
